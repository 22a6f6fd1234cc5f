"""What waits for the viewer's decision, on the home page and on People: each kind with its count and the way to it."""

from __future__ import annotations

from flask import url_for
from flask_babel import ngettext

from lms.access import Viewer
from lms.certification.assignment_rules import AsOf
from lms.clock import utc_now
from lms.waiting import Waiting, load_waiting
from lms.web.guards import settings
from lms.web.home import HomeSection, home_section


def waiting_for(person: Viewer) -> Waiting:
    """How much waits for the viewer at this moment."""
    return load_waiting(person, AsOf.at(utc_now(), settings().time_zone))


@home_section
def waiting_decisions(person: Viewer) -> HomeSection | None:
    """Nobody is sent a mail for each request: here, on People and in the weekly overview an administrator learns of
    them."""
    lines = lines_of(waiting_for(person))
    return HomeSection("waiting/_home.html", {"lines": lines}, order=12) if lines else None


def lines_of(found: Waiting) -> list[tuple[str, str]]:
    """What to say and where it leads, for each kind of which something waits."""
    kinds = (
        (
            found.joining,
            "join_requests.decide",
            ngettext("%(num)s person asks to join", "%(num)s people ask to join", found.joining),
        ),
        (
            found.more_time,
            "assignment_exceptions.list_requests",
            ngettext("%(num)s person asks for more time", "%(num)s people ask for more time", found.more_time),
        ),
        (
            found.trainings,
            "training_queue.list_queue",
            ngettext("%(num)s training done elsewhere", "%(num)s trainings done elsewhere", found.trainings),
        ),
        (
            found.names,
            "certificate_changes.list_name_requests",
            ngettext("%(num)s name to be printed", "%(num)s names to be printed", found.names),
        ),
        (
            found.erasures,
            "privacy.list_erasures",
            ngettext("%(num)s person asks to be erased", "%(num)s people ask to be erased", found.erasures),
        ),
        (
            found.answers,
            "marking.list_answers",
            ngettext(
                "%(num)s quiz with written answers to mark",
                "%(num)s quizzes with written answers to mark",
                found.answers,
            ),
        ),
    )
    return [(text, url_for(endpoint)) for count, endpoint, text in kinds if count]
