"""Boosters: closed until their day, no part of the course, told of once, and recorded like other attempts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_string, policy
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms import amending, jobs, journey
from lms.assessment.models import Attempt
from lms.certification.boosters import open_boosters
from lms.certification.models import Certificate
from lms.certification.packet import packet_of
from lms.clock import utc_now
from lms.courseware.check import check_course
from lms.courseware.folder import load_folder
from lms.courseware.hours import needed_modules
from lms.courseware.read import read_course
from lms.database import db
from lms.errors import Conflict
from lms.learning.enrollments import enrollments_of
from lms.mail import mail_folder
from lms.outbox import OutboxMessage
from lms.people.models import User
from lms.people.notices import Wishes, keep_wishes
from tests.cohorts.conftest import ZONE
from tests.learning.test_new_versions import Learner, edited, publish
from tests.support.pages import form_of, page_of
from tests.support.visits import send
from tests.support.world import World

EVENING = datetime(2026, 3, 15, 3, tzinfo=UTC)
"""14 March, ten in the evening in Chicago; in UTC it is the 15th."""

FIRST_DAY, SECOND_DAY = date(2026, 6, 12), date(2026, 9, 10)
"""90 and 180 days after 14 March."""

BOOSTER = """\
---
id: booster-{days}
title: "Booster: {days} days on"
kind: quiz
disciplines: [shared]
minutes: 10
objectives:
  - {{id: LO1, text: Remember the steps}}
content_note: none
quiz: {{role: booster-{days}, blueprint: steps, feedback: immediate}}
---

# Booster

## Questions

<!-- pool: all -->

### Steps are still taken in order.

<!-- q: b{days}-order; type: true-false; lo: LO1 -->

- [x] True
- [ ] False

