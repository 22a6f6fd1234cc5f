"""What a course must never do to a reader's browser or to the server: a corpus of payloads, and texts built to hang."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lms.courseware import check, markdown
from lms.courseware.budget import LARGEST_FILE_BYTES, LONGEST_LINE
from lms.courseware.course import GlossaryTerm
from lms.courseware.read import read_module
from tests.courseware.small_course import FILES, LESSON, LESSON_PATH, TODAY, lesson_and

ROOT = Path(__file__).parents[2]
CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))
KILLED_AFTER_CPU_SECONDS = 30
"""No measure of speed: each of these texts takes a few seconds; one that grows with the square would take minutes."""

TAGS = re.compile(
    r"h[2-6]|p|ul|ol|li|blockquote|strong|em|s|code|pre|sup|table|thead|tbody|tr|th|td|br|hr|dl|dt|dd|figure|figcaption"
    r"|dfn|a|img|video|source|track|aside|div"
)
ATTRIBUTES = re.compile(
    r"id|class|href|rel|title|aria-label|src|alt|start|controls|poster|preload|type|kind|srclang|label|default|scope"
    r"|tabindex|data-kind"
)
ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|#|asset:media/|asset:|module:|glossary:en#)")
TERMS = tuple(GlossaryTerm(word, "", word) for word in ("a", "x", "script", "alert", "href", "click", "office", "bus"))


class Page(HTMLParser):
    """Collects tags and attributes as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.declarations: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag

    def handle_comment(self, data: str) -> None:
        self.declarations.append(data)

    handle_decl = unknown_decl = handle_pi = handle_comment  # type: ignore[assignment]


def faults(html: str) -> Iterator[str]:
    """Everything in a page that is not on the short list of what a course may be."""
    page = Page(html)
    yield from (f"declaration {text}" for text in page.declarations)
    for tag, attributes in page.tags:
        if not TAGS.fullmatch(tag):
            yield f"tag {tag}"
        for name, value in attributes.items():
            if not ATTRIBUTES.fullmatch(name):
                yield f"attribute {name} on {tag}"
            if name in {"href", "src", "poster"} and not ADDRESS.match((value or "").strip().lower()):
                yield f"address {value} on {tag}"
            if name in {"src", "poster"} and not (value or "").startswith("asset:"):
                yield f"loaded from elsewhere: {value}"
            if value and ".." in value and value.startswith(("asset:", "module:")):
                yield f"out of the course: {value}"
            if value and any(ord(letter) < 32 and letter != "\n" for letter in value):
                yield f"control character in {name} on {tag}"


def html_of_module(text: str) -> str:
    """All HTML that a module made of this text would put on pages."""
    module, _ = read_module(LESSON_PATH, text, "en", terms=TERMS)
    if module is None:
        return ""
    pieces = [module.notes_html]
    for section in module.sections:
        pieces.append(section.html)
        if section.scenario:
            pieces.append(section.scenario.intro_html)
            pieces += [step.html for step in section.scenario.steps]
    for question in module.questions:
        pieces += [question.prompt_html, question.hint_html, question.explanation_html]
        pieces += [html for option in question.options for html in (option.html, option.feedback_html)]
    return "\n".join(pieces)


@pytest.mark.parametrize("payload", CORPUS, ids=lambda path: path.stem)
def test_a_payload_alone_is_harmless(payload: Path):
    html = markdown.render(payload.read_bytes().decode())

    assert list(faults(html)) == []


@pytest.mark.parametrize("payload", CORPUS, ids=lambda path: path.stem)
def test_a_payload_in_a_line_is_harmless(payload: Path):
    html = markdown.render_inline(payload.read_bytes().decode())

    assert list(faults(html)) == []


@pytest.mark.parametrize("payload", CORPUS, ids=lambda path: path.stem)
def test_a_payload_in_every_place_of_a_module_is_harmless(payload: Path):
    text = payload.read_bytes().decode()
    line = " ".join(text.replace("\0", "").split())
    lesson = LESSON.replace("## A closer look\n", f"## A closer look\n\n{text}\n")
    for place in ("Tell the office\n", "> The office knows", "You drive the bus.", "They thank you.", "| Tired | "):
        lesson = lesson.replace(place, f"{place.rstrip(chr(10))} {line}{place[len(place.rstrip(chr(10))) :]}", 1)

    html = html_of_module(lesson)

    assert list(faults(html)) == []


@pytest.mark.parametrize("payload", CORPUS, ids=lambda path: path.stem)
def test_the_checker_takes_a_payload_without_falling_over(payload: Path):
    files = lesson_and(payload.read_bytes().decode())

    found = check.check_course(files, "small", today=TODAY)

    assert all(problem.code in check.CODES for problem in found)


def test_the_corpus_is_not_smaller_than_it_was():
    assert len(CORPUS) >= 100


def test_the_judge_itself_sees_what_is_harmful():
    """A test that passes everything proves nothing."""
    assert list(faults("<script>x</script>"))
    assert list(faults('<a href="javascript:x">x</a>'))
    assert list(faults('<img src="https://elsewhere.example/x.png">'))
    assert list(faults('<p onclick="x">x</p>'))
    assert list(faults("<p>x</p><!-- x -->"))
    assert not list(faults('<p>&lt;script&gt; <a href="https://a.example" rel="noopener">x</a></p>'))


