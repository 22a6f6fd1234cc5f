"""The audit's chain (fault 54): whatever is changed past the program is found, at its event and by its kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from lms.cli import cli
from lms.clock import utc_now
from lms.database import db, writing
from lms.doctor import look_at_seal
from lms.jobs import keep_sealing
from lms.people import audit_checking, sealing
from lms.people.anchors import queue_heads
from lms.people.audit import note
from lms.people.audit_checking import Break, Check, check_chain
from lms.people.audit_models import FIXED, AuditLink, AuditWaiting, sqlite_guards
from lms.people.models import AuditEvent
from lms.people.sealing import BATCH, START, blank_reason, present_head, seal_all, seal_batch
from lms.settings import Settings
from lms.wall.sight import SYSTEM, looking_as
from tests.support.visits import mails
from tests.support.world import World


def add(world: World, count: int = 1, reason: str | None = None) -> list[int]:
    def step() -> list[int]:
        events = [
            note("agency.changed", "agency", 7, actor_id=None, reason=reason, n=number) for number in range(count)
        ]
        db.session.flush()
        return [one.id for one in events]

    return world.write(step)


def seal(world: World) -> int:
    with world.app.app_context(), looking_as(SYSTEM):
        return seal_all()


def check(world: World, head: str | None = None) -> Check:
    return world.read(lambda: check_chain(head))


def found(world: World, head: str | None = None) -> tuple[str, int, int | None] | None:
    broken = check(world, head).broken
    return None if broken is None else (broken.kind, broken.position, broken.event_id)


@contextmanager
def as_owner(engine: Engine) -> Iterator[Connection]:
    """The database in the hands of somebody who may do all: guards and foreign keys put aside, and back again."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for table in FIXED:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            yield connection
            for table in FIXED:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))
        return
    guards = {name: sql for table in FIXED for name, sql in sqlite_guards(table).items()}
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                for name in guards:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
                yield connection
                for sql in guards.values():
                    connection.exec_driver_sql(sql)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def test_what_is_sealed_is_whole_and_nothing_waits(world: World) -> None:
    add(world, 3, "because")

    assert seal(world) == 3
    result = check(world)

    assert (result.broken, result.sealed, result.waiting, result.head.position) == (None, 3, 0, 3)


def test_an_event_that_is_not_sealed_yet_is_counted_as_waiting(world: World) -> None:
    add(world)
    seal(world)
    add(world, 2)

    result = check(world)

    assert (result.broken, result.sealed, result.waiting) == (None, 1, 2)
    assert result.waiting_since is not None


def test_more_than_one_batch_is_one_chain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_checking, "PAGE", 50)
    add(world, BATCH + 5)

    assert seal(world) == BATCH + 5
    assert (check(world).broken, check(world).sealed) == (None, BATCH + 5)


@pytest.mark.parametrize("column", ["at", "actor_id", "action", "subject_kind", "subject_id", "detail", "reason"])
def test_an_edited_event_is_found_by_the_walk(world: World, owner_engine: Engine, column: str) -> None:
    _first, second, _third = add(world, 3, "because")
    person = world.user()
    seal(world)
    values = {
        "at": "'2020-01-01 00:00:00.000000'",
        "actor_id": str(person),
        "action": "'agency.moved'",
        "subject_kind": "'user'",
        "subject_id": "8",
        "detail": "'{\"n\": 9}'",
        "reason": "'another'",
    }

    with as_owner(owner_engine) as connection:
        connection.execute(text(f"UPDATE lms_audit_events SET {column} = {values[column]} WHERE id = {second}"))

    assert found(world) == ("changed", 2, second)


def test_a_reason_that_vanished_without_an_erasure_is_found(world: World, owner_engine: Engine) -> None:
    (event,) = add(world, 1, "because")
    seal(world)

    with as_owner(owner_engine) as connection:
        connection.execute(text("UPDATE lms_audit_events SET reason = NULL"))
        connection.execute(text("UPDATE lms_audit_links SET reason_salt = NULL, blanked_at = sealed_at"))

    assert found(world) == ("changed", 1, event), "the erasure itself would have left an event"


@pytest.mark.parametrize("with_link", [False, True])
def test_a_removed_event_is_found(world: World, owner_engine: Engine, with_link: bool) -> None:
    _first, second, _third = add(world, 3)
    seal(world)

    with as_owner(owner_engine) as connection:
        connection.execute(text(f"DELETE FROM lms_audit_events WHERE id = {second}"))
        if with_link:
            connection.execute(text(f"DELETE FROM lms_audit_links WHERE event_id = {second}"))

    assert found(world) == ("removed", 2, None if with_link else second)


