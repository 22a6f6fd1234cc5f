"""Every way to a person by an index: who is removed, put together or handed out is looked for in each of these."""

from __future__ import annotations

from alembic import op

revision = "20261129_person_ways"
down_revision = "20261129_agencies"
branch_labels = None
depends_on = None

WAYS = (
    ("lms_assignment_exceptions", "ended_by_id"),
    ("lms_assignment_exceptions", "given_by_id"),
    ("lms_assignments", "ended_by_id"),
    ("lms_assignments", "made_by_id"),
    ("lms_certificate_changes", "actor_id"),
    ("lms_certificate_changes", "decided_by_id"),
    ("lms_certificate_changes", "undone_by_id"),
    ("lms_certification_versions", "published_by_id"),
    ("lms_cohort_invitations", "created_by_id"),
    ("lms_course_versions", "published_by_id"),
    ("lms_credit_approvals", "entered_by_id"),
    ("lms_erasures", "decided_by_id"),
    ("lms_erasures", "stopped_by_id"),
    ("lms_extension_requests", "decided_by_id"),
    ("lms_external_trainings", "decided_by_id"),
    ("lms_external_trainings", "entered_by_id"),
    ("lms_imports", "asked_by_id"),
    ("lms_join_codes", "created_by_id"),
    ("lms_join_requests", "decided_by_id"),
    ("lms_merges", "merged_by_id"),
    ("lms_merges", "undone_by_id"),
    ("lms_milestones", "met_by_id"),
    ("lms_role_grants", "granted_by_id"),
    ("lms_training_entries", "undone_by_id"),
)


def upgrade() -> None:
    for table, column in WAYS:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in reversed(WAYS):
        op.drop_index(f"ix_{table}_{column}", table)
