"""Reminders before something ends: the right one, once, by the site's day; and the digest of administrators."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_string, policy

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms import daily, jobs
from lms.certification import certifying
from lms.certification.models import Certificate
from lms.certification.reminders import certificates_ending, mark_due, queue_reminders
from lms.certification.validity import expiry_of
from lms.clock import utc_now
from lms.database import db
from lms.mail import mail_folder
from lms.outbox import OutboxMessage
from lms.people.models import RoleGrant, User
from tests.certification.conftest import NOON, SITE, Learners
from tests.certification.test_certifying import certification_of, save
from tests.certification.test_changes import Office
from tests.support.visits import send

END = date(2028, 3, 14)
"""The last valid day of what is earned at NOON."""

BEGAN = date(2026, 3, 14)


# --- the rule -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sent", "due"),
    [
        (91, (), None),
        (90, (), 90),
        (61, (90,), None),
        (60, (90,), 60),
        (30, (90, 60), 30),
        (7, (90, 60, 30), 7),
        (0, (90, 60, 30, 7), None),
        (0, (), 7),
        (-1, (), None),
    ],
)
def test_each_mark_comes_on_its_day(left: int, sent: tuple[int, ...], due: int | None) -> None:
    assert mark_due(BEGAN, END, END - timedelta(days=left), sent=sent) == due


def test_a_worker_that_was_down_for_weeks_sends_only_the_most_urgent() -> None:
    assert mark_due(BEGAN, END, END - timedelta(days=20), sent=(90,)) == 30
    assert mark_due(BEGAN, END, END - timedelta(days=3)) == 7


def test_a_clock_that_goes_back_asks_for_nothing_that_was_said_more_urgently() -> None:
    assert mark_due(BEGAN, END, END - timedelta(days=55), sent=(30,)) is None


def test_the_early_ones_can_be_switched_off_and_the_late_ones_cannot() -> None:
    days = [END - timedelta(days=left) for left in (90, 60, 30, 7)]

    assert [mark_due(BEGAN, END, day, wants_early=False) for day in days] == [None, None, 30, 7]


def test_a_mark_that_had_begun_with_the_award_says_nothing_new() -> None:
    began = END - timedelta(days=30)

    assert [mark_due(began, END, END - timedelta(days=left)) for left in (29, 8, 7)] == [None, None, 7]


def test_thirty_days_before_29_february_is_30_january() -> None:
    assert mark_due(date(2026, 1, 1), date(2028, 2, 29), date(2028, 1, 30), sent=(90, 60)) == 30
    assert mark_due(date(2026, 1, 1), date(2028, 2, 29), date(2028, 1, 29), sent=(90, 60)) is None


# --- the worker -----------------------------------------------------------------------------------------------------


@pytest.fixture
def holder(learners: Learners) -> tuple[int, str]:
    """Somebody whose certificate is valid through 14 March 2028."""
    user, code = learners.certified()
    forget_messages(learners)
    return user, code


@pytest.fixture(autouse=True)
def empty_folder(app: Flask) -> None:
    for old in mail_folder(app.extensions["lms"].settings).glob("*.eml"):
        old.unlink()


def forget_messages(learners: Learners) -> None:
    learners.world.write(lambda: db.session.query(OutboxMessage).delete())


def at(day: date, hour: int = 18) -> datetime:
    """A moment of that day, by default noon or one o'clock in Chicago."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def work(app: Flask, moment: datetime) -> None:
    """What the scheduler and the worker do at a moment, until nothing is left."""
    with time_machine.travel(moment, tick=False):
        jobs.plan(app)
        while jobs.deliver_due(app):
            pass


def reminders(learners: Learners) -> list[str]:
    return learners.world.read(
        lambda: list(
            db.session.scalars(
                select(OutboxMessage.effect_key).where(OutboxMessage.kind == "reminder").order_by(OutboxMessage.id)
            )
        )
    )


