"""Synthetic agencies, people and records for load tests, by bulk: the same ones for the same number of learners.

Every row satisfies every constraint of the tables. What is left out, so that a million learners take minutes: the
questions drawn and the answers given (an attempt is only its result), the objectives on certificates, audit events,
and, after the first 20,000 learners, progress in modules other than the one that was opened last.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from lms.catalog.versions import current_versions
from lms.certification.facts import AwardSite
from lms.clock import utc_now
from lms.database import writing
from lms.errors import N_, Conflict, Invalid
from lms.seeding.batch import Seed, next_ids, send, settle_tables
from lms.seeding.records import final_module, make_agencies, make_learner
from lms.settings import Settings

LEARNERS_PER_AGENCY = 500
LEARNERS_PER_BATCH = 2_000
"""One transaction each: what was made stays if the next one is stopped, and other writers get in between."""

FULL_PROGRESS_LEARNERS = 20_000


def seed(settings: Settings, learners: int, say: Callable[[str], None]) -> None:
    """Make so many learners with all that hangs on them; nobody of them can sign in. Commits batch by batch.

    Raises Conflict in production and where no course is published, Invalid for a number that makes no sense.
    """
    if settings.is_production:
        raise Conflict(N_("Synthetic people do not belong in a production database."))
    if learners < 1:
        raise Invalid(N_("Say how many learners to make: 1 or more."), field="learners")
    versions = [version for version in current_versions() if final_module(version) is not None]
    if not versions:
        raise Conflict(N_("Publish a course with a final quiz first: lms publish."))
    now = utc_now()
    chance = random.Random(learners)  # noqa: S311 - data, not secrets
    state = Seed(now, AwardSite.from_settings(settings), versions, chance, next_ids())
    make_agencies(state, max(4, learners // LEARNERS_PER_AGENCY))
    send(state)
    for start in range(0, learners, LEARNERS_PER_BATCH):
        for number in range(start, min(start + LEARNERS_PER_BATCH, learners)):
            make_learner(state, is_full=number < FULL_PROGRESS_LEARNERS)
        send(state)
        say(f"{min(start + LEARNERS_PER_BATCH, learners):,} of {learners:,} learners")
    with writing():
        settle_tables()
