"""The words for codes in the language of the request: disciplines, kinds of modules, kinds of credit."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _

from lms.courseware import names
from lms.courseware.names import CREDIT_BODIES, LANGUAGE_WORDS, LANGUAGES, REVIEW_ROLES, said


def discipline_name(code: str) -> str:
    """The name of a discipline in the language of this request."""
    return names.discipline_name(code, _)


def module_kind_name(code: str) -> str:
    return names.module_kind_name(code, _)


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def language_word(code: str) -> str:
    return _(LANGUAGE_WORDS[code]) if code in LANGUAGE_WORDS else language_name(code)


def review_role_name(code: str) -> str:
    return _(REVIEW_ROLES[code]) if code in REVIEW_ROLES else said(code)


def step_role_name(code: str) -> str:
    """The role of a step, or a discipline; one that has no name stands as its author wrote it."""
    return names.step_role_name(code, _)


def credit_body_name(code: str) -> str:
    return CREDIT_BODIES.get(code, said(code))


def add_filters(blueprint: Blueprint) -> None:
    """Make the names available to all templates, as `{{ code|discipline_name }}`."""
    for name in (
        discipline_name,
        module_kind_name,
        language_name,
        language_word,
        review_role_name,
        step_role_name,
        credit_body_name,
    ):
        blueprint.add_app_template_filter(name)
