"""Each code of the checker: a course that has exactly this finding, and a sibling that has none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from lms.courseware import check
from lms.courseware.course import Problem
from lms.courseware.new import new_course, new_module
from lms.errors import Invalid
from tests.courseware.cases import CASES
from tests.courseware.small_course import FILES, LESSON_PATH, TODAY, edited, lesson_and, lesson_with, translated


def codes(files: Mapping[str, bytes], previous: Mapping[str, bytes] | None = None, name: str = "small") -> set[str]:
    return {problem.code for problem in check.check_course(files, name, today=TODAY, previous=previous)}


def test_the_small_course_has_no_finding():
    found = check.check_course(FILES, "small", today=TODAY)

    assert found == []


def test_its_translation_has_no_finding():
    found = check.check_course(translated(), "small", today=TODAY)

    assert found == []


@pytest.mark.parametrize("code", CASES)
def test_a_course_with_this_fault_has_exactly_this_finding(code: str):
    with_fault, _ = CASES[code]

    assert codes(with_fault()) == {code}


@pytest.mark.parametrize("code", CASES)
def test_its_sibling_without_the_fault_has_no_finding(code: str):
    _, without_fault = CASES[code]

    assert codes(without_fault()) == set()


def test_every_code_has_a_case_or_a_test_of_its_own():
    own = {"C003", "Q001", "Q013", "Q014", "R001", "R002", "R003", "R004", "W013"}

    assert set(check.CODES) == set(CASES) | own


def test_every_finding_says_where_in_words_and_in_a_known_code():
    for with_fault, _ in CASES.values():
        for problem in check.check_course(with_fault(), "small", today=TODAY):
            assert problem.code in check.CODES
            assert problem.line >= 1
            assert len(problem.message.split()) >= 4


def test_a_heading_in_a_pool_without_metadata_is_reported_as_a_question_without_metadata():
    files = lesson_with("<!-- q: days; type: numeric; lo: LO1; unit: days -->\n", "")

    assert "Q001" in codes(files)


def test_a_module_that_is_listed_needs_a_file_and_a_file_needs_to_be_listed():
    without_file = {path: content for path, content in FILES.items() if path != "en/90-final.md"}
    without_entry = edited(FILES, "course.yaml", "  - {id: final, prerequisites: [lesson]}\n", "")

    assert "C003" in codes(without_file)
    assert "C003" in codes(without_entry)


def test_a_changed_tick_without_a_new_rev_is_an_error():
    files = lesson_with("- [ ] Wait a week\n- [x] Tell the office", "- [x] Wait a week\n- [ ] Tell the office")

    assert codes(files, previous=FILES) == {"Q013"}


def test_a_changed_tick_with_a_new_rev_is_taken():
    files = lesson_with("- [ ] Wait a week\n- [x] Tell the office", "- [x] Wait a week\n- [ ] Tell the office")
    files = lesson_with("lo: LO2 -->", "lo: LO2; rev: 2 -->", files)

    assert codes(files, previous=FILES) == set()


def test_a_changed_number_in_the_answer_is_a_changed_answer():
    files = lesson_with("`7 ± 0`", "`8 ± 0`")

    assert codes(files, previous=FILES) == {"Q013"}


def test_a_slip_mended_in_the_right_option_is_not_a_changed_answer():
    before = lesson_with("Tell the office\n\n>", "Tell the ofice\n\n>")

    assert codes(FILES, previous=before) == set()


def test_a_table_that_moved_down_the_page_is_not_a_changed_answer():
    table = "| Sign | Kind |\n| --- | --- |\n| Tired | Seen |\n| Guilty | Thought |"
    sorting = (
        f"### Sort the words.\n\n<!-- q: words; type: sort; lo: LO1 -->\n\n{table}\n\n> [!NOTE]\n> See or think.\n\n"
    )
    before = lesson_with("[^S1]: ", f"{sorting}[^S1]: ")
    after = lesson_with("Someone is missing.", "Someone is missing.\n\nIt is cold.", before)
    swapped = lesson_with("Seen |\n| Guilty | Thought", "Thought |\n| Guilty | Seen", before)

    assert codes(after, previous=before) == set()
    assert codes(swapped, previous=before) == {"Q013"}


def test_steps_in_another_order_are_a_changed_answer():
    steps = "### Put the steps in order.\n\n<!-- q: steps; type: ordering; lo: LO1 -->\n\n1. Look\n2. Ask\n3. Tell\n\n> [!NOTE]\n> So.\n\n"
    before = lesson_with("[^S1]: ", f"{steps}[^S1]: ")
    after = lesson_with("1. Look\n2. Ask", "1. Ask\n2. Look", before)

    assert codes(after, previous=before) == {"Q013"}


def test_an_id_that_was_published_and_is_gone_is_told():
    files = lesson_with("q: days", "q: days-of-week")

    assert codes(files, previous=FILES) == {"Q014"}


def test_against_a_revision_the_course_is_compared_with_what_git_holds(tmp_path: Path):
    write(tmp_path / "small", FILES)
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@a", "commit", "-qm", "A"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    write(tmp_path / "small", lesson_with("`7 ± 0`", "`8 ± 0`"))

    found = check.check_paths([tmp_path / "small"], TODAY, against="HEAD")

    assert [problem.code for problem in found] == ["Q013"]
    with pytest.raises(Invalid):
        check.check_paths([tmp_path / "small"], TODAY, against="no-such-branch")


def test_an_answered_warning_is_silent():
    files = lesson_and("<!-- allow: W010; because: the title of a film -->\n\nThe film is called The Rescuers.")

    assert codes(files) == set()


def test_a_warning_answered_without_a_reason_is_told_all_the_same():
    files = lesson_and("<!-- allow: W010 -->\n\nThe film is called The Rescuers.")

    assert "W010" in codes(files)


def test_an_error_cannot_be_answered():
    files = lesson_and("<!-- allow: W010; because: it is well known -->\n\nThe average age of entry is 13.[^S1]")

    assert codes(files) == {"W010"}


def test_the_message_of_a_stale_translation_tells_the_value_to_write():
    files = edited(translated(), LESSON_PATH, "missing", "not there")

    (found,) = check.check_course(files, "small", today=TODAY)

    assert check.source_rev(files[LESSON_PATH]) in found.message


def test_a_course_without_course_yaml_is_reported_and_does_not_raise():
    found = check.check_course({"en/01-lesson.md": b"# A"}, "small", today=TODAY)

    assert any(problem.is_error for problem in found)


def test_findings_come_in_the_order_of_files_lines_and_codes():
    files = lesson_and("TODO. The team rescued a <b>child</b>.")

    found = check.check_course(edited(files, "en/90-final.md", "proof.", "TODO"), "small", today=TODAY)

    assert [(p.path, p.line, p.code) for p in found] == sorted((p.path, p.line, p.code) for p in found)


GLOSSARY = b"# Glossary\n\nAct\n: What someone did. Here it is not a law.\n"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (b"# Glossary\n\nAct\n: What someone did. In a school this is often small.\n", []),
        (b"# Glossary\n\n*Other*\n: A word.\n\nAct\n: A law.\n", [("words/en/glossary.md", 6)]),
        (b"# Glossary\n\n<!-- allow: W013; because: for lawyers -->\n\nact\n: A law.\n", []),
    ],
    ids=["the same and more", "another meaning", "allowed with a reason"],
)
def test_a_word_means_the_same_in_all_courses_of_a_folder(tmp_path: Path, other: bytes, found: list[tuple[str, int]]):
    write(tmp_path / "small", {**FILES, "en/glossary.md": GLOSSARY})
    write(tmp_path / "words", {**edited(FILES, "course.yaml", "id: small", "id: words"), "en/glossary.md": other})

    problems = [one for one in check.check_paths([tmp_path], TODAY) if one.code == "W013"]

    assert [(Path(one.path).relative_to(tmp_path).as_posix(), one.line) for one in problems] == found
    assert not any(one.is_error for one in problems)


def test_a_folder_of_courses_is_checked_with_the_data_beside_them(tmp_path: Path):
    write(tmp_path / "small", FILES)
    write(
        tmp_path,
        {"resources/lines.yaml": b"lines:\n  - {id: one, source: https://a.example, checked_on: 2026-11-20}\n"},
    )
    write(
        tmp_path, {"cohorts/team.yaml": b"id: team\ntitle: T\nseats: [{id: a, discipline: schools}]\nmilestones: [1]\n"}
    )

    found = check.check_paths([tmp_path], TODAY)

    assert found == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lines: [", "R001"),
        ("lines:\n  - {id: one, checked_on: 2026-11-20}\n", "R002"),
        ("lines:\n  - {id: one, source: https://a.example}\n", "R002"),
        ("lines:\n  - {id: one, source: https://a.example, checked_on: 2026-11-25}\n", "R002"),
        ("lines:\n  - {id: one, source: https://a.example, checked_on: 2025-11-20}\n", "R003"),
    ],
)
def test_a_data_file_needs_form_source_and_date(tmp_path: Path, text: str, code: str):
    write(tmp_path / "small", FILES)
    write(tmp_path, {"resources/lines.yaml": text.encode()})

    found = check.check_paths([tmp_path], TODAY)

    assert [problem.code for problem in found] == [code]


def test_a_cohort_that_asks_for_an_unknown_course_is_reported(tmp_path: Path):
    write(tmp_path / "small", FILES)
    text = b"id: team\ntitle: T\nrequires_courses: [smal]\nseats: [{id: a, discipline: schools}]\nmilestones: [1]\n"
    write(tmp_path, {"cohorts/team.yaml": text})

    found = check.check_paths([tmp_path], TODAY)

    assert [problem.code for problem in found] == ["R004"]


def test_a_milestone_that_names_an_unknown_course_is_reported_with_its_line(tmp_path: Path):
    write(tmp_path / "small", FILES)
    text = b"id: team\ntitle: T\nseats: [{id: a, discipline: schools}]\nmilestones:\n  - {id: m0, courses: [small]}\n"
    write(tmp_path, {"cohorts/team.yaml": text + b"  - {id: m1, courses: [smal]}\n"})

    found = check.check_paths([tmp_path], TODAY)

    assert [(problem.code, problem.line) for problem in found] == [("R004", 6)]


def test_a_single_file_is_told_only_what_concerns_it(tmp_path: Path):
    files = edited(lesson_and("TODO"), "en/90-final.md", "A sign is proof.", "TODO")
    write(tmp_path / "small", files)

    found = check.check_paths([tmp_path / "small" / LESSON_PATH], TODAY)

    assert [(problem.path, problem.code) for problem in found] == [(str(tmp_path / "small" / LESSON_PATH), "W012")]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path):
    found = check.check_paths([tmp_path / "nowhere"], TODAY)

    assert check.exit_code(found) == 1


def test_warnings_alone_do_not_stop_a_build():
    warning = Problem("a.md", 1, "A004", "Name the page.", is_error=False)

    assert check.exit_code([warning]) == 0
    assert check.exit_code([warning, Problem("a.md", 2, "A001", "Describe it.")]) == 1


def test_each_format_says_where_and_what():
    problem = Problem("a,b.md", 3, "A001", "Say what 100% of it\nshows.")

    assert check.format_text([problem]).startswith("a,b.md:3: A001 Say what")
    assert json.loads(check.format_json([problem]))[0]["line"] == 3
    assert check.format_github([problem]) == ("::error file=a%2Cb.md,line=3,title=A001::Say what 100%25 of it%0Ashows.")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_new_course_has_no_finding_but_the_places_to_fill_in(language: str):
    files = new_course("new-course", 'A "new" course', language=language, today=TODAY)

    assert codes(files, name="new-course") == {"W012"}


def test_a_new_module_has_no_finding_but_the_places_to_fill_in():
    files = {**new_course("new-course", "New", today=TODAY), **new_module("more", "More", 2, today=TODAY)}
    files = edited(files, "course.yaml", "  - {id: first-steps}\n", "  - {id: first-steps}\n  - {id: more}\n")

    assert codes(files, name="new-course") == {"W012"}


@pytest.mark.parametrize(("module_id", "title"), [("../up", "Up"), ("UP", "Up"), ("ab", "Up"), ("fine", " ")])
def test_a_new_module_needs_an_id_that_is_a_slug_and_a_title(module_id: str, title: str):
    with pytest.raises(Invalid):
        new_module(module_id, title, 1, today=TODAY)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_an_allowed_warning_is_shown_with_its_reason_to_who_asks():
    files = lesson_and("<!-- allow: W010; because: the title of a film -->\n\nThe film is called The Rescuers.")

    shown = check.check_course(files, "small", today=TODAY, show_allowed=True)

    assert [problem.code for problem in shown] == ["W010"]
    assert shown[0].message.endswith("Allowed, because: the title of a film")
    assert not shown[0].is_error


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("allow: W010", "Nobody can see why"),
        ("allow: W010; because:", "Nobody can see why"),
        ("allow: W999; because: of it", "no code “W999”"),
        ("allow: X002; because: of it", "X002 is an error"),
        ("allow:; because: of it", "allows nothing"),
        ("allow: W010; because: of it; until: 2030", "“until” means nothing"),
    ],
)
def test_an_allowance_has_a_known_warning_and_a_reason(line: str, says: str):
    found = check.check_course(lesson_and(f"<!-- {line} -->\n\nA calm sentence."), "small", today=TODAY)

    assert [problem.code for problem in found] == ["X006"]
    assert found[0].is_error
    assert says in found[0].message


@pytest.mark.parametrize("code", ["W010", "X006", "X002", "A001"])
def test_no_error_can_be_allowed_away(code: str):
    text = f"<!-- allow: {code}; because: I wish -->\n\n![](https://evil.example/a.png)"

    found = check.check_course(lesson_and(text), "small", today=TODAY)

    assert {"X002", "A001"} <= {problem.code for problem in found if problem.is_error}


def test_minutes_of_quizzes_and_of_optional_modules_are_no_teaching_time():
    claimed = b"contact_minutes: 20"
    assert claimed in FILES["course.yaml"]

    as_survey = {**FILES, LESSON_PATH: FILES[LESSON_PATH].replace(b"kind: module", b"kind: survey")}
    optional = {**FILES, "course.yaml": FILES["course.yaml"].replace(b"prerequisites: [lesson]", b"prerequisites: []")}

    for files in (as_survey, optional):
        found = check.check_course(files, "small", today=TODAY)
        assert [(p.code, p.is_error) for p in found if p.code == "C004"] == [("C004", True)]


def test_no_more_credit_is_suggested_than_there_are_contact_minutes():
    credit = b"suggested_credit:\n  - {body: missouri-post, type: clee, minutes: 21}\ncontact_minutes: 20"
    files = {**FILES, "course.yaml": FILES["course.yaml"].replace(b"contact_minutes: 20", credit)}

    assert "C004" in {problem.code for problem in check.check_course(files, "small", today=TODAY)}
