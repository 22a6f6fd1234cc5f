"""What follows the first pages of a record: courses with their attempts, certificates, the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lms.certification.facts import hours_of
from lms.records.blocks import Block, Writer
from lms.records.person import MOST_EVENTS
from lms.records.wording import about, deed

Values = Mapping[str, Any]

UNKNOWN = ("waits", "marked-later")
"""How it can stand with written answers on the last day, so that a result is not known of that day."""


def content_blocks(writer: Writer) -> Iterator[Block]:
    """All of it, in the order of the record."""
    yield Block("h2", writer.word("courses"))
    for course in writer.record["courses"]:
        yield from _course(writer, course)
    if not writer.record["courses"]:
        yield Block("p", writer.word("no_courses"))
    yield Block("h2", writer.word("certificates"))
    for certificate in writer.record["certificates"]:
        yield from _certificate(writer, certificate)
    if not writer.record["certificates"]:
        yield Block("p", writer.word("no_certificates"))
    yield Block("h2", writer.word("trainings"))
    for training in writer.record["trainings"]:
        yield from _training(writer, training)
    if not writer.record["trainings"]:
        yield Block("p", writer.word("no_trainings"))
    yield from _audit(writer)


def _course(writer: Writer, course: Values) -> Iterator[Block]:
    word = writer.word
    yield Block("h3", word("course_title", title=course["title"], code=course["code"], cycle=course["cycle"]))
    continues = course["continues_cycle"]
    yield writer.facts(
        ("enrolled_at", writer.at(course["enrolled_at"])),
        ("completed_at", writer.at(course["completed_at"], word("not_completed"))),
        ("continues", str(continues) if continues is not None else None),
    )
    versions = tuple(
        (
            str(one["number"]),
            f"{writer.at(one['published_at'])}; {word('as').lower()}: {word('change_' + one['published_as'])}",
            f"{writer.at(one['counted_from'])}; {word('because_' + one['because'])}",
            one["content_hash"],
        )
        for one in course["versions"]
    )
    yield from writer.tables("versions", ("version", "published_at", "counted_from", "content_hash"), versions)
    modules = tuple(
        (
            f"{one['title']} ({one['module']})" + _origin(writer, one),
            writer.at(one["opened_at"]),
            writer.at(one["read_at"]),
            writer.at(one["completed_at"]),
        )
        for one in course["modules"]
    )
    yield from writer.tables("modules", ("module", "opened", "read", "completed"), modules)
    if not modules:
        yield Block("p", word("no_modules"))
    for attempt in course["attempts"]:
        yield from _attempt(writer, attempt)


def _origin(writer: Writer, module: Values) -> str:
    if module["carried_over_from_cycle"] is not None:
        return f"; {writer.word('carried', cycle=module['carried_over_from_cycle'])}"
    numbers = dict.fromkeys((module["version_when_opened"], module["version_when_completed"]))
    return "; " + ", ".join(writer.word("in_version", number=one) for one in numbers if one is not None)


def _attempt(writer: Writer, attempt: Values) -> Iterator[Block]:
    word = writer.word
    yield Block("h4", word("attempt_title", title=attempt["title"], number=attempt["number"]))
    facts: list[tuple[str, str | None]] = [
        ("version", str(attempt["version"])),
        ("language", attempt["language"]),
        ("started_at", writer.at(attempt["started_at"])),
        ("last_saved_at", writer.at(attempt["last_saved_at"]) if attempt["last_saved_at"] else None),
        ("submitted_at", writer.at(attempt["submitted_at"], word("not_submitted"))),
        ("receipt", attempt["receipt"]),
    ]
    if attempt["is_survey"]:
        yield writer.facts(*facts)
        yield Block("p", word("survey"))
        return
    mark = attempt["pass_mark"]
    facts.append(("pass_mark", word("percent", percent=mark) if mark is not None else word("no_pass_mark")))
    if attempt["submitted_at"] is not None:
        facts += [
            ("marked_at", writer.at(attempt["marked_at"]) if attempt["marked_at"] else None),
            ("score", _score(writer, attempt)),
            ("result", _outcome(writer, attempt)),
        ]
    yield writer.facts(*facts)
    for number, question in enumerate(attempt["questions"], 1):
        yield from _question(writer, question, number)


def _score(writer: Writer, attempt: Values) -> str:
    if attempt["by_hand"] in UNKNOWN:
        return writer.word(f"score_{attempt['by_hand']}")
    if attempt["score_percent"] is None or attempt["score_fraction"] is None:
        return writer.word("no_score") if attempt["score_percent"] is None else f"{attempt['score_percent']} %"
    return writer.word(
        "score_text",
        points=attempt["points"],
        possible=attempt["points_possible"],
        fraction=attempt["score_fraction"],
        percent=attempt["score_percent"],
    )


def _outcome(writer: Writer, attempt: Values) -> str:
    passed = attempt["passed"]
    if attempt["by_hand"] in UNKNOWN and attempt["pass_mark"] is not None:
        return writer.word("open_result")
    return writer.word("no_result" if passed is None else "passed" if passed else "failed")


def _question(writer: Writer, question: Values, number: int) -> Iterator[Block]:
    word = writer.word
    yield Block("h5", word("question", number=number, id=question["id"], revision=question["revision"]))
    if question["result"] == "private":
        yield Block("p", word("private_text"))
        return
    yield Block("p", question["prompt"])
    for paragraph in question["body"].split("\n\n"):
        if paragraph.strip():
            yield Block("p", paragraph.strip())
    if question.get("options"):
        yield from _options(writer, question)
    elif question.get("rows"):
        yield from _rows(writer, question)
    else:
        yield writer.facts(
            ("answer", question["given"] or word("none")), ("right_answer", question["right_answer"] or None)
        )
    if "lines" in question:
        rows = tuple((one["text"], word("yes" if one["was_met"] else "no")) for one in question["lines"])
        yield from writer.tables("", ("looked_for", "met"), rows)
        if question["comment"]:
            yield writer.facts(("trainer_word", question["comment"]))
    result = word(f"result_{question['result']}")
    parts = [f"{word('result')}: {result}"]
    if question["points_earned"] is not None:
        parts.append(word("points", earned=question["points_earned"], possible=question["points_possible"]))
    if question.get("saved_at"):
        parts.append(word("saved_at", moment=writer.at(question["saved_at"])))
    yield Block("p", "; ".join(parts))


def _options(writer: Writer, question: Values) -> Iterator[Block]:
    is_told = any(one["is_right"] is not None for one in question["options"])
    heads = ("shown", "chosen", "right") if is_told else ("shown", "chosen")
    rows = tuple(
        (
            one["text"],
            writer.word("yes" if one["was_chosen"] else "no"),
            *([writer.word("yes" if one["is_right"] else "no")] if is_told else []),
        )
        for one in question["options"]
    )
    yield from writer.tables("", heads, rows)


def _rows(writer: Writer, question: Values) -> Iterator[Block]:
    is_told = any(one["right"] is not None for one in question["rows"])
    yield Block("p", writer.word("choices", choices=" | ".join(question["rows"][0]["choices"])))
    heads = ("item", "answer", "right_answer") if is_told else ("item", "answer")
    rows = tuple(
        (one["text"], one["given"] or writer.word("none"), *([one["right"] or "–"] if is_told else []))
        for one in question["rows"]
    )
    yield from writer.tables("", heads, rows)


def _certificate(writer: Writer, certificate: Values) -> Iterator[Block]:
    word, printed = writer.word, certificate["printed"]
    version = printed.get("version_number")
    revoked = certificate["revoked_at"]
    replaced = certificate["superseded_by"]
    minutes = printed.get("contact_minutes")
    yield Block("h3", word("certificate_title", title=printed["title"], code=certificate["code"]))
    yield writer.facts(
        ("kind", word(f"kind_{certificate['kind']}")),
        ("issued_at", writer.at(certificate["issued_at"])),
        ("printed", printed["printed_name"]),
        ("printed_agency", printed.get("agency_name") or None),
        ("printed_version", f"{printed['course_code']}, {version}, {printed['content_hash']}" if version else None),
        ("printed_hours", f"{minutes} ({hours_of(minutes)} h)" if minutes is not None else None),
        ("printed_credit", "; ".join(_credit(one) for one in printed.get("credit") or ()) or None),
        ("printed_license", _license(printed.get("license"))),
        ("printed_statement", printed.get("accreditation_statement") or None),
        ("printed_completed", writer.day(printed["completed_on"])),
        ("printed_valid", writer.day(printed.get("valid_until"), word("no_end"))),
        ("rests_on", "; ".join(_evidence(writer, one) for one in printed.get("evidence") or ()) or None),
        ("status_after", word(f"status_{certificate['status_after_last_day']}")),
        (
            "revoked",
            word("revoked_because", moment=writer.at(revoked), reason=certificate["revoked_reason"])
            if revoked
            else None,
        ),
        ("replaced", f"{replaced}, {writer.at(certificate['superseded_at'])}" if replaced else None),
        ("hashes", "; ".join(certificate["document_hashes"]) or word("not_drawn")),
    )
    if certificate["document_hashes"] and certificate["attached_as"] is None:
        yield Block("p", word("file_gone"))
    changes = tuple(
        (deed(one["action"], writer.language), writer.at(one["at"]), one["reason"] or "–")
        for one in certificate["changes"]
    )
    yield from writer.tables("changes", ("change", "at", "reason"), changes)


def _training(writer: Writer, training: Values) -> Iterator[Block]:
    word, minutes = writer.word, training["contact_minutes"]
    yield Block("h3", word("training_title", title=training["title"], number=training["number"]))
    yield writer.facts(
        ("training_provider", training["provider"]),
        ("training_completed", writer.day(training["completed_on"])),
        ("printed_hours", f"{minutes} ({hours_of(minutes)} h)"),
        ("training_entered", word("moment_by", moment=writer.at(training["entered_at"]), name=training["entered_by"])),
        ("training_state", word(f"training_{training['state']}")),
        (
            "training_decided",
            word("moment_by", moment=writer.at(training["decided_at"]), name=training["decided_by"])
            if training["decided_at"]
            else None,
        ),
        ("training_reason", training["reason"]),
        ("counts_as", training["counts_as"]),
        ("printed_valid", writer.day(training["valid_until"]) if training["valid_until"] else None),
        ("evidence_hash", training["evidence_sha256"] or word("no_evidence")),
    )


def _evidence(writer: Writer, one: Values) -> str:
    """What a certification rests on, as it was printed."""
    parts = (one["title"], writer.day(one["completed_on"]), one.get("code") or one.get("provider"))
    return ", ".join(part for part in parts if part)


def _credit(line: Values) -> str:
    """Credit as it was printed: body, kind, hours, approval."""
    parts = (line["body_name"], line["type"], line["category"], f"{line['hours']} h", line.get("approval_number"))
    return ", ".join(part for part in parts if part)


def _license(line: Values | None) -> str | None:
    return None if line is None else ", ".join((line["board_name"], line["state"], line["number"]))


def _audit(writer: Writer) -> Iterator[Block]:
    word, audit = writer.word, writer.record["audit"]
    yield Block("h2", word("audit"))
    yield Block("p", word("audit_text"))
    if not audit["is_whole"]:
        yield Block("p", word("audit_cut", count=MOST_EVENTS))
    if not audit["events"]:
        yield Block("p", word("no_audit"))
    rows = tuple(
        (
            str(one["number"]),
            writer.at(one["at"]),
            deed(one["action"], writer.language) + (f"; {one['reason']}" if one["reason"] else ""),
            one["by"] or word("by_program"),
            f"{about(one['about'], writer.language)} {one['about_number'] or ''}".strip(),
        )
        for one in audit["events"]
    )
    yield from writer.tables("", ("event", "at", "action", "by", "subject"), rows)