def test_an_event_that_was_put_in_past_the_program_is_found(world: World, owner_engine: Engine) -> None:
    add(world, 2)
    seal(world)

    with as_owner(owner_engine) as connection:
        connection.execute(
            text(
                "INSERT INTO lms_audit_events (id, at, action, subject_kind, detail)"
                " VALUES (900, '2026-01-01 00:00:00.000000', 'role.granted', 'user', '{}')"
            )
        )

    assert found(world) == ("inserted", 2, 900)


def test_an_event_whose_link_was_squeezed_in_is_found(world: World, owner_engine: Engine) -> None:
    first, _second, third = add(world, 3)
    seal(world)
    (squeezed,) = add(world)

    with as_owner(owner_engine) as connection:
        connection.execute(text("UPDATE lms_audit_links SET position = position + 1000 WHERE position > 1"))
        connection.execute(text("UPDATE lms_audit_links SET position = position - 999 WHERE position > 1"))
        connection.execute(text("DELETE FROM lms_audit_waiting"))
        event = connection.execute(text(f"SELECT * FROM lms_audit_events WHERE id = {squeezed}")).one()
        assert event.id == squeezed
    forged = world.read(lambda: sealing.digest_of(db.session.get_one(AuditEvent, squeezed), None))
    with as_owner(owner_engine) as connection:
        connection.execute(
            text(
                "INSERT INTO lms_audit_links (position, event_id, sealed_at, digest, head)"
                f" SELECT 2, {squeezed}, sealed_at, '{forged}', '{START}' FROM lms_audit_links WHERE event_id = {first}"
            )
        )

    assert found(world) == ("inserted", 2, squeezed)
    assert third


@pytest.mark.parametrize(("one", "other"), [(2, 3), (1, 4)])
def test_two_that_changed_places_are_found(world: World, owner_engine: Engine, one: int, other: int) -> None:
    events = add(world, 5)
    seal(world)

    with as_owner(owner_engine) as connection:
        for old, new in ((one, 99), (other, one), (99, other)):
            connection.execute(text(f"UPDATE lms_audit_links SET position = {new} WHERE position = {old}"))

    assert found(world) == ("reordered", one, events[other - 1])


def test_a_chain_that_was_written_anew_is_found_by_a_head_that_was_noted(world: World, owner_engine: Engine) -> None:
    first, *_rest = add(world, 3)
    seal(world)
    noted = world.read(present_head).head

    with as_owner(owner_engine) as connection:
        connection.execute(text(f"UPDATE lms_audit_events SET action = 'agency.moved' WHERE id = {first}"))
        connection.execute(text("DELETE FROM lms_audit_links"))
        connection.execute(text("INSERT INTO lms_audit_waiting (event_id, at) SELECT id, at FROM lms_audit_events"))
    seal(world)

    assert found(world) is None, "by itself it is whole again"
    assert found(world, noted) == ("head", 3, None)


def test_a_noted_head_is_found_again_however_much_came_after_it(world: World) -> None:
    add(world, 2)
    seal(world)
    noted = world.read(present_head).head
    add(world, 3)
    seal(world)

    assert found(world, noted) is None
    assert found(world, START) is None
    assert found(world, "f" * 64) == ("head", 5, None)


def test_the_end_that_was_cut_off_is_found_by_a_noted_head(world: World, owner_engine: Engine) -> None:
    add(world, 3)
    seal(world)
    noted = world.read(present_head).head

    with as_owner(owner_engine) as connection:
        connection.execute(text("DELETE FROM lms_audit_links WHERE position = 3"))
        connection.execute(text("DELETE FROM lms_audit_events WHERE id = (SELECT max(id) FROM lms_audit_events)"))

    assert found(world) is None
    assert found(world, noted) == ("head", 2, None)


def test_the_end_that_was_cut_off_is_found_by_a_head_that_was_mailed(world: World, owner_engine: Engine) -> None:
    world.grant(world.user("State"), "state-administrator")
    add(world, 3)
    seal(world)
    compared = check(world).compared
    world.write(lambda: queue_heads("2026-11-23", utc_now()))
    whole = check(world)

    with as_owner(owner_engine) as connection:
        connection.execute(text("DELETE FROM lms_audit_links WHERE position = 3"))
        connection.execute(text("DELETE FROM lms_audit_events WHERE id = (SELECT max(id) FROM lms_audit_events)"))

    assert (compared, whole.compared, whole.broken) == (0, 1, None)
    assert found(world) == ("head", 2, None)


