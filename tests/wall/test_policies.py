"""The wall's own text: no table of people is forgotten, and the migrations build what the program says."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from lms import schema
from lms.database import Model
from lms.wall.policies import FUNCTIONS, POLICIES, WITHOUT
from lms.wall.role import find_gap
from tests.support.databases import make_tables, postgresql_address, walled_database

WALLS = """
SELECT 'policy ' || policyname || ' on ' || tablename AS name,
       concat_ws(' / ', permissive, roles::text, cmd, qual, with_check) AS text
FROM pg_policies WHERE tablename LIKE :ours
UNION ALL SELECT 'security of ' || relname, concat_ws(' / ', relrowsecurity::text, relforcerowsecurity::text)
FROM pg_class WHERE relname LIKE :ours AND relkind = 'r'
UNION ALL SELECT 'function ' || proname, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE :ours
UNION ALL SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE :ours
UNION ALL SELECT 'rights on ' || relname, string_agg(privilege_type, ' ' ORDER BY privilege_type)
FROM pg_class, aclexplode(relacl) AS given, pg_roles
WHERE relname LIKE :ours AND pg_roles.oid = given.grantee AND rolname LIKE '%app' GROUP BY relname
UNION ALL SELECT 'rights on ' || proname, string_agg(coalesce(right(rolname, 3), 'all') || privilege_type, ' ')
FROM pg_proc, aclexplode(proacl) AS given LEFT JOIN pg_roles ON pg_roles.oid = given.grantee
WHERE proname LIKE :ours AND given.grantee <> proowner GROUP BY proname
"""


@pytest.fixture
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """An empty database of its own: the owner's address and the application's."""
    address = postgresql_address()
    if address is None:
        pytest.skip("no PostgreSQL answers: set LMS_TEST_DATABASE_URL or start one on its standard port")
    with walled_database(address, f"wall_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as urls:
        yield urls


def wall_of(url: str) -> dict[str, str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(text(WALLS), {"ours": "lms\\_%"})
            return {row.name: row.text for row in rows if schema.VERSION_TABLE not in row.name}
    finally:
        engine.dispose()


def tables_that_lead_to_a_person() -> set[str]:
    """Those from which foreign keys, however many, lead to lms_users."""
    found = {"lms_users"}
    while True:
        more = {
            table.name
            for table in Model.metadata.sorted_tables
            for key in table.foreign_keys
            if key.column.table.name in found
        } - found
        if not more:
            return found
        found |= more


def test_every_table_that_leads_to_a_person_has_a_policy_or_a_reason() -> None:
    without = tables_that_lead_to_a_person() - set(POLICIES) - set(WITHOUT)

    assert not without, f"add a policy to lms/wall/policies.py (and a migration), or a reason, for {sorted(without)}"


def test_no_policy_and_no_reason_outlives_its_table() -> None:
    assert (set(POLICIES) | set(WITHOUT)) - {table.name for table in Model.metadata.sorted_tables} == set()
    assert set(POLICIES) & set(WITHOUT) == set()


def test_the_migrations_build_the_same_wall_as_the_program_says(urls: tuple[str, str]) -> None:
    make_tables(*urls).dispose()
    said = wall_of(urls[0])
    owner = create_engine(urls[0])
    with owner.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    owner.dispose()

    schema.upgrade(urls[0], application_url=urls[1])

    assert len(said) > len(POLICIES) + len(FUNCTIONS)
    assert wall_of(urls[0]) == said


def test_an_upgrade_gives_the_applications_role_all_it_needs_and_again_does_no_harm(urls: tuple[str, str]) -> None:
    assert schema.upgrade(urls[0], application_url=urls[0]) is None, "one address: nobody to give anything to"
    role = schema.upgrade(urls[0], application_url=urls[1])
    schema.upgrade(urls[0], application_url=urls[1])

    engine = create_engine(urls[1])
    with engine.connect() as connection:
        gap, user = find_gap(connection), connection.execute(text("SELECT current_user")).scalar()
        for table in Model.metadata.sorted_tables:
            connection.execute(table.select().limit(1))
        revision = schema.present_revision(connection)
    engine.dispose()
    assert (gap, user, revision) == (None, role, schema.head_revision())


@pytest.mark.postgresql_only
def test_the_role_of_the_tests_has_the_wall_before_it(
    engine_kind: str, database_url: str, owner_engine: Engine
) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection, owner_engine.connect() as owner:
        gaps = find_gap(connection), find_gap(owner)
    engine.dispose()

    assert gaps[0] is None, "the tests would show nothing: the wall does not hold for them"
    assert gaps[1] is not None
