"""Rules of putting two accounts together, one by one: which of two goes on, what came since, who writes meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lms import merging, unmerging
from lms.certification.models import Certificate, Evidence
from lms.certification.share_models import RecordShare
from lms.clock import utc_now
from lms.cohorts.models import Member
from lms.database import db, run_transaction, writing
from lms.errors import LmsError, Overtaken
from lms.learning.enrollments import current_enrollment
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import License, User
from lms.people.person_models import Merge
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from tests.support.histories import BEGIN, Ground, History, lay_ground
from tests.support.world import World

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def state(world: World) -> Viewer:
    number = world.user("State")
    world.grant(number, "state-administrator")
    found = world.read(lambda: load_viewer(number))
    assert found is not None
    return found


@pytest.fixture
def ground(world: World, state: Viewer) -> Ground:
    return world.write(lambda: lay_ground(state.id))


@pytest.fixture
def two(world: World, ground: Ground) -> tuple[int, int]:
    """Two accounts that have nothing yet."""
    return world.user("One Person"), world.user("One Person")


def put_together(world: World, state: Viewer, kept: int, gone: int, now: datetime = NOW) -> int:
    return world.write(lambda: merging.merge_accounts(state, kept, gone, "Same", now=now, today=now.date()).id)


def part(world: World, state: Viewer, number: int, now: datetime = NOW + timedelta(days=5)) -> int:
    return world.write(lambda: unmerging.undo_merge(state, number, "Two people", now=now, today=now.date()))


def enrolled(
    world: World, ground: Ground, user: int, *, completed: datetime | None = None, used: datetime | None = None,
    cycle: int = 1,
) -> int:  # fmt: skip
    course, version = ground.courses[0]

    def make() -> int:
        row = Enrollment(
            user_id=user, course_id=course, version_id=version, cycle=cycle, enrolled_at=BEGIN, completed_at=completed
        )
        db.session.add(row)
        db.session.flush()
        if used is not None:
            use(row.id, used)
        return row.id

    return world.write(make)


def use(enrollment: int, at: datetime) -> None:
    module = f"m{at.timestamp()}"[:40]
    db.session.add(ModuleProgress(enrollment_id=enrollment, module_id=module, opened_at=at, last_seen_at=at))


def certified(world: World, ground: Ground, user: int, *, issued: datetime | None = None) -> str:
    code = world.write(lambda: History.course_certificate(ground, user, ends=NOW + timedelta(days=400)))
    if issued is not None:
        world.write(lambda: setattr(by_code(code), "issued_at", issued))
    return code


def by_code(code: str) -> Certificate:
    return db.session.scalars(select(Certificate).where(Certificate.code == code)).one()


def holder(world: World, code: str) -> int | None:
    return world.read(lambda: by_code(code).user_id)


def latest(world: World, ground: Ground, user: int) -> int | None:
    found = world.read(lambda: current_enrollment(user, ground.courses[0][0]))
    return found.id if found is not None else None


def test_a_first_time_that_is_open_never_hides_a_course_that_was_completed(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    completed = enrolled(world, ground, gone, completed=BEGIN)
    enrolled(world, ground, kept, used=NOW - timedelta(days=1))

    put_together(world, state, kept, gone)

    assert latest(world, ground, kept) == completed


def test_of_two_that_are_open_the_one_used_last_goes_on(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    enrolled(world, ground, kept, used=NOW - timedelta(days=9))
    last = enrolled(world, ground, gone, used=NOW - timedelta(days=1))

    put_together(world, state, kept, gone)

    assert latest(world, ground, kept) == last


def test_a_renewal_under_way_goes_on(world: World, state: Viewer, ground: Ground, two: tuple[int, int]) -> None:
    kept, gone = two
    enrolled(world, ground, kept, completed=BEGIN)
    renewal = enrolled(world, ground, kept, cycle=2)
    enrolled(world, ground, gone, completed=BEGIN + timedelta(days=9))

    put_together(world, state, kept, gone)

    assert latest(world, ground, kept) == renewal


def test_who_has_a_seat_keeps_it_whichever_account_stays(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    cohort = ground.teams[0]

    def sit() -> None:
        maker = History.__new__(History)
        seat = maker.seat(cohort)
        db.session.add(Member(cohort_id=cohort, user_id=kept, joined_at=BEGIN))
        db.session.add(Member(cohort_id=cohort, seat_id=seat, user_id=gone, joined_at=BEGIN))

    world.write(sit)

    put_together(world, state, kept, gone)

    rows = world.read(lambda: db.session.scalars(select(Member).where(Member.user_id == kept)).all())
    assert [row.seat_id is not None for row in rows if row.left_at is None] == [True]
    assert len(rows) == 2


def test_one_license_is_printed_at_most(world: World, state: Viewer, ground: Ground, two: tuple[int, int]) -> None:
    for user, number in zip(two, "12", strict=True):
        world.write(
            lambda user=user, number=number: db.session.add(
                License(user_id=user, board="b", state="MO", number=number, is_printed=True, added_at=BEGIN)
            )
        )

    put_together(world, state, *two)

    rows = world.read(lambda: db.session.scalars(select(License).where(License.user_id == two[0])).all())
    assert [row.number for row in rows if row.is_printed] == ["1"]
    assert [row.ended_at for row in rows] == [None, None]


def test_undone_a_course_that_was_worked_on_since_stays_and_an_untouched_one_goes_back(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    touched = enrolled(world, ground, gone, used=NOW - timedelta(days=3))
    number = put_together(world, state, kept, gone)
    world.write(lambda: use(touched, NOW + timedelta(days=1)))

    left = part(world, state, number)

    assert left == 1
    assert latest(world, ground, kept) == touched
    assert latest(world, ground, gone) is None


def test_undone_a_course_that_was_completed_before_goes_back_with_its_certificate_whatever_was_read_since(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    code = certified(world, ground, gone)
    enrollment = latest(world, ground, gone)
    assert enrollment is not None
    number = put_together(world, state, kept, gone)
    world.write(lambda: use(enrollment, NOW + timedelta(days=1)))

    part(world, state, number)

    assert (holder(world, code), latest(world, ground, gone)) == (gone, enrollment)


def certification(world: World, ground: Ground, user: int, sources: list[str], issued: datetime) -> str:
    def make() -> str:
        rows = [by_code(code) for code in sources]
        kind, rule = ground.certifications[0]
        made = Certificate(
            code="CERTIFICATION1", kind="certification", user_id=user, certification_id=kind,
            certification_version_id=rule, evidence_certificate_id=rows[0].id, facts=rows[0].facts, language="en",
            issued_at=issued, completed_on=issued.date(), valid_from=issued, cycle=1,
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        for row in rows:
            db.session.add(Evidence(certificate_id=made.id, source_certificate_id=row.id))
        return made.code

    return world.write(make)


def test_undone_a_certification_goes_along_when_all_that_it_rests_on_goes_back(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    source = certified(world, ground, gone)
    number = put_together(world, state, kept, gone)
    code = certification(world, ground, kept, [source], NOW + timedelta(days=1))

    part(world, state, number)

    assert (holder(world, source), holder(world, code)) == (gone, gone)


def test_undone_a_certification_stays_when_some_of_what_it_rests_on_stays(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    theirs, own = certified(world, ground, gone), certified(world, ground, kept)
    number = put_together(world, state, kept, gone)
    code = certification(world, ground, kept, [theirs, own], NOW + timedelta(days=1))

    part(world, state, number)

    assert (holder(world, theirs), holder(world, own), holder(world, code)) == (gone, kept, kept)
    assert world.read(lambda: by_code(code).evidence_certificate_id == by_code(own).id)


def test_undone_a_corrected_certificate_goes_back_with_the_one_that_it_replaced(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    old = certified(world, ground, gone)
    certified(world, ground, kept)
    number = put_together(world, state, kept, gone)

    def correct() -> str:
        row = by_code(old)
        values = {one.name: getattr(row, one.name) for one in Certificate.__table__.columns if one.name != "id"}
        row.superseded_by_id = row.id
        db.session.flush()
        new = Certificate(**{**values, "code": "CORRECTED12345", "issued_at": NOW + timedelta(days=1)})
        db.session.add(new)
        db.session.flush()
        row.superseded_by_id = new.id
        return new.code

    new = world.write(correct)

    part(world, state, number)

    assert (holder(world, old), holder(world, new)) == (gone, gone)
    assert world.read(lambda: by_code(old).cycle == by_code(new).cycle)


def shared(agency: int, *users: int) -> list[tuple[int, str | None, bool]]:
    """Whose it is, of which certificate, and whether it is shared still, by id."""
    rows = db.session.execute(
        select(RecordShare.user_id, Certificate.code, RecordShare.ended_at)
        .outerjoin(Certificate, Certificate.id == RecordShare.certificate_id)
        .where(RecordShare.agency_id == agency, RecordShare.user_id.in_(users))
        .order_by(RecordShare.id)
    )
    return [(user, code, ended_at is None) for user, code, ended_at in rows]


def test_what_both_share_with_an_agency_is_shared_once_and_undone_it_is_as_it_was(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    agency, code = ground.agencies[0], certified(world, ground, gone)
    number = world.read(lambda: by_code(code).id)
    for user, certificate in ((kept, None), (gone, None), (gone, number)):
        row = RecordShare(user_id=user, agency_id=agency, certificate_id=certificate, shared_at=BEGIN)
        world.write(lambda row=row: db.session.add(row))
    before = world.read(lambda: shared(agency, *two))

    merge = put_together(world, state, kept, gone)
    merged = world.read(lambda: shared(agency, *two))
    part(world, state, merge)

    assert merged == [(kept, None, True), (kept, None, False), (kept, code, True)]
    assert world.read(lambda: shared(agency, *two)) == before


def test_undone_what_was_shared_since_goes_back_with_its_certificate(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    agency, code = ground.agencies[0], certified(world, ground, gone)
    merge = put_together(world, state, kept, gone)
    number = world.read(lambda: by_code(code).id)
    row = RecordShare(user_id=kept, agency_id=agency, certificate_id=number, shared_at=NOW)
    world.write(lambda: db.session.add(row))

    part(world, state, merge)

    assert world.read(lambda: shared(agency, *two)) == [(gone, code, True)]


def test_what_somebody_wrote_as_the_old_account_meanwhile_follows(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    kept, gone = two
    put_together(world, state, kept, gone)
    late = enrolled(world, ground, gone)

    found = world.write(lambda: merging.follow_late(NOW + timedelta(minutes=15), "America/Chicago"))

    assert (found, latest(world, ground, kept)) == (1, late)
    assert world.write(lambda: merging.follow_late(NOW + timedelta(minutes=30), "America/Chicago")) == 0


def test_two_administrators_at_once_bring_about_one_merge(
    app: Flask, world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    """Each wants the other account to stay: the second finds that it is too late, and nobody leads in a circle."""
    together, outcomes = threading.Barrier(2), []

    def press(kept: int, gone: int) -> None:
        with app.app_context():
            together.wait()
            try:
                run_transaction(
                    lambda: merging.merge_accounts(state, kept, gone, "Same", now=utc_now(), today=NOW.date())
                )
                outcomes.append("done")
            except LmsError as error:
                outcomes.append(type(error).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press, args=pair) for pair in (two, two[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["NotFound", "done"]
    leading = world.read(
        lambda: db.session.scalars(select(User.merged_into_id).where(User.merged_into_id.is_not(None))).all()
    )
    assert len(leading) == 1


def test_undoing_twice_is_refused(world: World, state: Viewer, ground: Ground, two: tuple[int, int]) -> None:
    number = put_together(world, state, *two)
    part(world, state, number)

    with pytest.raises(Overtaken), world.app.app_context(), writing():
        unmerging.undo_merge(state, number, "Again", now=NOW, today=NOW.date())


def test_after_an_undo_the_same_two_may_be_put_together_again(
    world: World, state: Viewer, ground: Ground, two: tuple[int, int]
) -> None:
    part(world, state, put_together(world, state, *two))

    put_together(world, state, *two)

    assert len(world.read(lambda: db.session.scalars(select(Merge.id)).all())) == 2