def test_a_blanked_reason_leaves_the_chain_whole_and_the_walk_says_so(world: World) -> None:
    event, _other = add(world, 2, "Mary Roe asked for it")
    seal(world)

    assert world.write(lambda: blank_reason(event, actor_id=None)) is True
    assert world.write(lambda: blank_reason(event, actor_id=None)) is False
    seal(world)
    result = check(world)
    link = world.read(lambda: db.session.scalars(select(AuditLink).where(AuditLink.event_id == event)).one())

    assert (result.broken, result.sealed, [one[0] for one in result.blanked]) == (None, 3, [event])
    assert link.reason_salt is None, "nobody can try out what the reason was"


def test_a_reason_that_is_blanked_before_its_seal_is_sealed_as_none(world: World) -> None:
    (event,) = add(world, 1, "Mary Roe asked for it")

    world.write(lambda: blank_reason(event, actor_id=None))
    seal(world)

    assert (check(world).broken, check(world).blanked) == (None, [])


REFUSED = (
    "DELETE FROM lms_audit_events",
    "DELETE FROM lms_audit_links",
    "UPDATE lms_audit_events SET action = 'x'",
    "UPDATE lms_audit_events SET reason = 'x'",
    "UPDATE lms_audit_events SET detail = '{}'",
    "UPDATE lms_audit_events SET id = id + 100",
    "UPDATE lms_audit_links SET head = 'x'",
    "UPDATE lms_audit_links SET reason_salt = 'x'",
    "UPDATE lms_audit_links SET position = position + 100",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_itself_refuses_to_change_or_remove(world: World, statement: str) -> None:
    add(world, 1, "because")
    seal(world)

    with pytest.raises(DBAPIError, match="the audit is only ever added to"):
        world.write(lambda: db.session.execute(text(statement)))


@pytest.mark.sqlite_only
def test_sqlite_refuses_to_replace_in_the_way_of_an_insert(world: World) -> None:
    (event,) = add(world)

    with pytest.raises(DBAPIError, match="the audit is only ever added to"):
        world.write(
            lambda: db.session.execute(
                text(
                    "INSERT OR REPLACE INTO lms_audit_events (id, at, action, subject_kind, detail)"
                    f" VALUES ({event}, '2026-01-01', 'x', 'x', '{{}}')"
                )
            )
        )


@pytest.mark.postgresql_only
def test_postgresql_refuses_to_empty_the_tables_even_for_their_owner(world: World, owner_engine: Engine) -> None:
    add(world)

    for table in FIXED:
        with pytest.raises(DBAPIError, match="the audit is only ever added to"), owner_engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.postgresql_only
def test_an_event_that_commits_late_with_a_lower_id_is_sealed_all_the_same(world: World) -> None:
    may_commit, has_written, ids = threading.Event(), threading.Event(), []

    def late() -> None:
        with world.app.app_context(), writing():
            event = note("agency.changed", "agency", 7, actor_id=None)
            db.session.flush()
            ids.append(event.id)
            has_written.set()
            may_commit.wait(20)

    thread = threading.Thread(target=late)
    thread.start()
    assert has_written.wait(20)
    (early,) = add(world)
    assert seal(world) == 1, "the other one is not to be seen yet"
    may_commit.set()
    thread.join()

    assert ids[0] < early
    assert check(world).waiting == 1
    assert seal(world) == 1
    order = world.read(lambda: list(db.session.scalars(select(AuditLink.event_id).order_by(AuditLink.position))))
    assert order == [early, ids[0]]
    assert found(world) is None


def test_many_who_write_and_two_who_seal_at_once_leave_one_whole_chain(world: World) -> None:
    begin, errors = threading.Barrier(6), []

    def run(step) -> None:  # type: ignore[no-untyped-def]
        try:
            begin.wait()
            for _ in range(10):
                step()
        except Exception as error:  # what a thread raises would be lost
            errors.append(error)

    steps = [lambda: add(world, 2)] * 4 + [lambda: seal(world)] * 2
    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal(world)

    assert errors == []
    result = check(world)
    assert (result.broken, result.sealed, result.waiting) == (None, 80, 0)


def test_a_seal_that_is_taken_back_leaves_its_events_waiting(world: World) -> None:
    add(world, 2)

    def fail() -> None:
        seal_batch()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        world.write(fail)

    assert check(world).waiting == 2
    assert seal(world) == 2


def test_an_event_dated_back_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add(world)
    monkeypatch.setattr("lms.people.audit.utc_now", lambda: utc_now() - timedelta(days=3))
    (old,) = add(world)
    seal(world)

    result = check(world)

    assert (result.broken, result.late) == (None, [old])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9)), st.text(max_size=20))
    ),
    st.integers(1, 7),
)
def test_whatever_is_noted_verifies_in_whatever_batches_it_is_sealed(world: World, noted, size: int) -> None:  # type: ignore[no-untyped-def]
    def plain(value):  # type: ignore[no-untyped-def]
        if isinstance(value, str):
            return value.encode("utf-8", "ignore").decode().replace("\x00", "")
        return value % 2**53

    def step() -> None:
        for detail, reason in noted:
            event = note("agency.changed", "agency", 7, actor_id=None, reason=plain(reason))
            event.detail = {plain(key): plain(value) for key, value in detail.items()}

    world.write(step)
    while world.write(lambda: seal_batch(size)):
        pass

    assert check(world).broken is None