> [!NOTE]
> Order helps.
"""


def text_of(client: FlaskClient, address: str) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page_of(client, address))).split())


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def with_boosters(files: dict[str, bytes]) -> dict[str, bytes]:
    """The tiny course with two boosters, as authors write them."""
    listed = b"  - {id: booster-180, prerequisites: [final]}\n  - {id: booster-90, prerequisites: [final]}\npass:"
    return {
        **files,
        "course.yaml": files["course.yaml"].replace(b"pass:", listed),
        "en/91-booster-90.md": BOOSTER.format(days=90).encode(),
        "en/92-booster-180.md": BOOSTER.format(days=180).encode(),
    }


@pytest.fixture
def files(tiny_course) -> dict[str, bytes]:
    return with_boosters(load_folder(tiny_course))


@pytest.fixture
def finished(app: Flask, world: World, files: dict[str, bytes]) -> Learner:
    """Somebody who completed the course in the evening of 14 March."""
    for old in mail_folder(app.extensions["lms"].settings).glob("*.eml"):
        old.unlink()
    with time_machine.travel(EVENING, tick=False):
        publish(world, files)
        learner = Learner(app, world).finish()
    work(app, EVENING)
    return learner


def work(app: Flask, moment: datetime) -> None:
    """What the scheduler and the worker do at a moment, until nothing is left."""
    with time_machine.travel(moment, tick=False):
        jobs.plan(app)
        while jobs.deliver_due(app):
            pass


def told(app: Flask) -> list[str]:
    """The texts of the mails about refreshers, and nothing else."""
    folder = mail_folder(app.extensions["lms"].settings)
    mails = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.eml"))]
    texts = [str(message_from_string(mail, policy=policy.default).get_content()) for mail in mails]
    return [text for text in texts if "/account/mails" in text and ("refresher" in text or "repaso" in text)]


def take(learner: Learner, module_id: str) -> None:
    learner.submit(learner.start(module_id))


# --- no part of the course ------------------------------------------------------------------------------------------


def test_a_booster_is_no_part_of_progress_minutes_and_completion(finished: Learner) -> None:
    (course,) = finished.world.read(lambda: enrollments_of(finished.viewer.id))

    assert finished.standing.completed_at == EVENING
    assert (course.done, course.total, course.minutes_left) == (3, 3, 0)
    assert course.next_module is None


def test_a_course_that_names_nothing_as_required_needs_all_but_its_boosters(files: dict[str, bytes]) -> None:
    course, _ = read_course({**files, "course.yaml": files["course.yaml"].replace(b"require: [final]", b"require: []")})

    assert course is not None
    assert needed_modules(course) == {"first-steps", "second-steps", "final"}


def test_the_certificate_and_the_packet_speak_of_the_course_alone(finished: Learner, files: dict[str, bytes]) -> None:
    certificate = finished.world.read(lambda: db.session.scalars(select(Certificate)).one())
    course, _ = read_course(files)
    assert course is not None

    packet = packet_of(course, ())

    assert "Remember the steps" not in str(certificate.facts)
    assert [lesson.number for lesson in packet.lessons] == [1, 2, 3]
    assert "Booster: 90 days on: 1 question, 90 days after the course, to remember; not graded." in packet.evaluation


def test_the_course_page_counts_without_them_and_shows_them_in_a_part_of_their_own(
    app: Flask, world: World, finished: Learner
) -> None:
    with time_machine.travel(noon(date(2026, 4, 1)), tick=False):
        page = text_of(world.client_of(finished.viewer.id), "/courses/tiny")
        stranger = text_of(app.test_client(), "/courses/tiny")

    assert "Later: two short refreshers" in page
    assert page.index("Opens on June 12, 2026") < page.index("Opens on September 10, 2026")
    assert "4. Booster" not in page
    assert "What is optional" not in page
    assert "Opens 90 days after you complete the course" in stranger


def test_the_reader_and_the_home_page_count_three_modules(app: Flask, world: World, files: dict[str, bytes]) -> None:
    publish(world, files)
    learner = Learner(app, world).enroll().read("first-steps")
    client = world.client_of(learner.viewer.id)

    assert "Module 1 of 3" in text_of(client, "/learn/tiny/first-steps")
    assert "1 of 3 modules completed" in text_of(client, "/home")
    assert "1 of 3 modules completed" in text_of(client, "/catalog")


# --- its day --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 6, 12, 4, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 12, 5, 0, tzinfo=UTC), True),
    ],
)
def test_a_booster_opens_at_midnight_of_its_local_day(finished: Learner, moment: datetime, is_open: bool) -> None:
    with time_machine.travel(moment, tick=False):
        page = text_of(finished.world.client_of(finished.viewer.id), "/learn/tiny/booster-90")

    assert ("This short refresher opens on June 12, 2026." in page) is not is_open
    assert ("Start" in page) is is_open


@pytest.mark.parametrize(
    ("completed_at", "opens_at"),
    [
        (datetime(2027, 12, 2, 5, 59, tzinfo=UTC), datetime(2028, 2, 29, 6, tzinfo=UTC)),
        (datetime(2026, 8, 4, 4, 59, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
        (datetime(2026, 8, 5, 4, 59, tzinfo=UTC), datetime(2026, 11, 2, 6, tzinfo=UTC)),
    ],
    ids=["on a leap day", "on the day when the clocks go back", "on the day after"],
)
def test_ninety_days_are_days_of_the_calendar(
    app: Flask, world: World, files: dict[str, bytes], completed_at: datetime, opens_at: datetime
) -> None:
    with time_machine.travel(completed_at, tick=False):
        publish(world, files)
        learner = Learner(app, world).finish()

    def opened(moment: datetime) -> list[str]:
        (course,) = world.read(lambda: enrollments_of(learner.viewer.id))
        return [
            module["id"] for _, module in world.read(lambda: open_boosters(learner.viewer.id, [course], moment, ZONE))
        ]

    assert opened(opens_at - timedelta(seconds=1)) == []
    assert opened(opens_at) == ["booster-90"]


@pytest.mark.parametrize("address", ["attempts", "complete"])
def test_before_its_day_a_booster_cannot_be_started_by_a_typed_address(finished: Learner, address: str) -> None:
    with time_machine.travel(noon(FIRST_DAY - timedelta(days=1)), tick=False):
        client = finished.world.client_of(finished.viewer.id)
        answer = send(client, f"/learn/tiny/booster-90/{address}", {}, page="/account")

    assert answer.status_code == 409
    assert "This refresher opens on June 12, 2026." in answer.get_data(as_text=True)


def test_before_the_course_is_complete_it_says_after_how_many_days_it_opens(
    app: Flask, world: World, files: dict[str, bytes]
) -> None:
    publish(world, files)
    learner = Learner(app, world).enroll()

    page = text_of(world.client_of(learner.viewer.id), "/learn/tiny/booster-180")

    assert "opens 180 days after you complete the course" in page
    with pytest.raises(Conflict, match="opens 180 days after"):
        learner.start("booster-180")


def test_an_open_booster_is_taken_and_recorded_and_changes_nothing_else(app: Flask, finished: Learner) -> None:
    with time_machine.travel(noon(FIRST_DAY), tick=False):
        take(finished, "booster-90")
        page = text_of(finished.world.client_of(finished.viewer.id), "/courses/tiny")

    attempt = finished.world.read(
        lambda: db.session.scalars(select(Attempt).where(Attempt.module_id == "booster-90")).one()
    )
    assert (attempt.role, attempt.score_percent, attempt.passed) == ("booster-90", 100, None)
    assert finished.standing.completed_at == EVENING
    assert "Open since June 12, 2026" in page
    assert finished.world.read(lambda: len(db.session.scalars(select(Certificate)).all())) == 1


# --- being told -----------------------------------------------------------------------------------------------------


def test_one_mail_comes_when_each_booster_opens_and_names_no_subject(app: Flask, finished: Learner) -> None:
    for days in (89, 90, 91, 120, 121, 180, 181, 400):
        work(app, noon(date(2026, 3, 14) + timedelta(days=days)))

    first, _second = told(app)
    assert "/home" in first
    assert "tiny" not in first.lower()
    keys = finished.world.read(
        lambda: list(db.session.scalars(select(OutboxMessage.effect_key).where(OutboxMessage.kind == "reminder")))
    )
    assert [key.split(":")[1] for key in keys] == ["booster", "booster"]


def test_a_worker_that_was_down_makes_up_for_some_weeks_only(app: Flask, finished: Learner) -> None:
    work(app, noon(FIRST_DAY + timedelta(days=31)))
    assert told(app) == []

    work(app, noon(SECOND_DAY + timedelta(days=30)))
    assert len(told(app)) == 1


def disabled(learner: Learner) -> None:
    db.session.get_one(User, learner.viewer.id).disabled_at = utc_now()


def erased(learner: Learner) -> None:
    db.session.get_one(User, learner.viewer.id).email = None


def unwilling(learner: Learner) -> None:
    keep_wishes(learner.viewer.id, Wishes(wants_refreshers=False))


def revoked(learner: Learner) -> None:
    certificate = db.session.scalars(select(Certificate)).one()
    amending.revoke_certificate(certificate, "Taken by another.", learner.settings, actor_id=learner.viewer.id)


@pytest.mark.parametrize("change", [disabled, erased, unwilling, revoked])
def test_no_mail_goes_to_whom_it_does_not_concern(
    app: Flask, finished: Learner, change: Callable[[Learner], None]
) -> None:
    finished.world.write(lambda: change(finished))

    work(app, noon(FIRST_DAY))

    assert told(app) == []


def test_no_mail_comes_once_the_booster_was_taken(app: Flask, finished: Learner) -> None:
    with time_machine.travel(noon(FIRST_DAY) - timedelta(hours=8), tick=False):
        take(finished, "booster-90")

    work(app, noon(FIRST_DAY))

    assert told(app) == []


def test_a_mail_that_waited_is_not_sent_after_the_booster_was_taken(app: Flask, finished: Learner) -> None:
    with time_machine.travel(noon(FIRST_DAY), tick=False):
        jobs.plan(app)
        ids = finished.world.read(
            lambda: list(
                db.session.scalars(
                    select(OutboxMessage.id).where(OutboxMessage.kind == "daily-reminders").order_by(OutboxMessage.id)
                )
            )
        )
        jobs.deliver_message(app, ids[-1])
        take(finished, "booster-90")
        while jobs.deliver_due(app):
            pass

    kinds = finished.world.read(lambda: list(db.session.scalars(select(OutboxMessage.kind))))
    assert "reminder" in kinds
    assert told(app) == []


def test_the_home_page_shows_what_is_open_until_it_is_taken_and_never_as_overdue(finished: Learner) -> None:
    client = finished.world.client_of(finished.viewer.id)
    with time_machine.travel(noon(FIRST_DAY - timedelta(days=1)), tick=False):
        assert "refresher" not in text_of(finished.world.client_of(finished.viewer.id), "/home")
    with time_machine.travel(noon(FIRST_DAY + timedelta(days=60)), tick=False):
        client = finished.world.client_of(finished.viewer.id)
        page = text_of(client, "/home")
        assert "A refresher of 10 minutes is open: Booster: 90 days on" in page
        assert "verdue" not in page
        take(finished, "booster-90")
        assert "A refresher of" not in text_of(client, "/home")


def test_the_later_booster_takes_the_place_of_an_earlier_one_on_the_home_page(finished: Learner) -> None:
    with time_machine.travel(noon(SECOND_DAY), tick=False):
        page = text_of(finished.world.client_of(finished.viewer.id), "/home")

    assert page.count("A refresher of") == 1
    assert "Booster: 180 days on" in page


def test_after_a_revocation_the_home_page_is_silent_and_the_booster_still_opens(finished: Learner) -> None:
    finished.world.write(lambda: revoked(finished))

    with time_machine.travel(noon(FIRST_DAY), tick=False):
        assert "A refresher of" not in text_of(finished.world.client_of(finished.viewer.id), "/home")
        take(finished, "booster-90")


def test_whoever_wants_no_mails_about_refreshers_says_so_in_the_account(finished: Learner) -> None:
    client = finished.world.client_of(finished.viewer.id)
    form = form_of(page_of(client, "/account/mails"), "")
    assert form.fields["wants_refreshers"]
    del form.fields["wants_refreshers"]

    client.post("/account/mails", data=form.fields)

    assert "wants_refreshers" not in form_of(page_of(client, "/account/mails"), "").fields


# --- again ----------------------------------------------------------------------------------------------------------


def test_a_retrain_asks_for_no_booster_again_and_they_follow_the_new_completion(
    finished: Learner, files: dict[str, bytes]
) -> None:
    world, later = finished.world, datetime(2026, 7, 1, 18, tzinfo=UTC)
    with time_machine.travel(noon(FIRST_DAY), tick=False):
        take(finished, "booster-90")
    changed = edited(files)
    changed["en/92-booster-180.md"] = changed["en/92-booster-180.md"].replace(b"still taken", b"always taken")
    with time_machine.travel(later, tick=False):
        publish(world, changed, "retrain")
        client = world.client_of(finished.viewer.id)
        assert "180 days on" not in page_of(client, "/courses/tiny").partition("Renew what changed")[0]
        world.write(lambda: journey.renew_course(finished.viewer, "tiny", finished.settings))
        page = text_of(client, "/courses/tiny")
        assert "Opens 90 days after you complete the course" in page
        finished.read("first-steps")

        assert finished.standing.completed_at == later
        assert "Opens on September 29, 2026" in text_of(client, "/courses/tiny")


def test_no_mail_of_the_earlier_completion_comes_while_the_course_is_taken_again(
    app: Flask, finished: Learner, files: dict[str, bytes]
) -> None:
    with time_machine.travel(noon(FIRST_DAY - timedelta(days=2)), tick=False):
        publish(finished.world, edited(files), "retrain")
        finished.world.write(lambda: journey.renew_course(finished.viewer, "tiny", finished.settings))

    work(app, noon(FIRST_DAY))

    assert told(app) == []


# --- the check ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"require: [final]", b"require: [final, booster-90]", "the course cannot require it"),
        (b"{id: booster-180, prerequisites: [final]}", b"{id: booster-180, prerequisites: [booster-90]}", "first"),
        (b"[first-steps, second-steps]}", b"[first-steps, second-steps, booster-180]}", "final asks for booster-180"),
    ],
)
def test_the_check_refuses_a_course_that_waits_for_a_booster(
    files: dict[str, bytes], old: bytes, new: bytes, said: str
) -> None:
    wrong = {**files, "course.yaml": files["course.yaml"].replace(old, new)}

    found = [one for one in check_course(wrong, "tiny", today=date(2026, 11, 24)) if one.code == "C005"]

    assert [one.is_error for one in found] == [True]
    assert said in found[0].message


def test_the_check_has_nothing_against_boosters_as_authors_write_them(files: dict[str, bytes]) -> None:
    assert "C005" not in {one.code for one in check_course(files, "tiny", today=date(2026, 11, 24))}
