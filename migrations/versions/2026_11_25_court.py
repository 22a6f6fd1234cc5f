"""A team's certificate names its award, and cannot be without one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_court"
down_revision = "20261125_changes"
branch_labels = None
depends_on = None

SEEN = """((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT current_setting('lms.mode', true) = 'verification') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))) OR user_id IN (SELECT unnest((SELECT lms_wall_team_people()))) OR (user_id IS NULL AND (SELECT true FROM lms_team_awards award WHERE award.cohort_id = lms_certificates.team_cohort_id AND award.cycle = lms_certificates.cycle)))"""
SEEN_BEFORE = """((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT current_setting('lms.mode', true) = 'verification') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))) OR user_id IN (SELECT unnest((SELECT lms_wall_team_people()))) OR (user_id IS NULL AND (SELECT true FROM lms_team_awards award WHERE award.certificate_id = lms_certificates.id)))"""


def upgrade() -> None:
    op.add_column(
        "lms_certificates",
        sa.Column("team_cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
    op.execute(
        "UPDATE lms_certificates SET team_cohort_id = (SELECT award.cohort_id FROM lms_team_awards AS award"
        " WHERE award.certificate_id = lms_certificates.id) WHERE kind = 'team'"
    )
    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_lms_certificates_team_names_its_cohort"), "(kind = 'team') = (team_cohort_id IS NOT NULL)"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_lms_certificates_id_team_cohort_id_cycle"), ["id", "team_cohort_id", "cycle"]
        )
        batch_op.create_index(
            "uq_lms_certificates_team_cycle",
            ["team_cohort_id", "cycle"],
            unique=True,
            sqlite_where=sa.text("kind = 'team' AND superseded_by_id IS NULL"),
            postgresql_where=sa.text("kind = 'team' AND superseded_by_id IS NULL"),
        )
        batch_op.create_foreign_key(
            "fk_lms_certificates_team_award",
            "lms_team_awards",
            ["team_cohort_id", "cycle"],
            ["cohort_id", "cycle"],
            deferrable=True,
            initially="DEFERRED",
        )
    with op.batch_alter_table("lms_team_awards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_team_awards_certificate_id"), type_="foreignkey")
        batch_op.create_foreign_key(
            "fk_lms_team_awards_own_certificate",
            "lms_certificates",
            ["certificate_id", "cohort_id", "cycle"],
            ["id", "team_cohort_id", "cycle"],
            ondelete="RESTRICT",
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER POLICY lms_certificates_wall ON lms_certificates USING {SEEN}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER POLICY lms_certificates_wall ON lms_certificates USING {SEEN_BEFORE}")
    with op.batch_alter_table("lms_team_awards", schema=None) as batch_op:
        batch_op.drop_constraint("fk_lms_team_awards_own_certificate", type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_team_awards_certificate_id"),
            "lms_certificates",
            ["certificate_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        batch_op.drop_constraint("fk_lms_certificates_team_award", type_="foreignkey")
        batch_op.drop_index(
            "uq_lms_certificates_team_cycle",
            sqlite_where=sa.text("kind = 'team' AND superseded_by_id IS NULL"),
            postgresql_where=sa.text("kind = 'team' AND superseded_by_id IS NULL"),
        )
        batch_op.drop_constraint(batch_op.f("uq_lms_certificates_id_team_cohort_id_cycle"), type_="unique")
        batch_op.drop_constraint(batch_op.f("ck_lms_certificates_team_names_its_cohort"), type_="check")
        batch_op.drop_column("team_cohort_id")
