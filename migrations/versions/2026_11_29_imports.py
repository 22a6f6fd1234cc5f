"""Imports of people: files, their rows and what they changed; staff records; names as they are compared."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261129_imports"
down_revision = "20261129_merging"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
OPEN = "(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*')"
POLICIES = {
    "lms_staff_records": f"{OPEN} OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people())))",
    "lms_imports": f"{OPEN} OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies())))",
    "lms_import_rows": f"{OPEN} OR (SELECT true FROM lms_imports parent WHERE parent.id = import_id)",
    "lms_import_changes": f"{OPEN} OR (SELECT true FROM lms_imports parent WHERE parent.id = import_id)",
}

PEOPLE_AT_ONCE = 1000


def upgrade() -> None:
    op.create_table(
        "lms_imports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("stored", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("headers_key", sa.String(length=2000), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'applying', 'applied', 'undoing', 'undone', 'failed')",
            name=op.f("ck_lms_imports_state_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_imports_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["lms_users.id"], name=op.f("fk_lms_imports_asked_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_imports")),
    )
    with op.batch_alter_table("lms_imports", schema=None) as batch_op:
        batch_op.create_index("ix_lms_imports_agency_id", ["agency_id", "id"], unique=False)
    op.create_table(
        "lms_staff_records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.CheckConstraint("number IS NOT NULL OR email IS NOT NULL", name=op.f("ck_lms_staff_records_says_something")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_staff_records_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_staff_records_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_staff_records")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_lms_staff_records_agency_id_number")),
        sa.UniqueConstraint("agency_id", "user_id", name=op.f("uq_lms_staff_records_agency_id_user_id")),
    )
    with op.batch_alter_table("lms_staff_records", schema=None) as batch_op:
        batch_op.create_index("ix_lms_staff_records_email", ["email"], unique=False)
        batch_op.create_index("ix_lms_staff_records_user_id", ["user_id"], unique=False)
    op.create_table(
        "lms_import_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("kept_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["lms_imports.id"], name=op.f("fk_lms_import_changes_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_import_changes")),
    )
    with op.batch_alter_table("lms_import_changes", schema=None) as batch_op:
        batch_op.create_index("ix_lms_import_changes_import_id", ["import_id", "id"], unique=False)
        batch_op.create_index(
            "ix_lms_import_changes_kept",
            ["import_id", "id"],
            unique=False,
            sqlite_where=sa.text("kept_because IS NOT NULL"),
            postgresql_where=sa.text("kept_because IS NOT NULL"),
        )
        batch_op.create_index("ix_lms_import_changes_user_id", ["user_id", "import_id"], unique=False)
    op.create_table(
        "lms_import_rows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("discipline", sa.String(length=32), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("match_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("same_as", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("twin_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("twin_position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "discipline IS NULL OR discipline IN ('schools', 'healthcare', 'law-enforcement', 'victim-services', 'child-welfare', 'juvenile-justice', 'prosecution', 'behavioral-health', 'housing', 'emergency-services', 'other')",
            name=op.f("ck_lms_import_rows_discipline_is_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('create', 'update', 'unchanged', 'decide', 'problem')",
            name=op.f("ck_lms_import_rows_outcome_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_import_rows_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["lms_imports.id"], name=op.f("fk_lms_import_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_import_rows")),
        sa.UniqueConstraint("import_id", "position", name=op.f("uq_lms_import_rows_import_id_position")),
    )
    with op.batch_alter_table("lms_import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_lms_import_rows_email", ["import_id", "email"], unique=False)
        batch_op.create_index("ix_lms_import_rows_match", ["import_id", "match_user_id"], unique=False)
        batch_op.create_index("ix_lms_import_rows_name_key", ["import_id", "name_key"], unique=False)
        batch_op.create_index("ix_lms_import_rows_number", ["import_id", "number"], unique=False)
        batch_op.create_index("ix_lms_import_rows_outcome", ["import_id", "outcome", "position"], unique=False)
        batch_op.create_index("ix_lms_import_rows_user_id", ["user_id"], unique=False)
    with op.batch_alter_table("lms_invitations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("for_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index("ix_lms_invitations_accepted_by_id", ["accepted_by_id"], unique=False)
        batch_op.create_index("ix_lms_invitations_invited_by_id", ["invited_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lms_invitations_for_user_id"), ["for_user_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_invitations_for_user_id"), "lms_users", ["for_user_id"], ["id"], ondelete="RESTRICT"
        )
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_key", sa.String(length=200), server_default="", nullable=False))
        batch_op.create_index("ix_lms_users_name_key", ["name_key"], unique=False)
    fill_name_keys()
    if op.get_bind().dialect.name == "postgresql":
        for table, condition in POLICIES.items():
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_wall ON {table} USING ({condition})")


def fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


def name_key(name: str) -> str:
    return " ".join(sorted(fold(name.replace(",", " ").replace(".", " ")).split()))[:200]


def fill_name_keys() -> None:
    """Names of people who are there, as they are compared: in Python, so that it is the same on every database."""
    users = sa.table("lms_users", sa.column("id", sa.BigInteger), sa.column("name"), sa.column("name_key"))
    connection, after = op.get_bind(), 0
    keyed = sa.update(users).where(users.c.id == sa.bindparam("key")).values(name_key=sa.bindparam("text"))
    while True:
        page = sa.select(users.c.id, users.c.name).where(users.c.id > after).order_by(users.c.id)
        rows = connection.execute(page.limit(PEOPLE_AT_ONCE)).all()
        if not rows:
            return
        connection.execute(keyed, [{"key": row[0], "text": name_key(row[1])} for row in rows])
        after = rows[-1][0]


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in POLICIES:
            op.execute(f"DROP POLICY {table}_wall ON {table}")
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_users_name_key")
        batch_op.drop_column("name_key")
    with op.batch_alter_table("lms_invitations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_invitations_for_user_id"), type_="foreignkey")
        batch_op.drop_index("ix_lms_invitations_invited_by_id")
        batch_op.drop_index("ix_lms_invitations_accepted_by_id")
        batch_op.drop_index(batch_op.f("ix_lms_invitations_for_user_id"))
        batch_op.drop_column("for_user_id")
    with op.batch_alter_table("lms_import_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_import_rows_user_id")
        batch_op.drop_index("ix_lms_import_rows_outcome")
        batch_op.drop_index("ix_lms_import_rows_number")
        batch_op.drop_index("ix_lms_import_rows_name_key")
        batch_op.drop_index("ix_lms_import_rows_match")
        batch_op.drop_index("ix_lms_import_rows_email")
    op.drop_table("lms_import_rows")
    with op.batch_alter_table("lms_import_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_import_changes_user_id")
        batch_op.drop_index(
            "ix_lms_import_changes_kept",
            sqlite_where=sa.text("kept_because IS NOT NULL"),
            postgresql_where=sa.text("kept_because IS NOT NULL"),
        )
        batch_op.drop_index("ix_lms_import_changes_import_id")
    op.drop_table("lms_import_changes")
    with op.batch_alter_table("lms_staff_records", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_staff_records_user_id")
        batch_op.drop_index("ix_lms_staff_records_email")
    op.drop_table("lms_staff_records")
    with op.batch_alter_table("lms_imports", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_imports_agency_id")
    op.drop_table("lms_imports")
