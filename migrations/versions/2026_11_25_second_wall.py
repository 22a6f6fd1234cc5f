"""The second wall: row-level security over every table of people (PostgreSQL; SQLite has none)."""

from __future__ import annotations

from alembic import op

revision = "20261125c"
down_revision = "20261125a"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """CREATE FUNCTION lms_wall_agencies() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
BEGIN ATOMIC
        SELECT array_agg(a.id) FROM lms_agencies a
        JOIN unnest(string_to_array(current_setting('lms.people', true), ' ')) AS scope (path) ON starts_with(a.path, scope.path);
END""",
    """REVOKE ALL ON FUNCTION lms_wall_agencies() FROM PUBLIC""",
    """CREATE FUNCTION lms_wall_people() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
BEGIN ATOMIC
        SELECT array_agg(m.user_id) FROM lms_memberships m
        WHERE m.agency_id IN (SELECT unnest(lms_wall_agencies()));
END""",
    """REVOKE ALL ON FUNCTION lms_wall_people() FROM PUBLIC""",
    """CREATE FUNCTION lms_wall_teams() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
BEGIN ATOMIC
        SELECT array_agg(team.id) FROM (
            SELECT m.cohort_id AS id FROM lms_cohort_members m WHERE m.user_id = nullif(current_setting('lms.viewer', true), '')::bigint AND m.left_at IS NULL
            UNION SELECT c.id FROM lms_cohorts c WHERE c.coordinator_id = nullif(current_setting('lms.viewer', true), '')::bigint OR current_setting('lms.teams', true) = '*'
            UNION SELECT c.id FROM lms_cohorts c JOIN lms_agencies a ON a.id = c.agency_id
            JOIN unnest(string_to_array(current_setting('lms.teams', true), ' ')) AS scope (path) ON starts_with(a.path, scope.path)
        ) AS team;
END""",
    """REVOKE ALL ON FUNCTION lms_wall_teams() FROM PUBLIC""",
    """CREATE FUNCTION lms_wall_team_people() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
BEGIN ATOMIC
        WITH team AS MATERIALIZED (SELECT unnest(lms_wall_teams()) AS id)
        SELECT array_agg(named.id) FROM (
            SELECT m.user_id AS id FROM lms_cohort_members m WHERE m.cohort_id IN (SELECT team.id FROM team)
            UNION SELECT c.coordinator_id FROM lms_cohorts c WHERE c.id IN (SELECT team.id FROM team)
            UNION SELECT s.met_by_id FROM lms_milestones s
            WHERE s.cohort_id IN (SELECT team.id FROM team) AND s.met_by_id IS NOT NULL
        ) AS named;
END""",
    """REVOKE ALL ON FUNCTION lms_wall_team_people() FROM PUBLIC""",
    """ALTER TABLE lms_users ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_users_wall ON lms_users USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR id IN (SELECT unnest((SELECT lms_wall_people()))) OR id IN (SELECT unnest((SELECT lms_wall_team_people()))))""",
    """ALTER TABLE lms_external_identities ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_external_identities_wall ON lms_external_identities USING ((SELECT current_setting('lms.mode', true) = 'system') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
    """ALTER TABLE lms_memberships ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_memberships_wall ON lms_memberships USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_role_grants ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_role_grants_wall ON lms_role_grants USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_user_sessions ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_user_sessions_wall ON lms_user_sessions USING ((SELECT current_setting('lms.mode', true) = 'system') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
    """ALTER TABLE lms_password_resets ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_password_resets_wall ON lms_password_resets USING ((SELECT current_setting('lms.mode', true) = 'system'))""",
    """ALTER TABLE lms_invitations ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_invitations_wall ON lms_invitations USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))))""",
    """ALTER TABLE lms_audit_events ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_audit_events_wall ON lms_audit_events USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR actor_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))))""",
    """ALTER TABLE lms_outbox_messages ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_outbox_messages_wall ON lms_outbox_messages USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*'))""",
    """ALTER TABLE lms_enrollments ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_enrollments_wall ON lms_enrollments USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_module_progress ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_module_progress_wall ON lms_module_progress USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_enrollments parent WHERE parent.id = enrollment_id))""",
    """ALTER TABLE lms_attempts ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_attempts_wall ON lms_attempts USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_enrollments parent WHERE parent.id = enrollment_id))""",
    """ALTER TABLE lms_responses ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_responses_wall ON lms_responses USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_attempts parent WHERE parent.id = attempt_id))""",
    """ALTER TABLE lms_certificates ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_certificates_wall ON lms_certificates USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT current_setting('lms.mode', true) = 'verification') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))) OR user_id IN (SELECT unnest((SELECT lms_wall_team_people()))) OR (user_id IS NULL AND (SELECT true FROM lms_team_awards award WHERE award.certificate_id = lms_certificates.id)))""",
    """ALTER TABLE lms_evidence ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_evidence_wall ON lms_evidence USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_certificates parent WHERE parent.id = certificate_id))""",
    """ALTER TABLE lms_external_trainings ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_external_trainings_wall ON lms_external_trainings USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_batches ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_batches_wall ON lms_batches USING ((SELECT current_setting('lms.mode', true) = 'system') OR asked_by_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
    """ALTER TABLE lms_share_links ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_share_links_wall ON lms_share_links USING ((SELECT current_setting('lms.mode', true) = 'system') OR (SELECT current_setting('lms.mode', true) = 'verification') OR (SELECT true FROM lms_certificates own WHERE own.id = certificate_id AND own.user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint)))""",
    """ALTER TABLE lms_cohorts ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_cohorts_wall ON lms_cohorts USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
    """ALTER TABLE lms_seats ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_seats_wall ON lms_seats USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
    """ALTER TABLE lms_cohort_members ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_cohort_members_wall ON lms_cohort_members USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))) OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_cohort_invitations ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_cohort_invitations_wall ON lms_cohort_invitations USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
    """ALTER TABLE lms_milestones ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_milestones_wall ON lms_milestones USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
    """ALTER TABLE lms_team_awards ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_team_awards_wall ON lms_team_awards USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
)

TABLES = (
    "lms_users",
    "lms_external_identities",
    "lms_memberships",
    "lms_role_grants",
    "lms_user_sessions",
    "lms_password_resets",
    "lms_invitations",
    "lms_audit_events",
    "lms_outbox_messages",
    "lms_enrollments",
    "lms_module_progress",
    "lms_attempts",
    "lms_responses",
    "lms_certificates",
    "lms_evidence",
    "lms_external_trainings",
    "lms_batches",
    "lms_share_links",
    "lms_cohorts",
    "lms_seats",
    "lms_cohort_members",
    "lms_cohort_invitations",
    "lms_milestones",
    "lms_team_awards",
)

FUNCTIONS = (
    "lms_wall_team_people",
    "lms_wall_teams",
    "lms_wall_people",
    "lms_wall_agencies",
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"DROP POLICY {table}_wall ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
