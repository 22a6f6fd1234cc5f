"""What stands in a record: the text as published, the questions as seen, and nothing that is nobody's business."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from sqlalchemy import select

from lms import amending
from lms.assessment.models import Attempt
from lms.certification import trainings
from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import plan_rename
from lms.certification.models import Certificate
from lms.certification.training_models import ExternalTraining
from lms.courseware.read import content_hash
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.audit import note
from lms.records import collecting
from lms.records.sources import Source, chosen, pack
from tests.records.conftest import Records, question

SPRING = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(collecting.__file__).parent / collecting.SCHEMA).read_text(encoding="utf-8"))


def test_the_text_that_was_taught_is_the_published_files_byte_for_byte(records: Records) -> None:
    records.learn()

    archive = records.make().archive("source-tiny-v1.zip")

    assert {path: archive[f"files/{path}"] for path in records.files} == records.files
    assert len(archive) == len(records.files) + 1
    manifest = json.loads(archive["MANIFEST.json"])
    assert manifest["content_hash"] == content_hash(records.files)
    assert {one["path"]: one["sha256"] for one in manifest["files"]} == {
        path: hashlib.sha256(content).hexdigest() for path, content in records.files.items()
    }


def test_media_over_five_megabytes_are_named_and_left_out() -> None:
    small, large = Source("media/a.png", 5_000_000, "a" * 64), Source("media/b.mp4", 5_000_001, "b" * 64)

    packed = pack([small, large], lambda sha256: sha256.encode(), course="tiny", number=1, hash="c")

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        listed = {one["path"]: one["is_included"] for one in json.loads(archive.read("MANIFEST.json"))["files"]}
        assert sorted(archive.namelist()) == ["MANIFEST.json", "files/media/a.png"]
    assert listed == {"media/a.png": True, "media/b.mp4": False}


def test_media_are_left_out_once_they_are_many() -> None:
    many = [Source(f"media/{number}.mp4", 4_000_000, "a") for number in range(9)]

    assert chosen([*many, Source("en/course.md", 30_000_000, "a")]) == {
        *(f"media/{number}.mp4" for number in range(5)),
        "en/course.md",
    }


def reorder(records: Records, attempt: int, orders: dict[str, list[str]]) -> None:
    """The questions of an attempt with their items in another order."""

    def step() -> None:
        row = db.session.get_one(Attempt, attempt)
        row.drawn = [
            {**one, "order": orders.get(one["question"], one["order"])} for one in sorted(row.drawn, key=_question)
        ]

    records.world.write(step)


def _question(drawn: dict[str, Any]) -> str:
    return str(drawn["question"])


def test_questions_and_options_stand_in_the_order_in_which_they_were_shown(records: Records) -> None:
    records.learn()
    records.answer("second-steps")
    attempt = records.answer("final")
    orders = {"t-multiple": ["3", "1", "2"], "t-order": ["2", "3", "1"], "t-match": ["2", "1", "r3", "r1", "r2"]}
    reorder(records, attempt, orders)

    made = records.make()

    record = made.record
    shown = [one["id"] for one in record["courses"][0]["attempts"][-1]["questions"]]
    assert shown == sorted(shown)
    assert [one["text"] for one in question(record, "t-multiple")["options"]] == [
        "The weather",
        "The counselor",
        "The nurse",
    ]
    assert [one["text"] for one in question(record, "t-order")["rows"]] == ["Look", "Act", "Breathe"]
    matching = question(record, "t-match")["rows"]
    assert [one["text"] for one in matching] == ["The counselor", "The nurse"]
    assert matching[0]["choices"] == ["The moon", "The clinic", "The school"]
    printed = made.text[made.text.index("t-multiple") :]
    assert printed.index("The weather") < printed.index("The counselor") < printed.index("The nurse")


def test_each_answer_is_told_with_its_points_and_whether_it_was_right(records: Records) -> None:
    records.learn()
    records.answer("second-steps")
    records.answer("final", {})
    records.answer("final")

    record = records.make().record

    empty, whole = record["courses"][0]["attempts"][-2:]
    assert (empty["score_percent"], empty["passed"], empty["pass_mark"]) == (0, False, 80)
    assert (whole["score_fraction"], whole["score_percent"], whole["passed"]) == ("1", 100, True)
    assert {one["result"] for one in empty["questions"]} == {"unanswered", "private"}
    assert {one["result"] for one in whole["questions"]} == {"right", "private"}
    single = question(record, "t-single")
    assert (single["given"], single["right_answer"]) == ("Breathe in slowly", "Breathe in slowly")
    assert (single["points_earned"], single["points_possible"]) == ("1", "1")
    assert whole["receipt"]
    assert whole["last_saved_at"] == max(one["saved_at"] for one in whole["questions"] if one["result"] == "right")


def test_an_attempt_is_told_in_the_language_in_which_it_was_seen(records: Records) -> None:
    spanish = records.files["en/90-final.md"].replace(b"Choose the first step.", b"Elija el primer paso.")
    records.publish({**records.files, "es/90-final.md": spanish}, "revision")
    records.learn()
    records.answer("second-steps")
    records.answer("final", language="es")

    record = records.make(language="en").record

    assert record["courses"][0]["attempts"][-1]["language"] == "es"
    assert question(record, "t-single")["prompt"] == "Elija el primer paso."


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=True)


def spring(records: Records) -> dict[str, Any]:
    """What a record of March says, without what differs with each making."""
    record = records.make(since=date(2026, 3, 1), until=date(2026, 3, 31)).record
    assert record.pop("made")
    return record


def test_a_course_that_is_corrected_later_changes_nothing_in_the_record(records: Records) -> None:
    with at(SPRING):
        records.publish({**records.files, "en/course.md": records.files["en/course.md"] + b"\nMore.\n"}, "revision")
        records.learn()
        records.answer("second-steps")
        records.answer("final", {})
    with at(SPRING + timedelta(days=40)):
        before = spring(records)
        wrong = records.files["en/90-final.md"].replace(b"- [x] Breathe", b"- [ ] Breathe")
        wrong = wrong.replace(b"- [ ] Run away", b"- [x] Run away")
        records.publish({**records.files, "en/90-final.md": wrong}, "correction")
        pinned = records.world.read(lambda: db.session.scalars(select(Enrollment)).one().version.number)

        after = spring(records)

    assert pinned == 3
    assert after == before
    assert [one["number"] for one in after["courses"][0]["versions"]] == [2]


def test_a_correction_within_the_days_is_told_with_the_moment_from_which_it_counted(records: Records) -> None:
    with at(SPRING):
        records.learn()
    with at(SPRING + timedelta(days=2)):
        records.publish({**records.files, "en/course.md": records.files["en/course.md"] + b"\nMore.\n"}, "correction")
        records.answer("second-steps")
    with at(SPRING + timedelta(days=40)):
        made = records.make(since=date(2026, 3, 1), until=date(2026, 3, 31))

    course = made.record["courses"][0]
    assert [(one["number"], one["because"]) for one in course["versions"]] == [(1, "enrolled"), (2, "correction")]
    assert {one["module"]: one["version_when_opened"] for one in course["modules"]}["first-steps"] == 1
    assert course["attempts"][0]["version"] == 2
    assert {"source-tiny-v1.zip", "source-tiny-v2.zip"} <= set(made.files)


def test_the_same_inputs_make_the_same_content(records: Records) -> None:
    with at(SPRING):
        records.certified()
    with at(SPRING + timedelta(days=40)):
        first, second = spring(records), spring(records)

    assert first == second


def test_what_was_done_after_the_last_day_is_not_in_it(records: Records) -> None:
    with at(SPRING):
        records.learn()
    with at(SPRING + timedelta(days=40)):
        records.answer("second-steps")
        records.answer("final")
        record = spring(records)

    assert record["courses"][0]["completed_at"] is None
    assert record["courses"][0]["attempts"] == []
    assert record["certificates"] == []
    assert {one["action"] for one in record["audit"]["events"]} == {"enrollment.begun"}


def test_a_certificate_that_was_revoked_since_says_so(records: Records) -> None:
    with at(SPRING):
        records.certified()

    def revoke() -> None:
        held = db.session.scalars(select(Certificate)).one()
        amending.revoke_certificate(held, "Issued in error", records.settings, actor_id=records.administrator)

    with at(SPRING + timedelta(days=40)):
        records.world.write(revoke)
        (line,) = spring(records)["certificates"]

    assert line["status_after_last_day"] == "valid"
    assert line["revoked_reason"] == "Issued in error"
    assert [one["reason"] for one in line["changes"] if one["action"] == "certificate.revoked"] == ["Issued in error"]


def test_a_replaced_certificate_says_when_it_was_replaced_also_where_the_older_one_stands_again(
    records: Records,
) -> None:
    with at(SPRING):
        records.certified()
    first = records.world.read(lambda: db.session.scalars(select(Certificate)).one())
    renamed, undone = SPRING + timedelta(hours=1), SPRING + timedelta(hours=2)

    def rename() -> None:
        amending.change_certificate(
            first.id,
            lambda held: plan_rename(held, "Nora Núñez Gil"),
            "Her papers say so",
            records.settings,
            actor_id=records.administrator,
            now=renamed,
        )

    def undo() -> None:
        (change,) = db.session.scalars(select(CertificateChange))
        amending.undo_change(change, "A slip", records.settings, actor_id=records.administrator, now=undone)

    with at(renamed):
        records.world.write(rename)
    with at(undone):
        records.world.write(undo)
    with at(SPRING + timedelta(days=40)):
        standing, fallen = spring(records)["certificates"]

    assert (standing["code"], standing["superseded_at"]) == (first.code, None)
    assert fallen["superseded_by"] == first.code
    assert fallen["superseded_at"] == undone.isoformat()
    assert fallen["superseded_at"] > fallen["issued_at"]


def test_training_done_elsewhere_is_told_with_who_decided_it_and_why(records: Records) -> None:
    def hand_in() -> int:
        claim = trainings.Claim("Night course", "Academy", date(2026, 2, 1), 90)
        return trainings.hand_in(records.nurse, claim, None, today=date(2026, 3, 10), now=SPRING).id

    def refuse() -> None:
        training = db.session.get_one(ExternalTraining, number)
        amending.decide_training(
            training,
            records.settings,
            approve=False,
            reason="No name on it",
            actor_id=records.administrator,
            now=SPRING + timedelta(hours=1),
        )

    with at(SPRING):
        number = records.world.write(hand_in)
    with at(SPRING + timedelta(hours=1)):
        records.world.write(refuse)
    with at(SPRING + timedelta(days=40)):
        made = records.make(since=date(2026, 3, 1), until=date(2026, 3, 31))

    (line,) = made.record["trainings"]
    assert (line["title"], line["state"], line["decided_by"], line["reason"]) == (
        "Night course",
        "refused",
        "Ada Admin",
        "No name on it",
    )
    told = {one["action"]: one["reason"] for one in made.record["audit"]["events"] if one["about"] == "training"}
    assert told == {"training.handed-in": None, "training.refused": "No name on it"}
    assert "No name on it" in made.text
    assert list(mismatches(SCHEMA, made.record, "record")) == []


def test_a_decision_after_the_last_day_is_not_told_of_a_training(records: Records) -> None:
    def hand_in() -> int:
        claim = trainings.Claim("Night course", "Academy", date(2026, 2, 1), 90)
        return trainings.hand_in(records.nurse, claim, None, today=date(2026, 3, 10), now=SPRING).id

    def approve() -> None:
        amending.decide_training(
            db.session.get_one(ExternalTraining, number),
            records.settings,
            approve=True,
            reason="Seen",
            actor_id=records.administrator,
            now=SPRING + timedelta(days=39),
        )

    with at(SPRING):
        number = records.world.write(hand_in)
    with at(SPRING + timedelta(days=40)):
        records.world.write(approve)
        (line,) = spring(records)["trainings"]

    assert (line["state"], line["decided_at"], line["reason"]) == ("submitted", None, None)


def test_the_pdf_of_a_certificate_goes_with_it_as_it_was_issued(records: Records) -> None:
    records.certified()
    code = records.world.read(lambda: db.session.scalars(select(Certificate.code)).one())
    issued = records.world.client_of(records.nurse).get(f"/certificates/{code}.pdf").data

    made = records.make()

    assert made.files[f"certificate-{code}.pdf"] == issued
    assert made.record["certificates"][0]["document_hashes"] == [hashlib.sha256(issued).hexdigest()]


def test_the_record_matches_the_schema_that_it_carries(records: Records) -> None:
    records.certified()

    made = records.make()

    assert json.loads(made.files["record.schema.json"]) == SCHEMA
    assert list(mismatches(SCHEMA, made.record, "record")) == []


TYPES = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}


def mismatches(schema: dict[str, Any], value: Any, path: str) -> Any:
    """As much of JSON Schema as ours uses."""
    kinds = schema.get("type")
    if kinds and not isinstance(value, tuple(TYPES[one] for one in ([kinds] if isinstance(kinds, str) else kinds))):
        yield f"{path}: {value!r} is no {kinds}"
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        yield f"{path}: {value!r}"
    if isinstance(value, dict) and "properties" in schema:
        yield from (f"{path}.{one} is missing" for one in schema["required"] if one not in value)
        yield from (f"{path}.{one} is unknown" for one in value if one not in schema["properties"])
        for key, one in value.items():
            yield from mismatches(schema["properties"].get(key, {}), one, f"{path}.{key}")
    if isinstance(value, list) and "items" in schema:
        for number, one in enumerate(value):
            yield from mismatches(schema["items"], one, f"{path}[{number}]")


def test_the_audit_as_a_table_is_the_same_and_runs_no_formula(records: Records) -> None:
    def deed() -> None:
        note("account.disabled", "user", records.nurse, actor_id=records.administrator, reason="=1+1")

    records.world.write(deed)

    made = records.make()

    rows = list(csv.DictReader(io.StringIO(made.files["audit.csv"].decode("utf-8-sig"))))
    assert [row["number"] for row in rows] == [str(one["number"]) for one in made.record["audit"]["events"]]
    assert [row["reason"] for row in rows if row["action"] == "account.disabled"] == ["'=1+1"]
