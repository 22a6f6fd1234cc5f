"""The first pages of a record: what it is, who asked for it, what it does not contain, what is attached; the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lms.records import wording
from lms.records.blocks import Block, Writer


def cover_blocks(writer: Writer, attached: Sequence[Mapping[str, Any]], hash: str, pages: int) -> Iterator[Block]:
    """The first pages. `attached` are the files of `making.Plan`, `hash` that of record.json, `pages` the count of
    all pages."""
    record, word = writer.record, writer.word
    asked, made, site = record["asked"], record["made"], record["site"]
    yield Block("h1", word("of", name=record["person"]["name"]))
    yield Block("p", word("days", since=writer.day(asked["since"]), until=writer.day(asked["until"])))
    yield Block("h2", word("about"))
    yield Block("p", word("about_text", site=site["name"], zone=site["time_zone"]))
    if asked["is_of_former_agency"]:
        yield Block("p", word("former_agency"))
    yield writer.facts(
        ("number", str(made["number"])),
        ("asked_by", f"{made['asked_by']} ({made['asked_by_number']})"),
        ("asked_at", writer.at(made["asked_at"])),
        ("purpose", word(f"purpose_{asked['purpose']}")),
        ("reason", asked["reason"] or None),
        ("audit_event", str(made["audit_event"])),
        ("pages", str(pages)),
    )
    yield Block("h2", word("not_in_it"))
    for key in ("not_reflections", "not_surveys", "not_skipped", "not_later"):
        yield Block("p", word(key))
    if asked["is_own"]:
        yield Block("p", word("not_withheld"))
    yield Block("h2", word("check"))
    yield Block("p", word("check_json", hash=hash))
    yield Block("p", word("check_source"))
    yield Block("p", word("check_signature"))
    yield Block("h2", word("attached"))
    yield from writer.tables(
        "",
        ("file", "what", "bytes", "sha256"),
        tuple((one["name"], description(writer, one), str(one["bytes"]), one["sha256"]) for one in attached),
    )
    yield from _person(writer)


def description(writer: Writer, attached: Mapping[str, Any]) -> str:
    return writer.word(attached["what"], **attached["values"])


def _person(writer: Writer) -> Iterator[Block]:
    word, person = writer.word, writer.record["person"]
    printed = sorted({one["printed"]["printed_name"] for one in writer.record["certificates"]})
    yield Block("h2", word("person"))
    yield writer.facts(
        ("name", person["name"]),
        ("printed_name", person["printed_name"]),
        ("names_then", "; ".join(printed) or None),
        ("email", person["email"]),
        ("person_number", str(person["number"])),
        ("account_since", writer.at(person["account_since"])),
    )
    yield Block("h3", word("places"))
    places = tuple(
        (
            one["agency"],
            wording.named(wording.DISCIPLINES, one["discipline"], writer.language),
            writer.day(one["started_on"]),
            word("until_before", day=writer.day(one["ended_on"])) if one["ended_on"] else word("open"),
        )
        for one in person["places"]
    )
    yield from writer.tables("", ("agency", "discipline", "from", "until"), places)
    if not places:
        yield Block("p", word("no_places"))
    yield Block("h3", word("roles"))
    roles = tuple(
        (
            wording.named(wording.ROLES, one["role"], writer.language),
            one["over"] or word("everywhere"),
            writer.at(one["granted_at"]),
            writer.at(one["revoked_at"] or one["until"], word("open")),
        )
        for one in person["roles"]
    )
    yield from writer.tables("", ("role", "over", "from", "until"), roles)
    if not roles:
        yield Block("p", word("no_roles"))
