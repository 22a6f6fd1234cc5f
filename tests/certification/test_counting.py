"""“Does this count for me?”: yes only by an approval; a rule without one is never said to be met."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from lms.certification.counting import Answer, Asker, Suggestion, answer
from lms.certification.credit import Approval
from lms.certification.credit_bodies import Body, Rule
from tests.support.world import SHIPPED_COURSES


def body(slug: str) -> Body:
    text = (SHIPPED_COURSES / "credit-bodies" / f"{slug}.yaml").read_text(encoding="utf-8")
    return Body(1, slug, yaml.safe_load(text))


RULES = [
    Rule(one["id"], one["state"], one)
    for name in ("missouri", "other-states")
    for one in yaml.safe_load((SHIPPED_COURSES / "mandates" / f"{name}.yaml").read_text(encoding="utf-8"))["mandates"]
]
POST = Approval(1, 1, body("missouri-post"), "clee", "CN", "", "", date(2026, 1, 1), None, (("legal-studies", 60),))
ANCC = Approval(2, 1, body("ancc"), "nursing-contact-hours", "A", "", "S", date(2026, 1, 1), None, ((None, 60),))
SUGGESTED = Suggestion("missouri-post", "clee", "legal-studies", 60)


def asked(discipline: str, *boards: str, states: tuple[str, ...] = ("MO",), **given: Any) -> list[Answer]:
    asker = Asker(frozenset({discipline}), frozenset(states), frozenset(boards))
    bodies = {name: body(name) for name in ("missouri-post", "ancc")}
    return answer(asker, RULES, given.get("approvals", ()), given.get("suggestions", ()), bodies)


def kinds(answers: list[Answer]) -> dict[str, str]:
    return {one.rule.slug if one.rule else one.body: one.kind for one in answers}


def test_an_officer_with_a_license_has_a_yes_from_an_approval() -> None:
    answers = asked("law-enforcement", "missouri-post", approvals=[POST])

    assert kinds(answers)["missouri-peace-officers-clee"] == "yes"
    assert answers[0].approvals == (POST,)


def test_an_officer_without_a_license_is_told_to_enter_it() -> None:
    assert kinds(asked("law-enforcement", approvals=[POST]))["missouri-peace-officers-clee"] == "needs-license"


def test_a_suggestion_may_be_submitted_and_is_no_yes() -> None:
    found = kinds(asked("law-enforcement", "missouri-post", suggestions=[SUGGESTED]))

    assert found["missouri-peace-officers-clee"] == "submit"
    assert "yes" not in found.values()


def test_a_suggestion_to_the_board_of_another_discipline_is_not_shown() -> None:
    assert "missouri-post" not in kinds(asked("healthcare", suggestions=[SUGGESTED]))
    assert (
        kinds(asked("healthcare", "missouri-post", suggestions=[SUGGESTED]))["missouri-peace-officers-clee"] == "submit"
    )


def test_a_missouri_nurse_reads_that_nothing_is_required() -> None:
    answers = asked("healthcare", "missouri-nursing")

    assert kinds(answers) == {"missouri-nurses-none": "no", "missouri-trafficking-training-none": "no"}
    assert "does not require continuing education to renew" in answers[0].rule.text("says", "en")  # type: ignore[union-attr]


def test_an_approval_counts_for_its_discipline_beside_the_rules() -> None:
    assert kinds(asked("healthcare", approvals=[ANCC, POST])) == {
        "ancc": "yes",
        "missouri-nurses-none": "no",
        "missouri-trafficking-training-none": "no",
    }


def test_a_required_rule_without_approval_or_suggestion_is_not_known() -> None:
    found = kinds(asked("healthcare", "florida-nursing", states=("FL",)))

    assert found == {"florida-nurses-trafficking": "unknown"}


def test_no_rule_at_all_is_not_known_and_not_a_no() -> None:
    assert [one.kind for one in asked("housing", states=("KS",))] == ["unknown"]


def test_a_rule_of_another_state_does_not_concern_anybody_here() -> None:
    assert not any(one.rule and one.rule.state != "MO" for one in asked("healthcare"))


def test_a_finding_that_nothing_is_required_is_never_a_yes() -> None:
    for discipline in ("schools", "healthcare", "law-enforcement"):
        for one in asked(discipline, "missouri-post", approvals=[POST, ANCC]):
            if one.rule is not None and one.rule.facts["status"] == "none":
                assert one.kind == "no"


def test_every_rule_says_where_and_when_it_was_read_and_how_sure_we_are() -> None:
    for rule in RULES:
        assert rule.facts["source"].startswith("https://")
        assert rule.facts["checked_on"]
        assert rule.facts["confidence"] in ("H", "M", "L")
        assert "es" in rule.facts["says"]