def test_the_commands_seal_show_the_head_and_end_with_1_where_the_chain_is_broken(tmp_path) -> None:  # type: ignore[no-untyped-def]
    env = {"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(tmp_path / "instance"), "LMS_DATABASE_URL": ""}
    run = lambda *words: CliRunner(env=env).invoke(cli, words)  # noqa: E731
    assert run("db", "upgrade").exit_code == 0
    made = run("create-admin", "--email", "a@test.example", "--name", "A", "--password", "four quiet otters read")
    assert made.exit_code == 0, made.output

    assert "events sealed" in run("audit", "seal").output
    position, head = run("audit", "head").output.split()
    assert int(position) >= 1
    assert run("audit", "verify", "--head", head).exit_code == 0
    assert run("audit", "verify", "--head", f"{position} {head}").exit_code == 0
    wrong = run("audit", "verify", "--head", "0" * 63 + "1")
    assert wrong.exit_code == 1
    assert "head that was noted earlier is not in the chain" in wrong.output
    assert run("audit", "verify", "--head", "short").exit_code == 2
    assert "No earlier head was compared" in run("audit", "verify").output


def test_a_database_that_cannot_be_read_is_not_told_as_a_broken_chain(tmp_path) -> None:  # type: ignore[no-untyped-def]
    url = f"sqlite:///{tmp_path / 'nothing-is-here.sqlite'}"
    env = {"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(tmp_path / "instance"), "LMS_DATABASE_URL": url}

    ran = CliRunner(env=env).invoke(cli, ("audit", "verify"))

    assert ran.exit_code == 2
    assert "Nothing was looked at" in ran.output


def test_a_break_is_told_with_its_event_and_kind(capsys: pytest.CaptureFixture[str]) -> None:
    from lms.commands.auditing import tell

    tell(Check(broken=Break("changed", 4, 17, "the event is not what was sealed")))

    assert "BROKEN at position 4, event 17: changed. The event is not what was sealed." in capsys.readouterr().out


def test_the_head_is_mailed_once_a_week_to_who_administers_the_state(world: World) -> None:
    state, other = world.user("State"), world.user("Other")
    world.grant(state, "state-administrator")
    world.grant(other, "agency-administrator", world.agency())
    now = utc_now()
    assert world.write(lambda: queue_heads("2026-11-23", now)) == 0, "nothing is sealed yet"
    add(world)
    seal(world)

    assert world.write(lambda: queue_heads("2026-11-23", now)) == 1
    assert world.write(lambda: queue_heads("2026-11-23", now)) == 0
    (mail,) = mails(world)
    assert mail["to_user_id"] == state
    assert mail["values"] == {"position": 1, "head": world.read(present_head).head}


def test_the_waiting_table_is_filled_by_the_database_however_an_event_comes_in(world: World) -> None:
    world.write(
        lambda: db.session.execute(
            text(
                "INSERT INTO lms_audit_events (at, action, subject_kind, detail)"
                " VALUES ('2026-01-01 00:00:00.000000', 'x.y', 'x', '{}')"
            )
        )
    )

    assert world.read(lambda: len(db.session.scalars(select(AuditWaiting)).all())) == 1


def test_the_doctor_tells_when_sealing_lags(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Settings(database_url=database_url)
    assert look_at_seal(site) == "nothing waits"
    add(world)
    assert look_at_seal(site).startswith("1 events wait")

    monkeypatch.setattr("lms.doctor.utc_now", lambda: utc_now() + timedelta(minutes=11))

    with pytest.raises(OSError, match="does the worker run"):
        look_at_seal(site)


def test_the_worker_seals_until_it_is_told_to_stop(world: World) -> None:
    add(world, 2)
    stop = threading.Event()
    stop.set()

    keep_sealing(world.app, stop)

    assert check(world).sealed == 2


def test_verifying_in_a_folder_that_is_not_there_says_so_and_makes_none(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "mistyped"
    env = {"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(folder), "LMS_DATABASE_URL": ""}

    ran = CliRunner(env=env).invoke(cli, ("audit", "verify"))

    assert ran.exit_code == 2
    assert f"there is no folder {folder}" in ran.output
    assert not folder.exists()
