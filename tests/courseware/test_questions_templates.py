"""What a browser gets of each question type: named, labelled fields, and nothing that tells what is right."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from lms.courseware.questions import TYPES
from tests.courseware.asking import Asked

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parents[2] / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
TEMPLATES.globals["_"] = lambda text, **values: text % values if values else text

ANSWERS = {
    "single": ("- [x] a\n- [ ] b\n", "- [ ] a\n- [x] b\n"),
    "multiple": ("- [x] a\n- [ ] b\n", "- [x] a\n- [x] b\n"),
    "true-false": ("- [x] a\n- [ ] b\n", "- [ ] a\n- [x] b\n"),
    "matching": (
        "| l | r |\n|-|-|\n| a | c |\n| b | d |\n| | e |\n",
        "| l | r |\n|-|-|\n| a | c |\n| b | c |\n| | d |\n| | e |\n",
    ),
    "sort": ("| l | r |\n|-|-|\n| a | c |\n| b | d |\n", "| l | r |\n|-|-|\n| a | c |\n| b | c |\n| | d |\n"),
    "numeric": ("- `45`\n", "- `1..2`\n"),
    "short": ("- `word`\n", "- `/other/i`\n"),
    "written": ("- Names it\n", "- Names another\n"),
    "ordering": ("1. a\n2. b\n", "1. a\n2. b\n"),
    "likert": ("- a\n- b\n", "- a\n- b\n"),
    "reflection": ("Think.\n", "Think.\n"),
}


def page(asked: Asked, response: object = None) -> str:
    template = TEMPLATES.get_template(f"questions/{asked.question.type}.html")
    return template.render(question=asked.question, show=asked.show(response), index=1)


@pytest.mark.parametrize("type_name", sorted(TYPES))
def test_every_type_has_a_template_with_a_label_for_each_field(type_name: str) -> None:
    html = page(Asked(ANSWERS[type_name][0], type_name))

    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*", html)
    loose = [field for field in fields if "radio" not in field and "checkbox" not in field]
    assert fields
    assert all('name="the-question' in field for field in fields)
    assert all(f'<label for="{match[1]}"' in html for field in loose if (match := re.search(r'id="([^"]+)"', field)))
    assert html.count("<label class") == len(fields) - len(loose)


@pytest.mark.parametrize("type_name", sorted(TYPES))
def test_the_page_is_the_same_whatever_is_right(type_name: str) -> None:
    one, other = (page(Asked(answers, type_name)) for answers in ANSWERS[type_name])

    assert one == other


def test_what_was_typed_is_shown_again_as_text() -> None:
    asked = Asked("", "reflection")

    html = page(asked, asked.write('</textarea><script>alert("x")</script>'))

    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_reflection_says_that_it_is_private_and_never_graded() -> None:
    assert "This is private and never graded." in page(Asked("", "reflection"))
