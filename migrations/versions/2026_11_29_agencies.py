"""Outside ids and former names of agencies, what people share with them, codes to join beside work addresses, licenses
found by number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_agencies"
down_revision = "20261129_assign"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
WALL = (
    """CREATE FUNCTION lms_wall_certificates() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
BEGIN ATOMIC
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
        ) AS seen;
END""",
    """REVOKE ALL ON FUNCTION lms_wall_certificates() FROM PUBLIC""",
    """ALTER TABLE lms_record_shares ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_record_shares_wall ON lms_record_shares USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))))""",
    """ALTER TABLE lms_join_codes ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_join_codes_wall ON lms_join_codes USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))))""",
    """ALTER POLICY lms_certificates_wall ON lms_certificates USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT current_setting('lms.mode', true) = 'verification') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR id IN (SELECT unnest((SELECT lms_wall_certificates()))) OR user_id IN (SELECT unnest((SELECT lms_wall_team_people()))) OR (user_id IS NULL AND (SELECT true FROM lms_team_awards award WHERE award.cohort_id = lms_certificates.team_cohort_id AND award.cycle = lms_certificates.cycle)))""",
)
SEEN_BEFORE = """(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT current_setting('lms.mode', true) = 'verification') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies()))) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))) OR user_id IN (SELECT unnest((SELECT lms_wall_team_people()))) OR (user_id IS NULL AND (SELECT true FROM lms_team_awards award WHERE award.cohort_id = lms_certificates.team_cohort_id AND award.cycle = lms_certificates.cycle))"""


def upgrade() -> None:
    op.create_table(
        "lms_agency_numbers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("is_in_use", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('state', 'other')) = (label <> '')", name=op.f("ck_lms_agency_numbers_label_says_whose")
        ),
        sa.CheckConstraint(
            "kind IN ('nces-district', 'nces-school', 'ccn', 'npi', 'state', 'other')",
            name=op.f("ck_lms_agency_numbers_kind_is_known"),
        ),
        sa.CheckConstraint("ended_on IS NULL OR NOT is_in_use", name=op.f("ck_lms_agency_numbers_ended_is_not_in_use")),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= started_on", name=op.f("ck_lms_agency_numbers_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_agency_numbers_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_agency_numbers")),
    )
    with op.batch_alter_table("lms_agency_numbers", schema=None) as batch_op:
        batch_op.create_index("ix_lms_agency_numbers_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_lms_agency_numbers_value", ["value"], unique=False)
        batch_op.create_index(
            "uq_lms_agency_numbers_in_use",
            ["kind", "label", "value"],
            unique=True,
            sqlite_where=sa.text("is_in_use"),
            postgresql_where=sa.text("is_in_use"),
        )

    op.create_table(
        "lms_former_agencies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parent_name", sa.String(length=200), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_at >= from_at", name=op.f("ck_lms_former_agencies_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_former_agencies_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["lms_agencies.id"], name=op.f("fk_lms_former_agencies_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_former_agencies")),
    )
    with op.batch_alter_table("lms_former_agencies", schema=None) as batch_op:
        batch_op.create_index("ix_lms_former_agencies_agency_id", ["agency_id", "until_at"], unique=False)

    op.create_table(
        "lms_join_codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("discipline", sa.String(length=32), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("most_uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "discipline IN ('schools', 'healthcare', 'law-enforcement', 'victim-services', 'child-welfare', 'juvenile-justice', 'prosecution', 'behavioral-health', 'housing', 'emergency-services', 'other')",
            name=op.f("ck_lms_join_codes_discipline_is_known"),
        ),
        sa.CheckConstraint(
            "most_uses > 0 AND uses >= 0 AND uses <= most_uses", name=op.f("ck_lms_join_codes_uses_are_within_bounds")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_join_codes_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["lms_users.id"], name=op.f("fk_lms_join_codes_created_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_join_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_lms_join_codes_code_hash")),
    )
    with op.batch_alter_table("lms_join_codes", schema=None) as batch_op:
        batch_op.create_index("ix_lms_join_codes_agency_id", ["agency_id"], unique=False)

    # Requests by a work address were there; those by a code join them.
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("code_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        )
        batch_op.add_column(sa.Column("state", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=True))
    op.execute(
        "UPDATE lms_join_requests SET state = CASE WHEN decided_at IS NULL THEN 'waiting'"
        " WHEN is_approved THEN 'approved' ELSE 'refused' END,"
        " reason = CASE WHEN decided_at IS NOT NULL AND NOT is_approved THEN '' END"
    )
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_lms_join_requests_decided_says_how"), type_="check")
        batch_op.drop_column("is_approved")
        batch_op.alter_column("state", existing_type=sa.String(length=16), nullable=False)
        batch_op.create_check_constraint(
            op.f("ck_lms_join_requests_decided_with_a_moment"), "(state = 'waiting') = (decided_at IS NULL)"
        )
        batch_op.create_check_constraint(
            op.f("ck_lms_join_requests_refused_with_a_reason"), "state <> 'refused' OR reason IS NOT NULL"
        )
        batch_op.create_check_constraint(
            op.f("ck_lms_join_requests_state_is_known"), "state IN ('waiting', 'approved', 'refused', 'withdrawn')"
        )
        batch_op.create_foreign_key(
            op.f("fk_lms_join_requests_code_id"), "lms_join_codes", ["code_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_index(batch_op.f("ix_lms_join_requests_code_id"), ["code_id"], unique=False)

    op.create_table(
        "lms_record_shares",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_record_shares_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id", "user_id"],
            ["lms_certificates.id", "lms_certificates.user_id"],
            name="fk_lms_record_shares_own_certificate",
            ondelete="RESTRICT",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_record_shares_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_record_shares")),
    )
    with op.batch_alter_table("lms_record_shares", schema=None) as batch_op:
        batch_op.create_index("ix_lms_record_shares_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_lms_record_shares_user_id", ["user_id", "agency_id"], unique=False)
        batch_op.create_index(
            "uq_lms_record_shares_one",
            ["certificate_id", "agency_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_lms_record_shares_whole",
            ["user_id", "agency_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL AND certificate_id IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND certificate_id IS NULL"),
        )

    with op.batch_alter_table("lms_licenses", schema=None) as batch_op:
        batch_op.create_index("ix_lms_licenses_number", ["number"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        for statement in WALL:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER POLICY lms_certificates_wall ON lms_certificates USING ({SEEN_BEFORE})")
        op.execute("DROP POLICY lms_record_shares_wall ON lms_record_shares")
        op.execute("DROP FUNCTION lms_wall_certificates()")
    with op.batch_alter_table("lms_licenses", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_licenses_number")

    with op.batch_alter_table("lms_record_shares", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_record_shares_whole",
            sqlite_where=sa.text("ended_at IS NULL AND certificate_id IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND certificate_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_lms_record_shares_one",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_lms_record_shares_user_id")
        batch_op.drop_index("ix_lms_record_shares_agency_id")

    op.drop_table("lms_record_shares")
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lms_join_requests_code_id"))
        batch_op.drop_constraint(op.f("fk_lms_join_requests_code_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_lms_join_requests_state_is_known"), type_="check")
        batch_op.drop_constraint(op.f("ck_lms_join_requests_refused_with_a_reason"), type_="check")
        batch_op.drop_constraint(op.f("ck_lms_join_requests_decided_with_a_moment"), type_="check")
        batch_op.add_column(sa.Column("is_approved", sa.Boolean(), nullable=True))
    # Who took a request back counts as not approved: the older table knows nothing else.
    op.execute("UPDATE lms_join_requests SET is_approved = (state = 'approved') WHERE decided_at IS NOT NULL")
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("state")
        batch_op.drop_column("code_id")
        batch_op.create_check_constraint(
            op.f("ck_lms_join_requests_decided_says_how"), "(decided_at IS NULL) = (is_approved IS NULL)"
        )

    with op.batch_alter_table("lms_join_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_join_codes_agency_id")

    op.drop_table("lms_join_codes")
    with op.batch_alter_table("lms_former_agencies", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_former_agencies_agency_id")

    op.drop_table("lms_former_agencies")
    with op.batch_alter_table("lms_agency_numbers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_agency_numbers_in_use", sqlite_where=sa.text("is_in_use"), postgresql_where=sa.text("is_in_use")
        )
        batch_op.drop_index("ix_lms_agency_numbers_value")
        batch_op.drop_index("ix_lms_agency_numbers_agency_id")

    op.drop_table("lms_agency_numbers")
