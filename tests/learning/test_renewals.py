"""Renewing a course: all of it near the end, or only what a retrain changed; nothing that was done is touched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from lms import amending, journey
from lms.assessment.models import Attempt
from lms.certification import awards, certifying, rule_files
from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import plan_extend
from lms.certification.changing import history_of
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.models import Certificate
from lms.certification.renewing import Offer, offer_of
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.database import db
from lms.errors import Conflict
from lms.learning.models import Enrollment, ModuleProgress
from tests.learning.test_new_versions import Learner, edited, publish
from tests.support.world import World

BEGIN = datetime(2026, 3, 14, 17, tzinfo=UTC)


@pytest.fixture
def files(tiny_course) -> dict[str, bytes]:
    return load_folder(tiny_course)


@pytest.fixture
def holder(app: Flask, world: World, files: dict[str, bytes]) -> Learner:
    """Somebody who completed the course on 14 March 2026 and holds its certificate for 24 months."""
    with time_machine.travel(BEGIN, tick=False):
        publish(world, files)
        return Learner(app, world).finish()


def renew(learner: Learner) -> int:
    return learner.world.write(lambda: journey.renew_course(learner.viewer, "tiny", learner.settings))


def certificates(learner: Learner) -> list[CertificateFacts]:
    rows = learner.world.read(lambda: db.session.scalars(select(Certificate).order_by(Certificate.cycle)).all())
    return [CertificateFacts.from_json(row.facts) for row in rows]


def final_changed(files: dict[str, bytes]) -> dict[str, bytes]:
    path = "en/90-final.md"
    return {**files, path: files[path].replace(b"as often as you like", b"as often as you wish")}


@pytest.mark.parametrize(("change", "is_told"), [("retrain", True), ("revision", False)])
def test_who_is_midway_when_a_new_version_comes_is_told_what_follows(
    app: Flask, world: World, files: dict[str, bytes], change: str, is_told: bool
) -> None:
    publish(world, files)
    learner = Learner(app, world).enroll().read("first-steps")
    publish(world, edited(files), change)

    page = world.client_of(learner.viewer.id).get("/courses/tiny").get_data(as_text=True)

    assert "You keep the version you began" in page
    assert ("asked to take again what has changed" in page) is is_told


def test_a_certificate_that_lasts_is_not_renewed(holder: Learner) -> None:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC)), pytest.raises(Conflict, match="nothing to renew"):
        renew(holder)


def test_after_a_retrain_only_what_changed_is_taken_again(holder: Learner, files: dict[str, bytes]) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, edited(files), "retrain")
        renew(holder)
        standing = holder.standing
        assert (standing.cycle, standing.completed_at) == (2, None)
        assert [name for name in ("first-steps", "second-steps", "final") if standing.is_completed(name)] == [
            "second-steps",
            "final",
        ]

        holder.read("first-steps")

    first, second = certificates(holder)
    assert (first.version_number, second.version_number) == (1, 2)
    assert second.completed_on == date(2026, 9, 1)
    assert second.valid_until == first.valid_until == date(2028, 3, 14)
    assert second.content_hash != first.content_hash


def test_a_changed_final_is_passed_anew(holder: Learner, files: dict[str, bytes]) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, final_changed(files), "retrain")
        renew(holder)
        assert not holder.standing.is_completed("final")

        holder.submit(holder.start("final"))

    assert [facts.version_number for facts in certificates(holder)] == [1, 2]


def test_a_correction_between_re_opens_nothing(holder: Learner, files: dict[str, bytes]) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, edited(files), "correction")
        publish(holder.world, final_changed(edited(files)), "retrain")
        renew(holder)

        assert holder.standing.is_completed("first-steps")
        assert not holder.standing.is_completed("final")


def test_what_was_done_keeps_its_own_moments(holder: Learner, files: dict[str, bytes]) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, edited(files), "retrain")
        renewal = renew(holder)

    moments = holder.world.read(
        lambda: db.session.scalars(
            select(ModuleProgress.completed_at).where(ModuleProgress.enrollment_id == renewal)
        ).all()
    )
    assert moments == [BEGIN, BEGIN]


def test_near_its_end_the_whole_course_is_taken_again(holder: Learner) -> None:
    with time_machine.travel(datetime(2027, 12, 14, 18, tzinfo=UTC)):
        renew(holder)
        standing = holder.standing
        assert (standing.cycle, dict(standing.modules)) == (2, {})

        holder.read("first-steps").read("second-steps")
        holder.submit(holder.start("second-steps"))
        holder.submit(holder.start("final"))

    first, second = certificates(holder)
    assert (first.valid_until, second.valid_until) == (date(2028, 3, 14), date(2030, 3, 14))


def take_again(learner: Learner) -> None:
    renew(learner)
    learner.read("first-steps").read("second-steps")
    learner.submit(learner.start("second-steps"))
    learner.submit(learner.start("final"))


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (datetime(2028, 3, 15, 4, 59, tzinfo=UTC), date(2030, 3, 14)),  # the last minute of the last day in Chicago
        (datetime(2028, 3, 15, 5, 1, tzinfo=UTC), date(2030, 3, 15)),
        (datetime(2028, 6, 1, 17, tzinfo=UTC), date(2030, 6, 1)),
    ],
)
def test_from_the_end_on_a_course_taken_again_counts_from_its_own_day(
    holder: Learner, day: datetime, until: date
) -> None:
    with time_machine.travel(day, tick=False):
        take_again(holder)

    assert certificates(holder)[1].valid_until == until


def test_what_is_begun_in_time_and_completed_after_the_end_counts_from_its_own_day(holder: Learner) -> None:
    with time_machine.travel(datetime(2028, 3, 1, 18, tzinfo=UTC)):
        renew(holder)
    with time_machine.travel(datetime(2028, 4, 1, 18, tzinfo=UTC)):
        take_again(holder)

    assert certificates(holder)[1].valid_until == date(2030, 4, 1)


def test_in_time_it_counts_from_the_end_that_the_certificate_has_after_an_extension(holder: Learner) -> None:
    other = holder.world.user()
    site, zone = holder.settings, holder.settings.time_zone
    with time_machine.travel(datetime(2028, 3, 1, 18, tzinfo=UTC)):
        first = holder.world.read(lambda: db.session.scalars(select(Certificate.id)).one())
        plan = partial(plan_extend, valid_until=date(2028, 5, 31), now=utc_now(), time_zone=zone)
        holder.world.write(
            lambda: amending.change_certificate(first, plan, "A flood", site, actor_id=other, now=utc_now())
        )
        take_again(holder)
        change = holder.world.read(lambda: history_of(first)[0].id)

        assert certificates(holder)[-1].valid_until == date(2030, 5, 31)
        with pytest.raises(Conflict, match="A renewal was counted from this end"):
            holder.world.write(
                lambda: amending.undo_change(
                    db.session.get_one(CertificateChange, change), "No flood", site,
                    actor_id=other, now=utc_now(),
                )
            )  # fmt: skip


def test_before_the_days_of_renewal_it_counts_from_its_own_day(holder: Learner, world: World) -> None:
    rules = {"id": "yearly", "title": {"en": "Yearly"}, "requires": [{"course": "tiny"}], "valid_months": 12}
    with time_machine.travel(BEGIN, tick=False):
        world.write(lambda: rule_files.save_rules(rules, now=utc_now(), actor_id=None))
        site = AwardSite.from_settings(holder.settings)
        world.write(lambda: certifying.award_due(holder.viewer.id, utc_now(), site))

    with time_machine.travel(datetime(2027, 2, 1, 18, tzinfo=UTC)):
        take_again(holder)

    assert [one.valid_until for one in certificates(holder) if one.kind == "course"] == [
        date(2028, 3, 14),
        date(2029, 2, 1),
    ]


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (datetime(2028, 1, 2, 18, tzinfo=UTC), "you lose none: the new certificate counts from that day on"),
        (datetime(2028, 4, 2, 18, tzinfo=UTC), "counts from the day on which you complete the course"),
    ],
)
def test_the_course_page_says_from_when_the_new_certificate_counts(holder: Learner, day: datetime, says: str) -> None:
    with time_machine.travel(day, tick=False):
        page = holder.world.client_of(holder.viewer.id).get("/courses/tiny").get_data(as_text=True)

    assert says in page
    assert ("you lose none" in page) == ("you lose none" in says)


def test_pressing_renew_twice_makes_one_renewal(holder: Learner) -> None:
    with time_machine.travel(datetime(2028, 1, 2, tzinfo=UTC)):
        first, again = renew(holder), renew(holder)

    count = holder.world.read(lambda: db.session.query(Enrollment).count())
    assert (first == again, count) == (True, 2)


def test_what_changed_is_not_enough_once_the_certificate_has_ended_meanwhile(
    holder: Learner, files: dict[str, bytes]
) -> None:
    with time_machine.travel(datetime(2027, 11, 1, 17, tzinfo=UTC)):
        publish(holder.world, edited(files), "retrain")
        renew(holder)
    with time_machine.travel(datetime(2028, 4, 1, 17, tzinfo=UTC)):
        holder.read("first-steps")
        assert len(certificates(holder)) == 1

        renew(holder)
        assert holder.standing.cycle == 3


def test_the_offer_opens_on_its_day_and_after_a_revocation_at_once() -> None:
    ends = date(2028, 3, 14)

    assert offer_of(ends, False, False, date(2027, 12, 13)).kind is None
    assert offer_of(ends, False, False, date(2027, 12, 14)).kind == "whole"
    assert offer_of(ends, False, True, date(2027, 12, 13)).kind == "changed"
    assert offer_of(ends, False, True, date(2029, 1, 1)).kind == "whole"
    assert offer_of(ends, True, False, date(2026, 12, 14)).is_after_revocation


def test_a_certificate_for_a_short_time_is_not_to_be_renewed_on_the_day_it_is_earned() -> None:
    begins, ends = date(2026, 3, 1), date(2026, 5, 1)

    assert offer_of(ends, False, False, begins, begins).kind is None
    assert offer_of(ends, False, False, date(2026, 3, 31), begins) == Offer(
        "whole", ends, date(2026, 3, 31), counts_from_end=True
    )


def test_the_course_page_names_what_changed_and_the_button_begins_it(
    holder: Learner, world: World, files: dict[str, bytes]
) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(world, edited(files), "retrain")
        client = world.client_of(holder.viewer.id)
        page = client.get("/courses/tiny").get_data(as_text=True)
        assert "Renew what changed" in page

        from tests.support.visits import send

        answer = send(client, "/courses/tiny/renew", page="/courses/tiny")

        assert answer.status_code == 303
        assert holder.standing.cycle == 2


def test_who_was_revoked_takes_the_whole_course_again_for_another_certificate(holder: Learner) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        first = certificates(holder)[0].code

        def revoke() -> None:
            row = db.session.scalars(select(Certificate).where(Certificate.code == first)).one()
            row.revoked_at, row.revoked_reason = datetime.now(UTC), "By mistake"

        holder.world.write(revoke)
        take_again(holder)

    assert [one.valid_until for one in certificates(holder)] == [date(2028, 3, 14), date(2028, 9, 1)]
    standing = holder.world.read(
        lambda: db.session.scalars(select(Certificate.revoked_at).order_by(Certificate.cycle)).all()
    )
    assert [moment is None for moment in standing] == [False, True]


def test_where_nothing_that_has_to_be_taken_changed_the_new_certificate_is_there_at_once(
    holder: Learner, files: dict[str, bytes]
) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        newer = {**files, "course.yaml": files["course.yaml"].replace(b"owners: [test team]", b"owners: [new team]")}
        publish(holder.world, newer, "retrain")
        renew(holder)

    assert (holder.standing.cycle, holder.standing.completed_at is not None) == (2, True)
    assert [facts.version_number for facts in certificates(holder)] == [1, 2]


def test_the_course_is_not_complete_before_all_that_changed_is_taken(holder: Learner, files: dict[str, bytes]) -> None:
    path = "en/02-second-steps.md"
    newer = {**edited(files), path: files[path].replace(b"follows the first.", b"comes after the first.", 1)}
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, newer, "retrain")
        renew(holder)

        holder.read("first-steps")

        assert holder.standing.completed_at is None


def test_what_was_revoked_during_a_renewal_is_not_made_anew_by_it(holder: Learner, files: dict[str, bytes]) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, edited(files), "retrain")
        renew(holder)
        holder.world.write(
            lambda: awards.revoke(
                db.session.scalars(select(Certificate)).one(),
                "Somebody else sat the quiz.",
                holder.viewer.id,
                utc_now(),
            )
        )

        holder.read("first-steps")

    assert len(certificates(holder)) == 1


def test_a_renewal_keeps_the_end_though_the_cycle_before_it_brought_no_certificate(
    holder: Learner, files: dict[str, bytes]
) -> None:
    final = "en/90-final.md"
    without = {**edited(files), final: files[final].replace(b", pass_mark: 80", b"")}
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, without, "retrain")
        renew(holder)
        holder.read("first-steps")
        holder.submit(holder.start("final"))
        assert (holder.standing.completed_at is not None, len(certificates(holder))) == (True, 1)

        publish(holder.world, final_changed(edited(files)), "retrain")
        renew(holder)
        holder.submit(holder.start("final"))

    assert [facts.valid_until for facts in certificates(holder)] == [date(2028, 3, 14), date(2028, 3, 14)]


def test_a_renewal_of_what_changed_brings_the_hours_of_what_was_taken_again(
    holder: Learner, files: dict[str, bytes]
) -> None:
    path = "en/02-second-steps.md"
    newer = {**files, path: files[path].replace(b"follows the first.", b"comes after the first.", 1)}
    newer["course.yaml"] += b"suggested_credit: [{body: missouri-post, type: clee, category: null, minutes: 20}]\n"
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, newer, "retrain")
        renew(holder)
        holder.read("second-steps").submit(holder.start("second-steps"))

    first, second = certificates(holder)
    assert (first.contact_minutes, second.contact_minutes) == (30, 10)
    assert [line.minutes for line in second.suggested_credit] == [6]


def test_a_quiz_that_has_to_be_passed_now_is_not_taken_over_as_done(holder: Learner, files: dict[str, bytes]) -> None:
    path = "en/02-second-steps.md"
    newer = {
        **edited(files),
        "course.yaml": files["course.yaml"].replace(b"require: [final]", b"require: [second-steps, final]"),
        path: files[path].replace(b"{role: check, feedback", b"{role: check, pass_mark: 80, feedback"),
    }
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(holder.world, newer, "revision")
        publish(holder.world, final_changed(newer), "retrain")
        renew(holder)

        assert not holder.standing.is_completed("second-steps")


def test_the_course_page_names_a_module_that_is_new_and_says_where_nothing_is_asked(
    holder: Learner, world: World, files: dict[str, bytes]
) -> None:
    new = files["en/01-first-steps.md"].replace(b"id: first-steps", b"id: third-steps")
    new = new.replace(b"title: First steps", b"title: A third step").replace(b"# First steps", b"# A third step")
    course = files["course.yaml"].replace(b"  - {id: final, prereq", b"  - {id: third-steps}\n  - {id: final, prereq")
    course = course.replace(b"[first-steps, second-steps]", b"[first-steps, second-steps, third-steps]")
    newer = {**files, "en/03-third-steps.md": new, "course.yaml": course}
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        client = world.client_of(holder.viewer.id)
        publish(world, {**files, "course.yaml": files["course.yaml"].replace(b"test team", b"new team")}, "retrain")
        nothing = client.get("/courses/tiny").get_data(as_text=True)

        publish(world, newer, "retrain")
        page = client.get("/courses/tiny").get_data(as_text=True)

    assert "You need not take anything again" in nothing
    assert "<li>A third step</li>" in page


def test_a_certification_that_ends_sooner_than_the_course_lets_it_be_taken_again_in_its_window(
    holder: Learner, world: World
) -> None:
    rules = {"id": "yearly", "title": {"en": "Yearly"}, "requires": [{"course": "tiny"}], "valid_months": 12}
    site = AwardSite.from_settings(holder.settings)
    with time_machine.travel(BEGIN, tick=False):
        world.write(lambda: rule_files.save_rules(rules, now=utc_now(), actor_id=None))
        world.write(lambda: certifying.award_due(holder.viewer.id, utc_now(), site))
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC)), pytest.raises(Conflict, match="nothing to renew"):
        renew(holder)

    with time_machine.travel(datetime(2027, 2, 1, 18, tzinfo=UTC)):
        renew(holder)
        holder.read("first-steps").read("second-steps")
        holder.submit(holder.start("second-steps"))
        holder.submit(holder.start("final"))

    kinds = world.read(lambda: db.session.scalars(select(Certificate.kind).order_by(Certificate.id)).all())
    assert kinds == ["course", "certification", "course", "certification"]


def test_what_was_taken_again_because_it_changed_renews_no_certification(
    holder: Learner, world: World, files: dict[str, bytes]
) -> None:
    rules = {"id": "yearly", "title": {"en": "Yearly"}, "requires": [{"course": "tiny"}], "valid_months": 12}
    site = AwardSite.from_settings(holder.settings)
    with time_machine.travel(BEGIN, tick=False):
        world.write(lambda: rule_files.save_rules(rules, now=utc_now(), actor_id=None))
        world.write(lambda: certifying.award_due(holder.viewer.id, utc_now(), site))
    with time_machine.travel(datetime(2026, 9, 1, 17, tzinfo=UTC)):
        publish(world, edited(files), "retrain")
        renew(holder)
        holder.read("first-steps")

    with time_machine.travel(datetime(2027, 2, 1, 18, tzinfo=UTC)):
        world.write(lambda: certifying.award_due(holder.viewer.id, utc_now(), site))

    kinds = world.read(lambda: db.session.scalars(select(Certificate.kind).order_by(Certificate.id)).all())
    assert kinds == ["course", "certification", "course"]


def test_a_certification_that_wants_a_higher_score_lets_the_course_be_taken_again(
    holder: Learner, world: World
) -> None:
    requires = [{"course": "tiny", "min_percent": 100}]
    rules = {"id": "strict", "title": {"en": "Strict"}, "requires": requires, "valid_months": 24}

    with time_machine.travel(datetime(2026, 9, 1, tzinfo=UTC)):
        world.write(lambda: rule_files.save_rules(rules, now=utc_now(), actor_id=None))
        with pytest.raises(Conflict, match="nothing to renew"):
            renew(holder)
        world.write(lambda: db.session.execute(update(Attempt).values(score_percent=90)))

        renew(holder)

    assert holder.standing.cycle == 2
