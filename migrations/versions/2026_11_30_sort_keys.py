"""The last name first, by which rosters are in order, for everybody who is there."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261130_sort_keys"
down_revision = "20261130_arrivals"
branch_labels = None
depends_on = None

PEOPLE_AT_ONCE = 1000

# Frozen: what `lms.people.names` said on the day of this migration.
SUFFIXES = frozenset("jr sr ii iii iv md do rn lpn aprn phd edd esq np pa msw lcsw bsn ma ms dds cna".split())  # noqa: SIM905
BARE_SUFFIXES = SUFFIXES - {"do", "ma", "ms", "pa"}
PARTICLES = frozenset(
    "de del della di da das do dos du la las le los van von der den ter ten al el bin ibn san santa st y e".split()  # noqa: SIM905
)


def words_of(text: str) -> list[str]:
    bare = re.sub(r"['’‘`.]", "", text)
    apart = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).split()


def sort_key(name: str) -> str:
    parts = [words_of(part) for part in re.sub(r"\([^)]*\)", " ", name).split(",")]
    parts = [part for part in parts if part]
    tail: list[str] = []
    while len(parts) > 1 and set(parts[-1]) <= SUFFIXES:
        tail = parts.pop() + tail
    if len(parts) > 1:
        last, rest = parts[0], [word for part in parts[1:] for word in part]
    else:
        words = parts[0] if parts else words_of(name)
        while len(words) > 1 and (words[-1] in BARE_SUFFIXES or not any(map(str.isalpha, words[-1]))):
            tail.insert(0, words.pop())
        first = max(len(words) - 1, 0)
        while first > 1 and words[first - 1] in PARTICLES:
            first -= 2 if words[first - 1] in ("y", "e") and first > 2 else 1
        rest, last = words[:first], words[first:]
    return "  ".join(" ".join(words) for words in (last, rest, tail) if words).replace("-", " ")[:240]


def upgrade() -> None:
    text = sa.String(240).with_variant(sa.String(240, collation="C"), "postgresql")
    op.add_column("lms_users", sa.Column("sort_key", text, server_default="", nullable=False))
    users = sa.table("lms_users", sa.column("id", sa.BigInteger), sa.column("name"), sa.column("sort_key"))
    connection, after = op.get_bind(), 0
    keyed = sa.update(users).where(users.c.id == sa.bindparam("key")).values(sort_key=sa.bindparam("text"))
    while True:
        page = sa.select(users.c.id, users.c.name).where(users.c.id > after).order_by(users.c.id)
        rows = connection.execute(page.limit(PEOPLE_AT_ONCE)).all()
        if not rows:
            break
        connection.execute(keyed, [{"key": row[0], "text": sort_key(row[1])} for row in rows])
        after = rows[-1][0]
    op.create_index("ix_lms_users_sort_key", "lms_users", ["sort_key", "id"])


def downgrade() -> None:
    op.drop_index("ix_lms_users_sort_key", table_name="lms_users")
    with op.batch_alter_table("lms_users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("sort_key")
