"""The designs: every one, in every language and script, is valid, says all that it must, and leaves nothing out."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from lms.certification import designs
from lms.certification.designs import CLASSIC, OURS, Design, design_of
from lms.certification.documents import Order, draw, draw_orders
from lms.certification.facts import (
    CertificateFacts,
    CreditLineFacts,
    EvidenceFacts,
    LicenseFacts,
    MilestoneLine,
    SeatLine,
    Signatory,
    TeamFacts,
)
from tests.certification.conftest import SAMPLE
from tests.support.verapdf import build_judge, missing_for_judge

FULL = replace(
    SAMPLE,
    license=LicenseFacts("mo-nursing", "Missouri State Board of Nursing", "MO", "RN 0954-221"),
    credit=(
        CreditLineFacts("missouri-post", "Missouri POST", "clee", "legal-studies", 60, "1.20", "26-1187"),
        CreditLineFacts("ana", "the nurses' board", "contact-hours", None, 60, "1.00", "", "Keep this for four years."),
    ),
    suggested_credit=(),
    agency_signatories=(Signatory("Dr. Ana Ruiz", "Director"), Signatory("Thomas Whitfield", "Lead Instructor")),
    statement="Issued to those who stand up for others.",
)
CERTIFICATION = replace(
    FULL,
    kind="certification",
    title="County responder",
    contact_minutes=240,
    evidence=(
        EvidenceFacts("The shared foundation", date(2026, 1, 3), "7K0M-Q4XT-0003"),
        EvidenceFacts("Working with survivors", date(2026, 2, 3), "", "State Academy of Justice"),
    ),
)
TEAM = replace(
    FULL,
    kind="team",
    printed_name="Callaway County Team",
    modality="team",
    license=None,
    team=TeamFacts(
        "Callaway County Team",
        (
            SeatLine("School", "schools", "Ana Ruiz", "North Callaway"),
            SeatLine("Nurse", "healthcare", "李伟", "Hospital"),
        ),
        (MilestoneLine("Charter signed", date(2026, 1, 2)),),
        date(2026, 2, 20),
    ),
)
KINDS = {"course": FULL, "certification": CERTIFICATION, "team": TEAM}
NAMES = ("عبد الرحمن محمد", "歐陽 明慧", "Nguyễn Thị Bưởi Ước", "W" * 90)


def a_logo(mode: str = "RGBA") -> bytes:
    output = io.BytesIO()
    Image.new(mode, (120, 60), 128 if mode == "L" else (20, 90, 60, 128)[: len(mode)]).save(output, "PNG")
    return output.getvalue()


def text_of(content: bytes, page: int = 0) -> str:
    return " ".join(PdfReader(io.BytesIO(content)).pages[page].extract_text().split())


def test_every_design_is_valid_in_every_language_and_script(tmp_path: Path) -> None:
    missing = missing_for_judge()
    if missing is not None:
        pytest.skip(missing)
    orders = {}
    for design_name, design in OURS.items():
        for kind, facts in KINDS.items():
            if kind not in design.kinds:
                continue
            for language in ("en", "es"):
                key = f"{design_name}-{kind}-{language}"
                orders[key] = Order(replace(facts, language=language, design=design_name), logo=a_logo())
        facts = replace(KINDS[design.kinds[0]], design=design_name)
        for place, name in enumerate(NAMES):
            orders[f"{design_name}-{place}"] = Order(replace(facts, printed_name=name))
    for key, content in zip(orders, draw_orders(list(orders.values())), strict=True):
        (tmp_path / f"{key}.pdf").write_bytes(content)

    found = build_judge(tmp_path).judge(sorted(tmp_path.glob("*.pdf")))

    assert len(found) == 2 * len(orders)
    assert {key: report for key, report in found.items() if report != "PASS"} == {}


@pytest.mark.parametrize("design", ["modern", "classic"])
def test_the_first_page_says_license_credit_and_who_signs(design: str) -> None:
    content = draw(replace(FULL, design=design))

    first = text_of(content)

    assert first.index("Katarzyna") < first.index("License RN 0954-221 · Missouri State Board of Nursing")
    assert "Approved for 1.20 hours (CLEE, legal studies) by Missouri POST, approval number 26-1187." in first
    assert "Approved for 1.00 hours (contact hours) by the nurses' board. Keep this for four years." in first
    assert "No accreditation is claimed" not in first
    assert "Issued to those who stand up for others." in first
    assert first.count("Dr. Ana Ruiz") == first.count("Thomas Whitfield") == 2
    assert "María Álvarez-Reyes" not in first
    assert "FINAL SCORE" not in first.upper()


@pytest.mark.parametrize("design", ["modern", "classic"])
def test_a_certification_lists_what_it_rests_on(design: str) -> None:
    content = draw(replace(CERTIFICATION, design=design))

    assert "has met the requirements of County responder" in text_of(content)
    assert "4.00" in text_of(content)
    second = text_of(content, 1)
    assert "The shared foundation January 3, 2026 7K0M-Q4XT-0003" in second
    assert "Working with survivors February 3, 2026 State Academy of Justice" in second


@pytest.mark.parametrize("design", ["team", "classic"])
def test_a_team_lists_seats_milestones_and_its_exercise(design: str) -> None:
    content = draw(replace(TEAM, design=design))

    assert "February 20, 2026" in text_of(content)
    assert "School Ana Ruiz North Callaway" in text_of(content, 1)
    assert "Charter signed January 2, 2026" in text_of(content, 1)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
@pytest.mark.parametrize("design", ["modern", "classic"])
def test_the_logo_stands_in_place_of_the_seal_and_says_whose_it_is(design: str, mode: str) -> None:
    plain, branded = draw_orders(
        [Order(replace(FULL, design=design)), Order(replace(FULL, design=design), logo=a_logo(mode))]
    )

    alternatives = [_alternatives(one) for one in (plain, branded)]
    assert ["Seal with a star" in found for found in alternatives] == [True, False]
    assert ["Logo of Kingdom City General Hospital" in found for found in alternatives] == [False, True]


def _alternatives(content: bytes) -> set[str]:
    found = set()
    for number in PdfReader(io.BytesIO(content)).xref_objStm:
        one = PdfReader(io.BytesIO(content)).get_object(number)
        if isinstance(one, dict) and "/Alt" in one:
            found.add(str(one["/Alt"]))
    return found


def words_on_the_first_page(content: bytes, folder: Path) -> list[tuple[float, float, str]]:
    """Top, bottom and text of each word, in points from the top of the page."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    (folder / "one.pdf").write_bytes(content)
    command = ["pdftotext", "-bbox", "-l", "1", str(folder / "one.pdf"), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<', boxes)
    return [(float(top), float(end), text) for top, end, text in found]


@pytest.mark.parametrize(("kind", "design"), [("course", "modern"), ("course", "classic"), ("team", "team")])
def test_the_longest_days_of_the_spanish_year_leave_the_signatures_free(kind: str, design: str, tmp_path: Path) -> None:
    facts = replace(
        KINDS[kind],
        language="es",
        design=design,
        printed_name="Nguyễn Thị Bưởi Ước Quỳnh Hương Trần Lê Phạm",
        title="Preparación de todas las profesiones del condado para responder a la trata de personas",
        completed_on=date(2026, 9, 30),
        valid_until=date(2028, 9, 30),
        statement="Se otorga a quienes defienden a los demás. " * 7,
    )

    words = words_on_the_first_page(draw(facts), tmp_path)

    values = [top for top, _, text in words if text in ("2026", "2028")]
    assert max(values) - min(values) < 1
    ends = [end for _, end, text in words if text in ("demás.", "página.")]
    assert max(ends) <= min(top for top, _, text in words if text == "Whitfield") + 6


@pytest.mark.parametrize("design", ["modern", "classic"])
def test_long_names_and_titles_of_who_signs_stay_above_the_provider(design: str, tmp_path: Path) -> None:
    long = Signatory(
        "Prof. Dr. Bartholomew Featherstonehaugh-Cholmondeley the Third of Cape Girardeau",
        "Deputy Assistant Superintendent for Curriculum, Instruction, Assessment and Student Support",
    )

    words = words_on_the_first_page(draw(replace(FULL, design=design, agency_signatories=(long, long))), tmp_path)

    ends = [end for _, end, text in words if text == "Support"]
    assert len(ends) == 2
    assert max(ends) <= min(top for top, _, text in words if text == "Professional")


def test_an_unknown_design_and_one_of_another_kind_give_the_usual_one() -> None:
    assert design_of("gone", "course") is OURS["modern"]
    assert design_of("team", "course") is OURS["modern"]
    assert design_of("", "team") is OURS["team"]
    assert design_of("classic", "team") is CLASSIC


def test_a_package_brings_a_design_with_its_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.html").write_text('<section class="sheet"><h1>{{ heading }} of our own</h1></section>')
    (tmp_path / "own.css").write_text(
        "@page { size: 11in 8.5in }\n.sheet { page: front }\nh1 { font-family: crosstrain-sans }"
    )
    own = Design("own.html", "own.css", "Our own", folder=str(tmp_path))
    monkeypatch.setattr(EntryPoint, "load", lambda self: own if self.name == "own" else 1 / 0)
    monkeypatch.setattr(
        designs, "entry_points", lambda group: [EntryPoint("own", "a:b", group), EntryPoint("broken", "a:c", group)]
    )
    designs.registry.cache_clear()
    try:
        assert list(designs.registry()) == ["modern", "team", "classic", "own"]
        content = draw(replace(FULL, design="own"))
    finally:
        designs.registry.cache_clear()

    assert text_of(content) == "Certificate of Completion of our own"


def test_a_course_that_names_no_facts_prints_as_before() -> None:
    facts = CertificateFacts.from_json(SAMPLE.to_json())

    assert draw(facts) == draw(SAMPLE)
