"""For each code of the checker a small course that has exactly that finding, and its sibling that has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.courseware.small_course import (
    FILES,
    FINAL_PATH,
    LESSON_PATH,
    edited,
    lesson_and,
    lesson_with,
    source_rev,
    translated,
)

Files = Mapping[str, bytes]

STEP = "### The road\n\n<!-- step: road; score: -1 -->\n\nYou keep thinking of it.\n\n- [Call the office now](#the-office)\n"
OPTIONS = "- [ ] Wait a week\n- [x] Tell the office\n"
ES_LESSON = "es/01-lesson.md"


def _scored_loop(score: int) -> Files:
    """Morning → road → morning, which may be gone round for nothing where the road scores 0."""
    again = STEP.replace("score: -1", f"score: {score}").replace(
        "- [Call the office now](#the-office)\n", "- [Call the office now](#the-office)\n- [Go back](#it-is-morning)\n"
    )
    return lesson_with(STEP, again)


def _lesson_without(text: str) -> Files:
    return lesson_with(text, "")


def _options(options: str) -> Files:
    return lesson_with(OPTIONS, options)


def _short_answer(answer: str) -> Files:
    return lesson_with("`7 ± 0`", answer, lesson_with("type: numeric; lo: LO1; unit: days", "type: short; lo: LO1"))


def _with_booster() -> Files:
    """The final as a booster, and the lesson required in its stead."""
    files = edited(FILES, FINAL_PATH, "role: final, pass_mark: 80", "role: booster-90")
    return edited(files, "course.yaml", "require: [final]", "require: [lesson]")


def _hard_words(sentence: str) -> Files:
    return lesson_and("\n\n".join([sentence] * 30))


def _media(name: str, content: bytes) -> Files:
    return {**FILES, f"media/{name}": content}


CASES: dict[str, tuple[Callable[[], Files], Callable[[], Files]]] = {
    "FM001": (
        lambda: _lesson_without("review_by: 2027-06-01\n"),
        lambda: lesson_with("review_by: 2027-06-01", "review_by: 2027-07-01"),
    ),
    "FM002": (
        lambda: lesson_with("feedback: immediate", "feedback: at once"),
        lambda: lesson_with("feedback: immediate", "feedback: never"),
    ),
    "FM003": (
        lambda: lesson_with("content_note: none", "content_note: none\nlanguage: es"),
        lambda: lesson_with("content_note: none", "content_note: none\nlanguage: en"),
    ),
    "C001": (
        lambda: edited(FILES, "course.yaml", "prerequisites: [lesson]", "prerequisites: [lesson, lessson]"),
        lambda: FILES,
    ),
    "C002": (
        lambda: edited(FILES, "course.yaml", "{id: lesson}", "{id: lesson, prerequisites: [final]}"),
        lambda: edited(FILES, "course.yaml", "{id: lesson}", "{id: lesson, prerequisites: []}"),
    ),
    "C004": (
        lambda: edited(FILES, "course.yaml", "contact_minutes: 20", "contact_minutes: 21"),
        lambda: edited(FILES, "course.yaml", "contact_minutes: 20", "contact_minutes: 19"),
    ),
    "C005": (
        lambda: edited(_with_booster(), "course.yaml", "require: [lesson]", "require: [lesson, final]"),
        lambda: _with_booster(),
    ),
    "Q002": (
        lambda: edited(FILES, FINAL_PATH, "q: proof", "q: first-step"),
        lambda: edited(FILES, FINAL_PATH, "q: proof", "q: second-step"),
    ),
    "Q003": (
        lambda: lesson_with("type: single", "type: simple"),
        lambda: lesson_with("type: single", "type: multiple"),
    ),
    "Q004": (lambda: _options(""), lambda: _options(OPTIONS)),
    "Q005": (
        lambda: _options("- [x] Wait a week\n- [x] Tell the office\n"),
        lambda: _options("- [x] Wait a week\n- [ ] Tell the office\n"),
    ),
    "Q006": (lambda: lesson_with("lo: LO2", "lo: LO9"), lambda: lesson_with("lo: LO2", "lo: LO1")),
    "Q007": (
        lambda: _options("- [ ] Wait a week\n- [x] Tell the office\n- Tell nobody\n"),
        lambda: _options("- [ ] Wait a week\n- [x] Tell the office\n- [ ] Tell nobody\n"),
    ),
    "Q008": (lambda: lesson_with("draw: 1", "draw: 3"), lambda: lesson_with("draw: 1", "draw: 2")),
    "Q009": (lambda: lesson_with("`7 ± 0`", "`about 7`"), lambda: lesson_with("`7 ± 0`", "`6..8`")),
    "Q010": (lambda: _short_answer("`/se(ven/`"), lambda: _short_answer("`/se(ven)/`")),
    "Q011": (
        lambda: _lesson_without("> [!NOTE]\n> Every week.\n"),
        lambda: lesson_with("> Every week.", "> In every week of the year."),
    ),
    "Q012": (
        lambda: _options(
            "- [ ] Wait a week\n- [x] Tell the office at once and note when you did so and what you saw\n"
        ),
        lambda: _options(
            "- [ ] Wait a week and note what you saw on each day of it\n- [x] Tell the office at once now\n"
        ),
    ),
    "S001": (
        lambda: lesson_with("- [Drive on](#the-road)", "- [Drive on](#the-road)\n- [Sing](#check)"),
        lambda: lesson_with("- [Drive on](#the-road)", "- [Drive on](#the-road)\n- [Sing](#the-office)"),
    ),
    "S002": (
        lambda: _lesson_without("- [Call the office now](#the-office)\n"),
        lambda: lesson_with(
            "score: -1 -->", "score: -1; end: true -->", _lesson_without("- [Call the office now](#the-office)\n")
        ),
    ),
    "S003": (
        lambda: _lesson_without("- [Drive on](#the-road)\n"),
        lambda: lesson_with("- [Drive on](#the-road)", "- [Keep driving](#the-road)"),
    ),
    "S004": (
        lambda: lesson_with("- [Call the office now](#the-office)", "- [Drive on and on](#the-road)"),
        lambda: lesson_with("- [Call the office now](#the-office)", "- [Drive on to the office](#the-office)"),
    ),
    "S005": (lambda: _scored_loop(0), lambda: _scored_loop(-1)),
    "T001": (
        lambda: edited(translated(), ES_LESSON, "q: days", "q: dias"),
        lambda: edited(translated(), ES_LESSON, "How many days", "Cuántos días"),
    ),
    "T002": (
        lambda: edited(translated(), ES_LESSON, OPTIONS, "- [x] Wait a week\n- [ ] Tell the office\n"),
        lambda: edited(translated(), ES_LESSON, "Tell the office\n\n>", "Avise a la oficina\n\n>"),
    ),
    "T003": (
        lambda: edited(translated(), LESSON_PATH, "missing", "not there"),
        lambda: edited(
            edited(translated(), LESSON_PATH, "missing", "not there"),
            ES_LESSON,
            source_rev(FILES[LESSON_PATH]),
            source_rev(edited(FILES, LESSON_PATH, "missing", "not there")[LESSON_PATH]),
        ),
    ),
    "T004": (
        lambda: {path: content for path, content in translated().items() if path != "es/90-final.md"},
        translated,
    ),
    "A001": (
        lambda: lesson_with("![A bus stop at dusk]", "![]"),
        lambda: lesson_with("![A bus stop at dusk]", "![A bus stop at dawn]"),
    ),
    "A002": (
        lambda: lesson_with("captions=../media/stop.vtt; ", ""),
        lambda: lesson_with(
            "captions=../media/stop.vtt; transcript=../media/stop.md",
            "transcript=../media/stop.md; captions=../media/stop.vtt",
        ),
    ),
    "A003": (lambda: lesson_and("#### A detail"), lambda: lesson_and("### A detail")),
    "A004": (
        lambda: lesson_with("[next part](#the-practice)", "[here](#the-practice)"),
        lambda: lesson_with("[next part](#the-practice)", "[practice](#the-practice)"),
    ),
    "A005": (
        lambda: lesson_with("| Sign | Meaning |", "|  |  |"),
        lambda: lesson_with("| Sign | Meaning |", "|  | Meaning |"),
    ),
    "X000": (
        lambda: {**FILES, "en/glossary.md": b"# Glossary\n\nSign\0\n: A mark.\n"},
        lambda: {**FILES, "en/glossary.md": b"# Glossary\n\nSign\n: A mark.\n"},
    ),
    "X001": (lambda: lesson_and("Some <b>bold</b> words."), lambda: lesson_and("Some **bold** words, and `<b>`.")),
    "X002": (
        lambda: lesson_and("See [the notes](../../notes.md)."),
        lambda: lesson_and("See [the final](90-final.md)."),
    ),
    "X003": (lambda: _media("big.png", b"x" * 1_000_001), lambda: _media("big.png", b"x" * 1_000_000)),
    "X004": (
        lambda: lesson_with("[next part](#the-practice)", "[next part](#the-practise)"),
        lambda: lesson_with("[next part](#the-practice)", "[next part](#it-is-morning)"),
    ),
    "X006": (
        lambda: lesson_and("<!-- allow: W010 -->\n\nA calm sentence."),
        lambda: lesson_and("<!-- allow: W010; because: a film's title -->\n\nThe film is called The Rescuers."),
    ),
    "X005": (lambda: lesson_and("The \u202eword."), lambda: lesson_and("The “word”, día.")),
    "L001": (
        lambda: lesson_and("RSMo 210.115 asks for a report."),
        lambda: lesson_and("RSMo 210.115 asks for a report.[^S1]"),
    ),
    "L002": (
        lambda: lesson_with("review_by: 2027-06-01", "review_by: 2026-11-23"),
        lambda: lesson_with("review_by: 2027-06-01", "review_by: 2026-11-24"),
    ),
    "L003": (lambda: lesson_and("About 40 percent agree."), lambda: lesson_and("About 40 percent agree.[^S1]")),
    "L004": (
        lambda: lesson_with("(https://revisor.mo.gov/), checked 2026-11-20", "(https://revisor.mo.gov/)"),
        lambda: lesson_with("checked 2026-11-20", "checked 2026-11-24"),
    ),
    "W010": (
        lambda: lesson_and("The team rescued a child."),
        lambda: lesson_and("The team assisted a child. Do not say “rescued”."),
    ),
    "W011": (
        lambda: _hard_words("Interdisciplinary collaboration necessitates institutional accountability mechanisms."),
        lambda: _hard_words("We work as a team and each of us does a part of it."),
    ),
    "W012": (lambda: lesson_and("TODO: more."), lambda: lesson_and("There is much to do.")),
}
"""code → (a course with that finding, a course without)"""
