"""The wall itself: which rows of which table a transaction sees, as PostgreSQL's row-level security.

A row is seen by its person; by who may see people over an agency in which that person has, or had, a place (their
certificates: only what that agency sees, `certification.seeing`); by whoever shares a team with them (name and
certificates, nothing of their learning); and by who may everywhere. Sets are computed
by functions that the tables' owner owns, so that a policy never asks through itself; a statement calls each once for a
table that it reads, and only where a row is neither one's own nor everybody's.

The migrations hold frozen copies of this text; a test compares what they build with what this builds.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

MODE = "current_setting('lms.mode', true)"
VIEWER = "nullif(current_setting('lms.viewer', true), '')::bigint"
PEOPLE = "current_setting('lms.people', true)"
TEAMS = "current_setting('lms.teams', true)"

SYSTEM = f"(SELECT {MODE} = 'system')"
OPEN = f"(SELECT {MODE} = 'system' OR {PEOPLE} = '*')"
TEAMS_OPEN = f"(SELECT {MODE} = 'system' OR {TEAMS} = '*')"
VERIFYING = f"(SELECT {MODE} = 'verification')"
ME = f"(SELECT {VIEWER})"

FUNCTIONS = {
    # Agencies over which the viewer may see people.
    "lms_wall_agencies": f"""
        SELECT array_agg(a.id) FROM lms_agencies a
        JOIN unnest(string_to_array({PEOPLE}, ' ')) AS scope (path) ON starts_with(a.path, scope.path)""",
    # People with a present or past place there.
    "lms_wall_people": """
        SELECT array_agg(m.user_id) FROM lms_memberships m
        WHERE m.agency_id IN (SELECT unnest(lms_wall_agencies()))""",
    # Certificates that were completed on days of a place there, or that are shared with a present one; and, of people
    # who are there, those of what is assigned, since whether that is done does not depend on where it was earned. Which
    # day it is differs by the site's zone: one more on either side here, the query layer is exact.
    "lms_wall_certificates": """
        SELECT array_agg(seen.id) FROM (
            SELECT c.id FROM lms_certificates c JOIN lms_memberships m ON m.user_id = c.user_id
            WHERE m.agency_id IN (SELECT unnest(lms_wall_agencies()))
            AND c.completed_on >= m.started_on AND (m.ended_on IS NULL OR c.completed_on < m.ended_on)
            UNION SELECT c.id FROM lms_record_shares s
            JOIN lms_certificates c
            ON c.user_id = s.user_id AND (s.certificate_id IS NULL OR s.certificate_id = c.id)
            JOIN lms_memberships m ON m.user_id = s.user_id AND m.agency_id = s.agency_id
            WHERE s.agency_id IN (SELECT unnest(lms_wall_agencies())) AND s.ended_at IS NULL
            AND m.started_on <= CURRENT_DATE + 1 AND (m.ended_on IS NULL OR m.ended_on > CURRENT_DATE - 1)
            UNION SELECT c.id FROM lms_certificates c JOIN lms_memberships m ON m.user_id = c.user_id
            WHERE m.agency_id IN (SELECT unnest(lms_wall_agencies()))
            AND m.started_on <= CURRENT_DATE + 1 AND (m.ended_on IS NULL OR m.ended_on > CURRENT_DATE - 1)
            AND (c.course_id IN (SELECT a.course_id FROM lms_assignments a WHERE a.ended_at IS NULL)
            OR c.certification_id IN (SELECT a.certification_id FROM lms_assignments a WHERE a.ended_at IS NULL))
        ) AS seen""",
    # Teams that the viewer sits in, coordinates, or leads by their agency.
    "lms_wall_teams": f"""
        SELECT array_agg(team.id) FROM (
            SELECT m.cohort_id AS id FROM lms_cohort_members m WHERE m.user_id = {VIEWER} AND m.left_at IS NULL
            UNION SELECT c.id FROM lms_cohorts c WHERE c.coordinator_id = {VIEWER} OR {TEAMS} = '*'
            UNION SELECT c.id FROM lms_cohorts c JOIN lms_agencies a ON a.id = c.agency_id
            JOIN unnest(string_to_array({TEAMS}, ' ')) AS scope (path) ON starts_with(a.path, scope.path)
        ) AS team""",
    # Whoever is named on the boards of these teams: members, those who left, coordinators, who attested a milestone.
    "lms_wall_team_people": """
        WITH team AS MATERIALIZED (SELECT unnest(lms_wall_teams()) AS id)
        SELECT array_agg(named.id) FROM (
            SELECT m.user_id AS id FROM lms_cohort_members m WHERE m.cohort_id IN (SELECT team.id FROM team)
            UNION SELECT c.coordinator_id FROM lms_cohorts c WHERE c.id IN (SELECT team.id FROM team)
            UNION SELECT s.met_by_id FROM lms_milestones s
            WHERE s.cohort_id IN (SELECT team.id FROM team) AND s.met_by_id IS NOT NULL
        ) AS named""",
}
"""Sets of ids, as arrays: PostgreSQL hands one over at once, a set of rows it hands over row by row."""


def _in(column: str, function: str) -> str:
    return f"{column} IN (SELECT unnest((SELECT {function}())))"


def _of_person(column: str) -> str:
    return f"{OPEN} OR {column} = {ME} OR {_in(column, 'lms_wall_people')}"


def _of_parent(table: str, column: str) -> str:
    """Seen where the row that it hangs on is seen: PostgreSQL applies that table's own policy in the subquery.

    A value and no EXISTS: of that the planner would make a hash of the whole parent table (33 ms instead of 1).
    """
    return f"{OPEN} OR (SELECT true FROM {table} parent WHERE parent.id = {column})"


def _of_team(column: str) -> str:
    return f"{TEAMS_OPEN} OR {_in(column, 'lms_wall_teams')}"


IN_AGENCY = _in("agency_id", "lms_wall_agencies")
"""Before the people of these agencies: it is a much smaller set, and settles most rows alone."""

POLICIES = {
    "lms_users": f"{_of_person('id')} OR {_in('id', 'lms_wall_team_people')}",
    "lms_external_identities": f"{SYSTEM} OR user_id = {ME}",
    "lms_memberships": f"{OPEN} OR user_id = {ME} OR {IN_AGENCY} OR {_in('user_id', 'lms_wall_people')}",
    "lms_licenses": _of_person("user_id"),
    "lms_role_grants": _of_person("user_id"),
    "lms_user_sessions": f"{SYSTEM} OR user_id = {ME}",
    "lms_password_resets": SYSTEM,
    "lms_authenticator_apps": f"{SYSTEM} OR user_id = {ME}",
    "lms_passkeys": f"{SYSTEM} OR user_id = {ME}",
    "lms_recovery_codes": f"{SYSTEM} OR user_id = {ME}",
    "lms_sign_in_tickets": SYSTEM,
    "lms_merges": _of_person("kept_id"),
    # What was changed row by row; only undoing reads it, in a transaction that writes.
    "lms_merge_moves": SYSTEM,
    "lms_erasures": _of_person("user_id"),
    "lms_policy_acceptances": f"{SYSTEM} OR user_id = {ME}",
    "lms_invitations": f"{OPEN} OR {IN_AGENCY}",
    # Who is on the way from a provider, before anybody is signed in.
    "lms_provider_sign_ins": SYSTEM,
    "lms_join_requests": f"{OPEN} OR user_id = {ME} OR {IN_AGENCY}",
    "lms_provisioned_people": f"{OPEN} OR user_id = {ME} OR {IN_AGENCY}",
    "lms_audit_events": f"{OPEN} OR actor_id = {ME} OR {IN_AGENCY}",
    # Its payload holds addresses and links; only who may everywhere looks after it.
    "lms_outbox_messages": OPEN,
    "lms_staff_records": _of_person("user_id"),
    "lms_imports": f"{OPEN} OR {IN_AGENCY}",
    "lms_import_rows": _of_parent("lms_imports", "import_id"),
    "lms_import_changes": _of_parent("lms_imports", "import_id"),
    "lms_enrollments": _of_person("user_id"),
    "lms_assigned_people": _of_person("user_id"),
    "lms_assignment_exceptions": _of_person("user_id"),
    "lms_extension_requests": _of_person("user_id"),
    "lms_notice_preferences": f"{SYSTEM} OR user_id = {ME}",
    "lms_module_progress": _of_parent("lms_enrollments", "enrollment_id"),
    # One's own; a team sees counts of it, which the program takes.
    "lms_story_plays": (
        f"{SYSTEM} OR (SELECT true FROM lms_enrollments own WHERE own.id = enrollment_id AND own.user_id = {ME})"
    ),
    "lms_attempts": _of_parent("lms_enrollments", "enrollment_id"),
    "lms_responses": _of_parent("lms_attempts", "attempt_id"),
    "lms_marked_answers": _of_parent("lms_attempts", "attempt_id"),
    "lms_certificates": (
        f"{OPEN} OR {VERIFYING} OR user_id = {ME} OR {IN_AGENCY}"
        f" OR {_in('id', 'lms_wall_certificates')} OR {_in('user_id', 'lms_wall_team_people')}"
        " OR (user_id IS NULL AND"
        " (SELECT true FROM lms_team_awards award WHERE award.cohort_id = lms_certificates.team_cohort_id"
        " AND award.cycle = lms_certificates.cycle))"
    ),
    "lms_credit_lines": _of_parent("lms_certificates", "certificate_id"),
    "lms_evidence": _of_parent("lms_certificates", "certificate_id"),
    "lms_issued_documents": _of_parent("lms_certificates", "certificate_id"),
    "lms_external_trainings": _of_person("user_id"),
    "lms_certificate_changes": _of_parent("lms_certificates", "certificate_id"),
    # Its records are people's; the entry itself names only who typed.
    "lms_training_entries": f"{OPEN} OR entered_by_id = {ME}",
    # Long work is its asker's alone: what comes of it may hold whole lists of people.
    "lms_batches": f"{SYSTEM} OR asked_by_id = {ME}",
    "lms_share_links": (
        f"{SYSTEM} OR {VERIFYING} OR (SELECT true FROM lms_certificates own WHERE own.id = certificate_id"
        f" AND own.user_id = {ME})"
    ),
    "lms_badges": f"{VERIFYING} OR {_of_parent('lms_certificates', 'certificate_id')}",
    "lms_record_shares": f"{OPEN} OR user_id = {ME} OR {IN_AGENCY}",
    "lms_join_codes": f"{OPEN} OR {IN_AGENCY}",
    "lms_cohorts": _of_team("id"),
    "lms_seats": _of_team("cohort_id"),
    "lms_cohort_members": f"{_of_team('cohort_id')} OR user_id = {ME} OR {_in('user_id', 'lms_wall_people')}",
    "lms_cohort_invitations": _of_team("cohort_id"),
    "lms_milestones": _of_team("cohort_id"),
    "lms_team_reports": _of_team("cohort_id"),
    "lms_team_actions": f"{SYSTEM} OR (SELECT true FROM lms_team_reports parent WHERE parent.id = report_id)",
    # One's own; the coordinator reads texts and counts of it, which the program takes.
    "lms_given_parts": f"{SYSTEM} OR user_id = {ME}",
    "lms_team_awards": _of_team("cohort_id"),
}
"""What of each table is seen. Reading transactions cannot write, and writing ones see everything, so one condition
serves for all commands."""

WITHOUT = {
    "lms_audit_links": "hashes and numbers of events; who did what is in the events alone",
    "lms_audit_waiting": "numbers of events that wait for their seal",
    "lms_assignments": "a rule of an agency; names only who made and who ended it",
    "lms_certification_versions": "names only who changed a rule; every rule is public",
    "lms_credit_approvals": "names only who entered it; what a board approved is public",
    "lms_approved_lines": "lines of an approval; hang on it alone",
    "lms_course_versions": "names only who published a course; every version is public",
    "lms_version_files": "files of a published version; hangs on it alone",
}
"""Tables from which foreign keys lead to a person and that need no policy, each with its reason."""


def wall_statements() -> list[str]:
    """The statements that raise the wall over tables that have none yet, for the tables' owner to run."""
    statements = []
    for name, body in FUNCTIONS.items():
        statements.append(
            f"CREATE FUNCTION {name}() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE"
            f"\nBEGIN ATOMIC{body};\nEND"
        )
        # Whoever may call it learns ids; the application's role is given it by name.
        statements.append(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
    for table, condition in POLICIES.items():
        statements.append(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        statements.append(f"CREATE POLICY {table}_wall ON {table} USING ({condition})")
    return statements


def raise_wall(connection: Connection) -> None:
    """Raise the wall on PostgreSQL; elsewhere nothing. The caller commits."""
    if connection.dialect.name == "postgresql":
        for statement in wall_statements():
            connection.exec_driver_sql(statement)
