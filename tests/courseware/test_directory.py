"""The resource directory: what its two files may say, where each fault is named, and what is shown for whom."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from lms.courseware import check
from lms.courseware.directory.choosing import choose, to_confirm
from lms.courseware.directory.opening import BrokenDirectory, open_directory

TODAY = date(2026, 11, 23)

LINES = """\
lines:
  - id: emergency
    name: {en: Emergency, es: Emergencia}
    number: "911"
    tel: "911"
    source: "https://a.example"
    checked_on: 2026-11-20
    confidence: H
  - id: night-line
    name: {en: Night line}
    number: "1-573-555-0100"
    tel: "+15735550100"
    source: "https://a.example"
    checked_on: 2026-11-20
    confidence: H
"""

HEAD = """\
needs:
  emergency: {en: Danger}
  shelter: {en: Shelter, es: Refugio}
  mental-health: {en: Mental health}
organizations:
"""

HOUSE = """\
  - id: {id}
    name: {{en: "{id}"}}
    kind: provider
    direct: {direct}
    needs: [{needs}]
    counties: {counties}
    what_they_do: {{en: It helps.}}
    how_to_reach: {{en: Call it.}}
    phone: {phone}
    languages: null
    source: "https://a.example/{id}"
    checked_on: 2026-11-20
    confidence: {confidence}
"""

BY_NEED = """\
lines:
  - {id: by-night, line: night-line, needs: [shelter], counties: [statewide], languages: [en], source: "https://a.example", checked_on: 2026-11-20, confidence: H}
  - {id: by-danger, line: emergency, needs: [emergency], counties: [national], languages: null, source: "https://a.example", checked_on: 2026-11-20, confidence: H}
"""


def house(
    id: str = "house",
    *,
    direct: str = "true",
    needs: str = "shelter",
    counties: str = "[statewide]",
    phone: str = "null",
    confidence: str = "H",
) -> str:
    return HOUSE.format(id=id, direct=direct, needs=needs, counties=counties, phone=phone, confidence=confidence)


def folder_with(tmp_path: Path, *houses: str, lines: str = LINES, by_need: str = BY_NEED) -> Path:
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "hotlines.yaml").write_text(lines, encoding="utf-8")
    (folder / "organizations.yaml").write_text(HEAD + "".join(houses) + by_need, encoding="utf-8")
    return folder


def test_a_sound_directory_has_no_finding(tmp_path: Path):
    folder = folder_with(tmp_path, house())

    found = check.check_paths([folder], TODAY)

    assert check.format_text(found) == ""


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("counties: [statewide]", 'counties: ["29999"]', 11, "29999"),
        ("counties: [statewide]", 'counties: [statewide, "29019"]', 11, "alone"),
        ("counties: [statewide]", "counties: []", 11, "empty"),
        ("    counties: [statewide]\n", "", 6, "null"),
        ("needs: [shelter]", "needs: [shelters]", 10, "shelters"),
        ("kind: provider", "kind: shelter", 8, "shelter"),
        ("direct: true", "direct: maybe", 9, "true or false"),
        ("confidence: H", "confidence: sure", 18, "sure"),
        ("phone: null", "phone: {number: '555', tel: 'five', confidence: H, source: 'https://a.example'}", 14, "tel"),
        ("phone: null", "phone: {number: '555', tel: '555', confidence: H}", 14, "source"),
        ("what_they_do: {en: It helps.}", "what_they_do: {es: Ayuda.}", 12, "English"),
        ("languages: null", "languages: [English]", 15, "English"),
        ("phone: null", "fone: null", 14, "fone"),
        ("phone: null", "phone: null\n    line: day-line", 15, "day-line"),
        ("phone: null", "phone: null\n    web: {url: 'javascript:alert(1)', confidence: H}", 15, "url"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, word: str):
    folder = folder_with(tmp_path, house().replace(old, new, 1))

    found = check.check_paths([folder / "organizations.yaml"], TODAY)

    assert [(problem.code, problem.line) for problem in found] == [("R001", line)], check.format_text(found)
    assert word in found[0].message


def test_two_organizations_of_one_id_are_named(tmp_path: Path):
    folder = folder_with(tmp_path, house(), house())

    (found,) = check.check_paths([folder], TODAY)

    assert (found.code, found.line) == ("R001", 19)
    assert "twice" in found.message


def test_a_line_without_a_number_is_named_in_its_own_file(tmp_path: Path):
    folder = folder_with(tmp_path, house(), lines=LINES.replace('    number: "911"\n', ""))

    (found,) = check.check_paths([folder], TODAY)

    assert (Path(found.path).name, found.code, found.line) == ("hotlines.yaml", "R001", 2)


def test_a_broken_directory_is_not_opened_and_says_why(tmp_path: Path):
    folder = folder_with(tmp_path, house(needs="shelters"))

    with pytest.raises(BrokenDirectory, match=r"organizations\.yaml:10: R001 .*shelters"):
        open_directory(folder)


def test_name_and_number_of_a_line_come_from_the_file_of_lines(tmp_path: Path):
    directory = open_directory(
        folder_with(tmp_path, house().replace("phone: null", "phone: null\n    line: night-line"))
    )

    (one,) = directory.organizations

    assert one.line is not None
    assert (one.line.number, one.line.name["en"]) == ("1-573-555-0100", "Night line")


def test_the_emergency_line_is_first_for_every_need(tmp_path: Path):
    directory = open_directory(folder_with(tmp_path, house()))

    assert [one.line.id for one in choose(directory, "shelter").lines] == ["emergency", "night-line"]
    assert [one.line.id for one in choose(directory, "mental-health").lines] == ["emergency"]


def test_a_county_shows_its_own_and_always_those_of_the_whole_state(tmp_path: Path):
    houses = (
        house("here-house", counties='["29019"]'),
        house("state-house"),
        house("nation-house", counties="[national]"),
        house("other-house", counties='["29051"]'),
        house("unknown-house", counties="null"),
    )
    directory = open_directory(folder_with(tmp_path, *houses))

    shown = choose(directory, county="29019")

    assert [one.id for one in shown.here] == ["here-house"]
    assert [one.id for one in shown.everywhere] == ["state-house", "nation-house"]
    assert [one.id for one in shown.unknown] == ["unknown-house"]
    assert [one.id for one in choose(directory).here] == ["here-house", "other-house"]
    assert choose(directory, county="29001").here == ()


def test_those_one_can_turn_to_stand_before_those_that_fund(tmp_path: Path):
    directory = open_directory(folder_with(tmp_path, house("fund-house", direct="false"), house("open-house")))

    assert [one.id for one in choose(directory).everywhere] == ["open-house", "fund-house"]


def test_what_rests_on_one_weak_page_is_for_those_who_will_check_it(tmp_path: Path):
    phone = "{number: '555', tel: '555', confidence: L, source: 'https://a.example'}"
    directory = open_directory(
        folder_with(tmp_path, house("weak-house", confidence="L"), house("weak-phone", phone=phone), house())
    )

    assert [one.id for one in choose(directory).organizations] == ["weak-phone", "house"]
    assert [(one.id, one.weak) for one in to_confirm(directory)] == [("weak-house", ()), ("weak-phone", ("555",))]


def test_a_site_whose_clock_is_behind_still_shows_the_directory(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, house())

    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC), tick=False):
        assert open_directory(folder).lines
