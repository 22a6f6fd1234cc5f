"""Every deed that the audit can hold has words, on its page and in a printed record; never a bare code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lms.people.audit_words import ACTIONS, SUBJECTS
from lms.records.wording import about, deed

ROOT = Path(__file__).resolve().parents[2]
ACTION = re.compile(r"[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*")


def noted() -> list[tuple[set[str], set[str]]]:
    """Of each call that notes a deed: the actions and the kinds of things that are written out in it."""
    found = []
    for path in sorted((ROOT / "lms").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            given = [*call.args, *(one.value for one in call.keywords if one.arg == "action")]
            if named.lstrip("_").startswith("note") or named == "remove_old":
                texts = {
                    one.value
                    for value in given
                    for one in ast.walk(value)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
                actions = {text for text in texts if ACTION.fullmatch(text)}
                kind = call.args[1] if named == "note" and len(call.args) > 1 else None
                kinds = {kind.value} if isinstance(kind, ast.Constant) and isinstance(kind.value, str) else set()
                found.append((actions, kinds))
    return found


def test_every_deed_that_is_noted_has_words() -> None:
    actions = {action for those, _kinds in noted() for action in those}

    assert len(actions) > 60
    assert sorted(actions - set(ACTIONS)) == []


def test_every_kind_of_thing_that_something_is_done_to_has_words() -> None:
    kinds = {kind for _actions, those in noted() for kind in those}

    assert len(kinds) > 8
    assert sorted(kinds - set(SUBJECTS)) == []


@pytest.mark.parametrize(("language", "words"), [("en", "Certificate issued"), ("es", "Certificado emitido")])
def test_a_printed_record_calls_a_deed_in_its_language(language: str, words: str) -> None:
    assert deed("certificate.issued", language) == words


def test_a_printed_record_calls_what_a_deed_is_about_in_its_language() -> None:
    assert (about("enrollment", "en"), about("enrollment", "es")) == ("enrollment", "inscripción")