def letters(app: Flask) -> list[str]:
    folder = mail_folder(app.extensions["lms"].settings)
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.eml"))]


def test_the_four_mails_come_each_once_over_the_whole_time(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    for left in range(92, -3, -1):
        work(app, at(END - timedelta(days=left)))

    row = learners.row(holder[1])
    name = f"{row.user_id}-course-{row.course_id}-1"
    assert reminders(learners) == [f"reminder:certificate:{name}:2028-03-14:{mark}" for mark in (90, 60, 30, 7)]
    assert len(letters(app)) == 4
    assert "March 14, 2028" in letters(app)[0]
    assert "tiny" not in letters(app)[0].lower()


def test_two_schedulers_and_a_clock_that_goes_back_send_one_mail(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    """Faults 18 and 19."""
    day = END - timedelta(days=30)
    for moment in (at(day), at(day), at(day, 19), at(day - timedelta(days=40)), at(day)):
        work(app, moment)

    assert [key.rpartition(":")[2] for key in reminders(learners)] == ["30"]
    assert len(letters(app)) == 1


def test_a_corrected_certificate_is_not_told_of_again_and_an_extended_one_is(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    office, day = Office(learners.world), END - timedelta(days=30)
    work(app, at(day))

    renamed = office.rename(holder[1], "Nora Núñez-Ortiz")
    work(app, at(day))
    before = len(reminders(learners))
    office.extend(renamed, END + timedelta(days=30))
    work(app, at(day + timedelta(days=1)))

    assert before == 1
    assert [key[-13:] for key in reminders(learners)] == ["2028-03-14:30", "2028-04-13:60"]


def test_a_mail_that_waited_while_a_name_was_corrected_tells_of_the_corrected_one(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    day = END - timedelta(days=30)
    with time_machine.travel(at(day), tick=False):
        settings = app.extensions["lms"].settings
        learners.world.write(lambda: queue_reminders(certificates_ending(at(day), settings.time_zone, 0)[0], day))
    code = Office(learners.world).rename(holder[1], "Nora Núñez-Ortiz")

    work(app, at(day))

    (letter,) = [one for one in letters(app) if "March 14, 2028" in one]
    assert code in letter


def test_nothing_is_sent_at_night(app: Flask, learners: Learners, holder: tuple[int, str]) -> None:
    work(app, datetime(2028, 3, 14, 12, 59, tzinfo=UTC))  # a minute before eight in Chicago
    at_night = reminders(learners)
    work(app, datetime(2028, 3, 14, 13, tzinfo=UTC))

    assert (at_night, len(reminders(learners))) == ([], 1)


@pytest.mark.parametrize(("before", "count"), [(timedelta(microseconds=1), 1), (timedelta(0), 0)])
def test_at_the_instant_of_expiry_there_is_nothing_left_to_remind_of(
    app: Flask, learners: Learners, holder: tuple[int, str], before: timedelta, count: int
) -> None:
    """Fault 22: half open. Its last day in Chicago, on daylight saving time, ends at 5 o'clock UTC."""
    expires = expiry_of(END, SITE.time_zone)
    assert expires == datetime(2028, 3, 15, 5, tzinfo=UTC)

    work(app, expires - before)

    assert len(reminders(learners)) == count


@pytest.mark.parametrize(
    ("day", "hour"),
    [(date(2028, 3, 11), 14), (date(2028, 3, 12), 13), (date(2027, 11, 7), 14), (date(2027, 11, 6), 13)],
)
def test_it_is_eight_by_the_clock_on_the_wall_on_the_days_that_it_changes(
    context: Flask, learners: Learners, day: date, hour: int
) -> None:
    """Fault 21."""
    settings = context.extensions["lms"].settings

    learners.world.write(lambda: daily.plan_day(datetime(day.year, day.month, day.day, 6, tzinfo=UTC), settings))

    planned = learners.world.read(
        lambda: db.session.scalars(
            select(OutboxMessage.due_at).where(OutboxMessage.effect_key == f"daily-reminders:{day}")
        ).one()
    )
    assert planned == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.mark.parametrize("change", ["revoked", "superseded", "renewed", "switched off"])
def test_who_has_no_reason_to_be_reminded_is_not(
    app: Flask, learners: Learners, holder: tuple[int, str], change: str
) -> None:
    user, code = holder
    if change == "revoked":
        learners.change(code, revoked_at=NOON, revoked_reason="Wrong")
    elif change == "superseded":
        learners.change(code, superseded_by_id=learners.row(learners.certified("Somebody Else")[1]).id)
    elif change == "renewed":
        again = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
        learners.award(again, learners.attempt(again), now=at(END - timedelta(days=80)))
    else:
        learners.world.write(lambda: setattr(db.session.get_one(User, user), "disabled_at", NOON))

    work(app, at(END - timedelta(days=30)))

    assert [key for key in reminders(learners) if key.startswith(f"reminder:certificate:{user}-")] == []


def test_a_mail_that_waited_is_dropped_once_the_certificate_was_renewed(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    user, _code = holder
    day = END - timedelta(days=30)
    with time_machine.travel(at(day), tick=False):
        jobs.plan(app)
        jobs.deliver_due(app, limit=1)
    assert len(reminders(learners)) == 1
    again = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    learners.award(again, learners.attempt(again), now=at(day, 17))

    work(app, at(day + timedelta(days=1)))

    assert letters(app) == []


def test_a_mail_that_waited_until_a_more_urgent_one_was_due_is_not_sent(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    day = END - timedelta(days=90)
    with time_machine.travel(at(day), tick=False):
        jobs.plan(app)
        jobs.deliver_due(app, limit=1)
    assert len(reminders(learners)) == 1

    work(app, at(END - timedelta(days=30)))

    assert (len(reminders(learners)), len(letters(app))) == (2, 1)


def test_without_the_early_mails_the_first_one_comes_at_thirty_days(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    learners.world.write(lambda: setattr(db.session.get_one(User, holder[0]), "wants_early_reminders", False))

    for left in (90, 60, 30):
        work(app, at(END - timedelta(days=left)))

    assert [key.rpartition(":")[2] for key in reminders(learners)] == ["30"]


def test_a_renewal_that_was_earned_early_is_issued_when_its_window_opens(app: Flask, learners: Learners) -> None:
    """The course was taken again before the certification's window: nothing waits for another action."""
    save(learners.world)
    user, _code = learners.certified()
    learners.world.write(lambda: certifying.award_due(user, NOON, SITE))
    again = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    learners.award(again, learners.attempt(again), now=at(date(2027, 11, 1)))
    forget_messages(learners)

    work(app, at(date(2027, 12, 13)))
    assert certification_of(learners.world, user).cycle == 1
    work(app, at(date(2027, 12, 14)))
    work(app, at(date(2027, 12, 15)))

    row = certification_of(learners.world, user)
    assert (row.cycle, row.expires_at) == (2, expiry_of(date(2030, 3, 14), SITE.time_zone))
    assert learners.world.read(lambda: db.session.query(Certificate).filter_by(kind="certification").count()) == 2


# --- the digest -----------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(learners: Learners) -> int:
    user = learners.world.user("Ada Admin", agency=learners.agency, language="es")
    learners.world.grant(user, "agency-administrator", learners.agency)
    return user


def digests(app: Flask) -> list[str]:
    return [text for text in letters(app) if "resumen" in text]


def test_an_administrator_gets_one_digest_a_week_with_the_names_in_reach(
    app: Flask, learners: Learners, holder: tuple[int, str], administrator: int
) -> None:
    elsewhere = learners.world.agency("Elsewhere")
    stranger = learners.world.user("Foreign Person", agency=elsewhere)
    enrollment = learners.enroll(stranger, completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment))
    monday = date(2028, 2, 14)

    for days in range(7):
        work(app, at(monday + timedelta(days=days)))

    assert len(digests(app)) == 1
    assert "Núñez" in text_of(digests(app)[0])
    assert "Foreign" not in text_of(digests(app)[0])


def test_a_worker_that_was_down_over_monday_sends_the_digest_in_the_morning_and_not_at_night(
    app: Flask, learners: Learners, holder: tuple[int, str], administrator: int
) -> None:
    work(app, datetime(2028, 2, 15, 8, tzinfo=UTC))  # two o'clock on Tuesday in Chicago
    at_night = digests(app)

    work(app, datetime(2028, 2, 15, 14, tzinfo=UTC))

    assert at_night == []
    assert len(digests(app)) == 1


def text_of(letter: str) -> str:
    return message_from_string(letter, policy=policy.default).get_content()


def test_with_nothing_that_ends_there_is_no_digest(
    app: Flask, learners: Learners, holder: tuple[int, str], administrator: int
) -> None:
    work(app, at(date(2027, 2, 15)))

    assert digests(app) == []


def test_who_lost_the_role_before_the_digest_was_sent_gets_none(
    app: Flask, learners: Learners, holder: tuple[int, str], administrator: int
) -> None:
    with time_machine.travel(at(date(2028, 2, 14)), tick=False):
        jobs.plan(app)
        jobs.deliver_due(app, limit=3)
    learners.world.write(
        lambda: db.session.query(RoleGrant).filter_by(user_id=administrator).update({"revoked_at": utc_now()})
    )

    work(app, at(date(2028, 2, 14), 20))

    assert digests(app) == []


# --- schedulers and what is chosen ----------------------------------------------------------------------------------


def test_two_schedulers_at_the_same_moment_plan_each_thing_once(app: Flask, learners: Learners) -> None:
    """Fault 18, truly at once: a unique key stands behind the look, and the loser looks again."""
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: jobs.plan(app), range(4)))

    kinds = learners.world.read(
        lambda: sorted(db.session.scalars(select(OutboxMessage.kind).where(OutboxMessage.kind.like("%ly-%"))))
    )
    assert sum(added) == 6
    assert kinds == [
        "daily-prints", "daily-reminders", "daily-renewals", "daily-role-endings", "weekly-audit-heads", "weekly-digests",
    ]  # fmt: skip


def test_who_switches_the_early_mails_off_on_the_account_page_gets_none(
    app: Flask, learners: Learners, holder: tuple[int, str]
) -> None:
    client = learners.world.client_of(holder[0])
    assert "cannot be switched off" in client.get("/account").text

    send(client, "/account", {"name": "Nora Núñez", "certificate_name": "", "language": "en"}, page="/account")

    assert learners.world.read(lambda: db.session.get_one(User, holder[0]).wants_early_reminders) is False
    work(app, at(END - timedelta(days=60)))
    assert reminders(learners) == []


def test_home_says_what_ends_soon_and_how_to_renew_it(learners: Learners, administrator: int) -> None:
    with time_machine.travel(at(END - timedelta(days=50)), tick=False):
        user, _code = learners.certified("Soon Over")
        own = learners.world.client_of(user).get("/home").text
        head = learners.world.client_of(administrator).get("/home?lang=en").text

    assert '<a href="/courses/tiny">How to renew it' in own
    assert "1 person has a certificate that expires within 60 days" in head
    assert 'href="/reports/expiring"' in head


@pytest.mark.parametrize(("left", "is_told"), [(91, False), (90, True), (-5, True)])
def test_the_page_that_the_mail_leads_to_shows_the_way_to_renew(
    learners: Learners, holder: tuple[int, str], left: int, is_told: bool
) -> None:
    with time_machine.travel(at(END - timedelta(days=left)), tick=False):
        page = learners.world.client_of(holder[0]).get("/certificates").text

    assert ('<a href="/courses/tiny">How to renew it' in page) is is_told