MEGABYTE = 1_000_000
LARGEST = LARGEST_FILE_BYTES - 1000
"""Just below what the reader takes: the most that a course can make it work."""


def lines(piece: str) -> str:
    """Lines full of a piece, each as long as the reader takes it."""
    return piece * ((LONGEST_LINE - 2) // len(piece)) + "\n"


ONCE = {
    "nested lists": "".join("  " * n + "- a\n" for n in range(900)),
    "backticks of growing length": "\n".join("`" * n for n in range(1, 900)),
    "link definitions": "".join(f"[a{n}]: b\n" for n in range(90_000)),
    "one link many times": "[a]: b\n\n" + lines("[a] ") * 200,
    "footnotes": "".join(f"a[^{n}]\n\n[^{n}]: b\n\n" for n in range(50_000)),
    "one footnote many times": "[^1]: b\n\n" + lines("a[^1] ") * 200,
    "a wide table": lines("|a") + lines("|-") + "|a\n" * 50_000,
    "deep yaml": "---\na: " + "[" * 4_000 + "\n---\n",
    "yaml bomb": "---\na: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(2_000)) + "---\n",
}
REPEATED = {
    "quotes on every line": ">" * 900 + " a\n",
    "nested quotes": lines(">"),
    "shallow quotes": "> > > > a\n",
    "open brackets": lines("["),
    "brackets and parentheses": lines("[a]("),
    "images in links": lines("[!["),
    "emphasis": lines("*a_b"),
    "stars": lines("*"),
    "open comments": lines("<!--"),
    "open comments on lines": "<!-- a\n",
    "comments in a line": lines("a <!-- b --> "),
    "open html": lines("<a "),
    "many tables": "|a|\n|-|\n|b|\n\n",
    "entities": lines("&amp;"),
    "headings of one name": "## a\n\n",
    "many lists": "- a\n\n1. b\n\n",
    "spaces": "a" + lines(" ") + "b\n",
    "spaces before a link's end": "[](" + " " * (LONGEST_LINE - 5) + "\n",
    "hashes": "###### " + "# " * (LONGEST_LINE // 2 - 8) + "a\n",
    "pipes": lines("|"),
    "dashes": lines("-"),
    "digits": lines("1,"),
    "ages": lines("average age "),
    "places": lines("Missouri state rank "),
    "children": lines("300,000 children trafficked "),
    "quoted words": lines("“a “b «c *d "),
    "definitions": "a\n: b\n\n",
    "options": "- [ ] a\n",
    "questions": "### a\n\n<!-- q: a-b; type: single -->\n\n- [x] a\n- [ ] b\n\n",
    "steps": "### a\n\n<!-- step: a-b -->\n\n- [a](#a)\n\n",
    "one long word": "a" * LONGEST_LINE,
    "invisible": lines("\u200b"),
}
GROWING = {**ONCE, **{name: text * (MEGABYTE // len(text)) for name, text in REPEATED.items()}}
PROGRAM = f"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({KILLED_AFTER_CPU_SECONDS}, {KILLED_AFTER_CPU_SECONDS}))
from lms.courseware import check
from tests.courseware.small_course import FILES, LESSON, LESSON_PATH, TODAY
head = LESSON.partition("# Noticing")[0]
scenario = head + "## A\\n\\n<!-- scenario: a-b; start: a-b -->\\n\\n"
pool = head + "## A\\n\\n<!-- pool: a-b -->\\n\\n"
for text in json.load(sys.stdin):
    start = "" if text.startswith("---") else pool if "<!-- q:" in text else scenario if "<!-- step:" in text else head
    check.check_course({{**FILES, LESSON_PATH: (start + text).encode()}}, "small", today=TODAY)
"""


@pytest.mark.parametrize("name", GROWING)
def test_a_text_that_is_built_to_hang_is_read(name: str):
    read_in_bounded_time([GROWING[name][:LARGEST]])


def test_a_whole_megabyte_of_it_is_read_or_refused():
    read_in_bounded_time([text[:MEGABYTE] for text in GROWING.values()])


def read_in_bounded_time(texts: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(texts).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )

    assert run.returncode == 0, run.stderr.decode()[-2000:]


def test_a_file_that_is_too_large_is_refused_with_its_code():
    files = lesson_and("a b c d e f g\n" * (LARGEST_FILE_BYTES // 10))

    found = check.check_course(files, "small", today=TODAY)

    assert "X000" in {problem.code for problem in found}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00a", b"\xed\xa0\x80", b"\x00" * 50, b"", b"---", b"---\n---"])
def test_bytes_that_are_no_text_are_reported_and_do_not_raise(content: bytes):
    for path in FILES:
        if not path.startswith("media/"):
            assert check.check_course({**FILES, path: content}, "small", today=TODAY)


def test_lone_surrogates_are_refused():
    module, problems = read_module(LESSON_PATH, LESSON + "\ud800", "en")

    assert module is None or problems
