"""No table that leads to a person is forgotten: each is claimed for merging, for one's own data, and for erasing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Table, UniqueConstraint

import lms
from lms.database import Model
from lms.people.persons import FOLLOWS, MOVES, PERSONS, Claim, pointed_at, table_of
from lms.person_rooms import FIRSTS, ROOMS, untouched
from tests.wall.test_policies import tables_that_lead_to_a_person

CLAIMS = [claim for room in ROOMS for claim in room.claims]
IDS = [f"{claim.table}.{claim.way}" for claim in CLAIMS]

TOLD_OF_NOWHERE = {
    "lms_agency_arrivals": "told of by its two agencies",
    "lms_audit_waiting": "numbered by the event",
    "lms_credit_lines": "goes with its certificate only",
    "lms_evidence": "goes with its certificate only",
    "lms_import_changes": "goes with all of its import; what they name is numbered once",
    "lms_import_rows": "goes with all of its import",
    "lms_issued_documents": "goes with its certificate only",
    "lms_marked_answers": "told of by its attempt and its question",
    "lms_merge_moves": "what they name is numbered once",
    "lms_module_progress": "goes with its enrollment only",
    "lms_notice_preferences": "one of each person",
    "lms_password_resets": "told of by its token",
    "lms_policy_acceptances": "goes with its person only",
    "lms_provider_sign_ins": "told of by its token",
    "lms_provisioned_people": "goes with its person only",
    "lms_responses": "goes with its attempt only",
    "lms_sign_in_tickets": "told of by its token",
    "lms_story_plays": "told of by its enrollment and its story",
    "lms_used_assertions": "told of by its digest",
    "lms_user_sessions": "told of by its token",
}
"""Tables whose rows go, and of whose numbers nothing that stays tells."""


def test_every_foreign_key_to_a_person_is_claimed() -> None:
    keys = {
        (table.name, key.parent.name)
        for table in Model.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == PERSONS
    }
    claimed = {(claim.table, claim.way) for claim in CLAIMS}

    forgotten = sorted(keys - claimed)

    assert not forgotten, f"add a Claim to the claims.py of the room for {forgotten} (README, A person as a whole)"


def is_looked_up_by(table: Table, column: str) -> bool:
    """Whether all rows of a column's value are found by an index: one of a part of the rows does not serve."""
    whole = [index for index in table.indexes if index.dialect_options["postgresql"]["where"] is None]
    keys = [table.primary_key, *(rule for rule in table.constraints if isinstance(rule, UniqueConstraint))]
    return any(next(iter(one.columns)).name == column for one in (*whole, *keys))


def test_every_foreign_key_to_a_person_has_a_whole_index() -> None:
    """Else whoever removes a person, as the undo of an import does, looks through the whole table for each of them."""
    without = sorted(
        f"{table.name}.{key.parent.name}"
        for table in Model.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == PERSONS and not is_looked_up_by(table, key.parent.name)
    )

    assert without == []


def test_every_table_below_a_person_is_claimed_or_said_to_hold_nothing_of_one() -> None:
    forgotten = tables_that_lead_to_a_person() - set(FIRSTS) - set(untouched())

    assert not forgotten, f"add a Claim, or a reason in `untouched` of a room, for {sorted(forgotten)}"


def test_a_row_that_can_go_leaves_a_number_that_is_given_to_nobody_else() -> None:
    classes = {one.class_.__name__: one.local_table.name for one in Model.registry.mappers}
    sources = [path.read_text() for path in Path(lms.__file__).parent.rglob("*.py")]
    deleted = {name for text in sources for name in re.findall(r"\bdelete\((\w+)\)", text)}
    going = {classes[name] for name in deleted if name in classes} | {
        claim.table for claim in CLAIMS if "goes" in (claim.erase.kind, claim.finally_ and claim.finally_.kind)
    }
    once = {table.name for table in Model.metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]}

    assert {"lms_users", "lms_memberships", "lms_enrollments", "lms_invitations", "lms_certificates"} <= once
    assert going - once == set(TOLD_OF_NOWHERE), "NUMBERED_ONCE (lms/database.py), or a reason in TOLD_OF_NOWHERE"


def test_no_claim_outlives_its_table_and_none_is_made_twice() -> None:
    assert (set(FIRSTS) | set(untouched())) - set(Model.metadata.tables) == set()
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("claim", CLAIMS, ids=IDS)
def test_the_way_of_a_claim_leads_to_a_person(claim: Claim) -> None:
    target = pointed_at(claim.table, claim.way)

    assert claim.table == PERSONS or target is not None
    assert target is None or target.table.name in {PERSONS, *FIRSTS}


@pytest.mark.parametrize("claim", CLAIMS, ids=IDS)
def test_what_hangs_on_a_row_follows_it_and_what_points_to_a_person_moves_or_says_why_not(claim: Claim) -> None:
    target = pointed_at(claim.table, claim.way)
    is_direct = target is None or target.table.name == PERSONS

    assert claim.merge != FOLLOWS if is_direct else claim.merge != MOVES
    assert claim.merge in (MOVES, FOLLOWS) or len(claim.merge.split()) > 2


@pytest.mark.parametrize("claim", FIRSTS.values(), ids=list(FIRSTS))
def test_every_column_is_handed_out_or_kept_back_by_name(claim: Claim) -> None:
    if isinstance(claim.export, str):
        assert len(claim.export.split()) > 3, "say why nothing of it is handed out"
        return
    given = {source.partition(">")[0] for source in claim.export.values()}
    columns = {column.name for column in table_of(claim.table).columns}

    silent = columns - given - set(claim.kept_back) - {"id", claim.way}

    assert not silent, f"{claim.table}: hand out or keep back {sorted(silent)}"
    assert (given | set(claim.kept_back)) <= columns


@pytest.mark.parametrize("claim", FIRSTS.values(), ids=list(FIRSTS))
def test_every_table_says_what_it_holds_why_for_how_long_and_who_sees_it(claim: Claim) -> None:
    assert all((claim.holds, claim.why, claim.kept, claim.seen_by, claim.erase.words))


def test_names_under_which_a_person_reads_their_data_are_used_once_in_a_room() -> None:
    for room in ROOMS:
        names = [claim.name for claim in room.claims if not isinstance(claim.export, str)]
        assert len(set(names)) == len(names), room.name


def test_every_way_to_a_person_goes_by_an_index() -> None:
    """Without one, whoever removes, merges or hands out a person reads the whole table: each database does, for every
    key that may still point to the row."""
    slow = [
        f"{table.name}.{key.column_keys[0]}"
        for table in Model.metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.referred_table.name == "lms_users" and key.column_keys[0] not in _first_columns(table)
    ]

    assert slow == []


def _first_columns(table: Table) -> set[str]:
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return {next(iter(one.columns)).name for one in (*table.indexes, *unique)}
