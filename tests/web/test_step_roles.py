"""The role of a step is said in words, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, g

from lms.web.words import step_role_name
from tests.support.world import SHIPPED_COURSES

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def said(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=es"):
        app.preprocess_request()
        g.language = "es"
        yield


def test_a_known_role_is_said_in_spanish(said: None) -> None:
    assert [step_role_name(one) for one in ("school", "nurse", "officer")] == ["Escuela", "Enfermería", "Policía"]


def test_a_discipline_is_said_by_its_name(said: None) -> None:
    assert step_role_name("prosecution") == "Fiscalía"


def test_an_unknown_role_stands_as_it_was_written(said: None) -> None:
    assert step_role_name("Night clerk, motel") == "Night clerk, motel"


def test_every_role_of_the_shipped_courses_has_words(app: Flask) -> None:
    texts = "".join(path.read_text("utf-8") for path in SHIPPED_COURSES.glob("*/??/*.md"))
    roles = set(re.findall(r"<!-- step: [^>]*role: ([^;>]+?) *(?:;|-->)", texts))

    with app.test_request_context("/"):
        assert {role for role in roles if step_role_name(role) == role} == set()
    assert {"school", "hospital", "officer", "advocate", "nurse", "teacher"} <= roles
