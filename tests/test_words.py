"""One word per thing on every page, in every mail and in README: a team, a discipline; un equipo, una disciplina."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_translations import MAILS, ROOT, extracted, forms, spanish

REJECTED = re.compile(r"\bcohorts?\b|\bprofessional fields?\b|\bprofessions?\b|\bfields? of work\b", re.IGNORECASE)
REJECTED_SPANISH = re.compile(r"\bcohortes?\b|\bcampos? profesi|\bprofesi[oó]n(es)?\b", re.IGNORECASE)
EXPRESSION = re.compile(r"\{\{ site_url \}\}\S*|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
"""What nobody reads: expressions, tags, and addresses, in which a team is a cohort as in code."""

CODE = re.compile(r"```.*?```|`[^`]*`|\[[^\]]*\]\([^)]*\)|\*\*[a-z]+\*\*", re.DOTALL)
"""Code, links and names of rooms: in code a team is a cohort."""

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [one.group() for one in pattern.finditer(text)]


def test_the_sentences_of_the_program_use_the_chosen_words() -> None:
    said = [text for message in extracted() for text in forms(message)]

    assert [text for text in said if found(REJECTED, re.sub(r"%\(\w+\)s", "", text))] == []


def test_the_spanish_sentences_use_the_chosen_words() -> None:
    said = [text for message in spanish() if message.id for text in forms(message.string)]

    assert [text for text in said if found(REJECTED_SPANISH, re.sub(r"%\(\w+\)s", "", text))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_s_own_text_uses_the_chosen_words(path: Path) -> None:
    assert found(REJECTED, EXPRESSION.sub(" ", path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.txt")), ids=lambda path: path.name)
def test_a_mail_uses_the_chosen_words(path: Path) -> None:
    text = EXPRESSION.sub(" ", path.read_text(encoding="utf-8"))

    assert found(REJECTED_SPANISH if path.name.endswith(".es.txt") else REJECTED, text) == []


def test_readme_uses_the_chosen_words_outside_of_code() -> None:
    lines = CODE.sub(" ", (ROOT / "README.md").read_text(encoding="utf-8")).splitlines()

    assert [line for line in lines if found(REJECTED, line) and "lead cohorts" not in line] == []
