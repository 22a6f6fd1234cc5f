"""The PDFs: valid, tagged, the same bytes everywhere, only our fonts, and a name in any script."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from lms.certification import typefaces
from lms.certification.documents import draw, draw_many, sheet_of
from lms.certification.facts import CertificateFacts, MilestoneLine, SeatLine, TeamFacts
from lms.certification.press import Attached, Press, PressIsBusy, press, qr_image
from lms.certification.press_sources import VendoredOnly
from lms.certification.transcript import Line, Transcript
from lms.certification.transcript_document import draw_transcript
from lms.certification.transcript_elsewhere import ElsewhereLine
from lms.certification.typefaces import SERIF, direction, faces_of, fit, printable
from tests.certification.conftest import SAMPLE, SITE
from tests.support.verapdf import Judge, build_judge, missing_for_judge

NAMES = {
    "latin": "Katarzyna Wiśniewska-Łuczak, RN",
    "one-letter": "Q",
    "ninety-letters": "Maximiliana Alexandra Wolfeschlegelsteinhausen-Featherstonehaugh von Hohenzollern-Sigmaringen"[
        :90
    ],
    "one-long-word": "W" * 90,
    "arabic": "عبد الرحمن محمد الأنصاري",
    "hebrew": "שרה בן־דוד",
    "chinese": "歐陽 明慧",
    "japanese": "さとう ケンジ",
    "korean": "김민준",
    "vietnamese": "Nguyễn Thị Bưởi Ước",
    "cyrillic": "Жанна Щербакова-Ґудзь",
    "kazakh": "Құрманғазы Smith",
    "greek": "Ελένη Παπαδοπούλου",
    "devanagari": "नरेन्द्र श्रीवास्तव",
    "bengali": "রবীন্দ্রনাথ",
    "tamil": "கமலா",
    "burmese": "အောင်ဆန်း",
    "thai": "สมชาย ใจดี",
    "khmer": "សុខា",
    "amharic": "አበበ በቂላ",
    "armenian": "Անի Պետրոսյան",
    "georgian": "ნინო",
    "cherokee": "ᏍᏏᏉᏯ",
    "mixed": "Ahmed أحمد العلي",
    "persian-joiner": "علی‌رضا",
    "rare-han": "𠮷野 𨋢",
    "rare-and-picture": "𠀋𪛖野 🌸 Zoë",
}

TEAM = replace(
    SAMPLE,
    kind="team",
    printed_name="Callaway County Team",
    title="County multidisciplinary team",
    modality="team",
    course_code="",
    version_number=None,
    content_hash="",
    contact_minutes=None,
    pass_mark=None,
    objectives=(),
    suggested_credit=(),
    team=TeamFacts(
        "Callaway County Team",
        (
            SeatLine("School", "schools", "Ana Ruiz", "North Callaway"),
            SeatLine("Nurse", "healthcare", "李伟", "Hospital"),
        ),
        (MilestoneLine("Charter signed", date(2026, 1, 2)), MilestoneLine("Still open")),
        date(2026, 2, 20),
    ),
)


TWO_SIGNATURES = replace(
    SAMPLE, second_signatory_name="Thomas Whitfield, MSN, RN", second_signatory_title="Lead Instructor"
)

CROWDED_TEAM = replace(
    TEAM,
    team=TeamFacts(
        "Callaway County Team",
        tuple(
            SeatLine(f"Seat number {n} of the county", "schools", f"Person {n} Núñez", "An agency") for n in range(40)
        ),
        tuple(MilestoneLine(f"Milestone {n}", date(2026, 1, 2)) for n in range(9)),
        date(2026, 2, 20),
    ),
)
"""More than a second page holds."""


def named(name: str) -> CertificateFacts:
    return replace(SAMPLE, printed_name=name)


@cache
def drawn(key: str) -> bytes:
    """The certificate for one of NAMES, drawn once for all tests that look at it."""
    return draw(named(NAMES[key]))


def transcript(count: int = 40, name: str = "Nora Núñez") -> Transcript:
    statuses = ("valid", "expired", "revoked", "superseded")
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    lines = tuple(
        Line(number, SAMPLE.code, SAMPLE, statuses[number % 4], now if number % 4 == 2 else None, None, False)  # type: ignore[arg-type]
        for number in range(count)
    )
    return Transcript(name, lines, now)


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def fonts_of(content: bytes) -> set[str]:
    """Names of the fonts of a PDF, each with a font program inside it."""
    found = set()
    for page in PdfReader(io.BytesIO(content)).pages:
        for font in page["/Resources"]["/Font"].get_object().values():  # type: ignore[index]
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            found.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    return found


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    missing = missing_for_judge()
    if missing is not None:
        pytest.skip(missing)
    return build_judge(tmp_path_factory.mktemp("vera"))


# --- standards ------------------------------------------------------------------------------------------------------


def test_every_document_is_pdf_a_3a_and_pdf_ua_1(judge: Judge, tmp_path: Path) -> None:
    documents = {f"name-{key}": drawn(key) for key in NAMES}
    documents["spanish"] = draw(replace(SAMPLE, language="es"))
    documents["team"] = draw(TEAM)
    documents["crowded-team"] = draw(CROWDED_TEAM)
    documents["two-signatures"] = draw(TWO_SIGNATURES)
    documents["attachment"] = draw(SAMPLE, attachments=CARRIED[:1])
    documents["two-attachments"] = draw(SAMPLE, attachments=CARRIED)
    documents["bare"] = draw(
        replace(SAMPLE, signatory_name="", valid_until=None, suggested_credit=(), objectives=(), agency_name="")
    )
    documents["transcript"] = draw_transcript(transcript(), language="en", site=SITE)
    documents["transcript-spanish"] = draw_transcript(transcript(), language="es", site=SITE)
    elsewhere = (ElsewhereLine("منع الاتجار", "Academy", date(2026, 3, 1), 90, ("Boone County",)),)
    documents["transcript-elsewhere"] = draw_transcript(
        replace(transcript(), elsewhere=elsewhere), language="en", site=SITE
    )
    documents["transcript-chinese"] = draw_transcript(transcript(40, "歐陽 明慧"), language="en", site=SITE)
    documents["transcript-empty"] = draw_transcript(transcript(0, "عبد"), language="en", site=SITE)
    for name, content in documents.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)

    found = judge.judge(sorted(tmp_path.glob("*.pdf")))

    assert len(found) == 2 * len(documents)
    assert {key: report for key, report in found.items() if report != "PASS"} == {}


def test_qpdf_finds_nothing_wrong(tmp_path: Path) -> None:
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not installed")
    file = tmp_path / "certificate.pdf"
    file.write_bytes(draw(SAMPLE))

    run = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "No syntax or stream encoding errors found" in run.stdout


def test_the_document_says_its_title_language_and_structure() -> None:
    reader = PdfReader(io.BytesIO(draw(replace(SAMPLE, language="es"))))

    root = reader.trailer["/Root"].get_object()
    assert root["/Lang"] == "es"  # type: ignore[index]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title == "Certificado de finalización – Katarzyna Wiśniewska-Łuczak, RN"


# --- determinism ----------------------------------------------------------------------------------------------------

DRAW_ELSEWHERE = """
import hashlib, sys
from dataclasses import replace
from lms.certification.documents import draw, draw_many, sheet_of
from tests.certification.conftest import SAMPLE
if sys.argv[1] == "warm":
    for name in ("歐陽 明慧", "김민준", "Құрманғазы"):
        draw(replace(SAMPLE, printed_name=name))
print(hashlib.sha256(draw(replace(SAMPLE, printed_name=sys.argv[2]))).hexdigest())
"""


@pytest.mark.parametrize("name", ["Zoë Łuczak", "أحمد العلي"])
def test_the_same_facts_make_the_same_bytes_in_every_process_whatever_it_drew_before(name: str) -> None:
    here = hashlib.sha256(draw(named(name))).hexdigest()
    again = hashlib.sha256(draw(named(name))).hexdigest()

    elsewhere = [
        subprocess.run(
            [sys.executable, "-c", DRAW_ELSEWHERE, state, name],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout.strip()
        for state in ("cold", "warm")
    ]

    assert [again, *elsewhere] == [here, here, here]


def test_many_drawn_together_are_the_same_bytes_as_each_drawn_alone() -> None:
    many = [replace(named(name), language="es" if place % 3 else "en") for place, name in enumerate(NAMES.values())]
    many.insert(4, CROWDED_TEAM)

    assert draw_many(many) == [draw(facts) for facts in many]


def test_many_are_no_more_work_than_none() -> None:
    assert draw_many([]) == []


def test_another_name_or_another_code_makes_other_bytes() -> None:
    first = draw(SAMPLE)

    assert draw(named("Somebody Else")) != first
    assert draw(replace(SAMPLE, code="0000-0000-0000")) != first


def test_threads_that_draw_at_once_get_the_right_document_each() -> None:
    names = ["Ana", "أحمد", "李伟", "Жанна"]
    alone = {name: draw(named(name)) for name in names}
    together: dict[str, bytes] = {}

    def draw_one(name: str) -> None:
        together[name] = draw(named(name))

    drawers = [threading.Thread(target=draw_one, args=(name,)) for name in names]
    for drawer in drawers:
        drawer.start()
    for drawer in drawers:
        drawer.join()

    assert together == alone


def test_a_press_with_too_many_waiting_says_so_at_once() -> None:
    own = Press()
    while own.waiting.acquire(blocking=False):
        pass

    with pytest.raises(PressIsBusy):
        own.draw(sheet_of(SAMPLE))


# --- attachments and size -------------------------------------------------------------------------------------------

CARRIED = (
    Attached("credential.json", "Open Badges 3.0 credential", b'{"id": "urn:example"}'),
    Attached("about.txt", "How to check the credential", "Zo\u00eb".encode()),
)


def test_an_attachment_is_found_whole_with_its_kind_and_the_documents_own_date() -> None:
    reader = PdfReader(io.BytesIO(draw(SAMPLE, attachments=CARRIED)))

    found = [one.get_object() for one in reader.trailer["/Root"]["/AF"]]  # type: ignore[index]
    files = [one["/EF"]["/F"] for one in found]
    assert {one["/UF"]: file.get_data() for one, file in zip(found, files, strict=True)} == {
        one.name: one.content for one in CARRIED
    }
    assert [file["/Subtype"] for file in files] == ["/text/plain", "/application/json"]
    assert {one["/AFRelationship"] for one in found} == {"/Data"}
    assert {file["/Params"]["/CreationDate"] for file in files} == {"D:20260314120000Z"}
    assert set(reader.attachments) == {one.name for one in CARRIED}


def test_the_order_in_which_attachments_are_given_does_not_matter() -> None:
    assert draw(SAMPLE, attachments=CARRIED) == draw(SAMPLE, attachments=CARRIED[::-1])


@pytest.mark.parametrize("key", ["latin", "ninety-letters", "one-letter", "vietnamese"])
def test_a_document_in_latin_letters_leaves_room_for_a_signature_and_a_badge_in_45_kilobytes(key: str) -> None:
    assert len(drawn(key)) <= 34_000


def test_every_line_of_text_hangs_in_the_structure_once() -> None:
    reader = PdfReader(io.BytesIO(draw(CROWDED_TEAM)))

    owners = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]  # type: ignore[index]
    for number, page in enumerate(reader.pages):
        marks = [
            operands[1]["/MCID"]
            for operands, operator in page.get_contents().operations  # type: ignore[union-attr]
            if operator == b"BDC"
        ]
        assert sorted(marks) == list(range(len(owners[2 * number + 1])))
        for mark, owner in enumerate(owners[2 * number + 1]):
            assert mark in owner.get_object()["/K"]


# --- names and fonts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key in NAMES if key not in ("rare-and-picture", "one-long-word")])
def test_a_name_prints_whole_in_our_own_fonts(key: str) -> None:
    name = NAMES[key]

    content = drawn(key)

    assert printable(name) == name
    assert all(font.startswith("crosstrain-") for font in fonts_of(content))
    assert "?" not in PdfReader(io.BytesIO(content)).pages[0].extract_text()


@pytest.mark.parametrize("key", ["latin", "chinese", "korean", "vietnamese", "cyrillic", "kazakh", "greek", "armenian"])
def test_a_name_can_be_copied_out_of_the_document(key: str, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    file = tmp_path / "name.pdf"
    file.write_bytes(drawn(key))

    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout

    assert NAMES[key] in text


def test_no_letter_of_any_printed_name_is_the_box_for_a_missing_one() -> None:
    for name in NAMES.values():
        shown = printable(name)
        assert all(typefaces.face_of(letter, SERIF) is not None for letter in shown if letter != " ")


def test_a_letter_that_no_font_has_becomes_the_printers_mark_and_a_picture_is_left_out() -> None:
    assert printable(NAMES["rare-and-picture"]) == "𠀋〓野 Zoë"


def test_a_word_is_never_patched_together_from_two_fonts() -> None:
    assert faces_of("Құрманғазы Smith", SERIF) == (typefaces.SECOND,)
    assert faces_of("Katarzyna", SERIF) == (SERIF,)
    assert faces_of("Ahmed أحمد", SERIF) == (SERIF, "NotoNaskhArabic-Regular.ttf")


@pytest.mark.parametrize(
    ("text", "way"), [("Ana", "ltr"), ("أحمد", "rtl"), ("שרה", "rtl"), ("(Ahmed) أحمد", "ltr"), ("1", "ltr")]
)
def test_a_name_runs_the_way_its_first_letter_does(text: str, way: str) -> None:
    assert direction(text) == way


def test_control_characters_and_line_breaks_do_not_reach_the_page() -> None:
    assert printable("Ana\nRuiz\t\x00\u202e x") == "Ana Ruiz x"


def test_a_longer_name_is_set_smaller_and_never_under_nine_points() -> None:
    sizes = {1: range(36, 23, -1), 2: range(30, 17, -1), 3: range(18, 9, -1)}
    heights = [fit("Ana " * count, (SERIF,), 511, sizes) for count in (1, 8, 20, 30, 200)]

    assert heights[0] == 36
    assert heights == sorted(heights, reverse=True)
    assert min(heights) >= 9


@pytest.mark.parametrize("key", sorted(NAMES))
def test_whatever_the_name_there_are_two_pages(key: str) -> None:
    assert len(PdfReader(io.BytesIO(drawn(key))).pages) == 2


def test_every_font_of_the_table_is_there_and_has_its_notice() -> None:
    notice = (typefaces.FOLDER / "NOTICE.md").read_text(encoding="utf-8")
    files = {file.name for file in typefaces.FOLDER.glob("*.[ot]tf")}
    named = {typefaces.SERIF, typefaces.ITALIC, typefaces.SANS, typefaces.BOLD, typefaces.SECOND, typefaces.RARE_HAN}
    used = named | set(typefaces.BY_SCRIPT.values())

    assert used == files
    assert all(f"| {name} |" in notice for name in files)


# --- what it says ---------------------------------------------------------------------------------------------------


def test_it_prints_the_facts_and_neither_a_score_nor_the_british_spelling() -> None:
    text = text_of(draw(SAMPLE))

    for part in ("1.00", "March 14, 2026", "Computer-Based Training", "March 14, 2028", "FND-101", SAMPLE.code):
        assert part in text
    assert "No accreditation is claimed." in text
    assert "not approved" in text
    assert "at least 80 percent" in text
    assert "Licence" not in text
    assert "Final score" not in text


def test_an_approval_that_the_deployer_entered_replaces_the_disclaimer() -> None:
    text = text_of(draw(replace(SAMPLE, accreditation_statement="Approved by the Board, CEP 17452.")))

    assert "Approved by the Board, CEP 17452." in text
    assert "No accreditation is claimed" not in text


WORD_BOX = r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<'
LONG = "Approved by the Board for one hour, under a rule that wants many words. "


def test_a_statement_too_long_for_the_first_page_stands_whole_on_the_second_and_the_first_says_so() -> None:
    pages = [
        " ".join(page.extract_text().split())
        for page in PdfReader(io.BytesIO(draw(replace(SAMPLE, accreditation_statement=LONG * 30)))).pages
    ]

    assert "The credit statement is on the second page." in pages[0]
    assert LONG.strip() not in pages[0]
    assert (LONG * 30).strip() in " ".join(pages[1:])


@pytest.mark.parametrize("times", [1, 5, 9, 14, 20])
@pytest.mark.parametrize("key", ["one-letter", "ninety-letters", "one-long-word", "burmese"])
def test_the_statement_never_runs_into_the_signatures(key: str, times: int, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    facts = replace(
        named(NAMES[key]),
        title="A long title that goes on " * 8,
        agency_name="An agency " * 12,
        accreditation_statement=LONG * times,
    )

    (tmp_path / "one.pdf").write_bytes(draw(facts))

    command = ["pdftotext", "-bbox", "-l", "1", str(tmp_path / "one.pdf"), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = [(float(top), float(end), word) for top, end, word in re.findall(WORD_BOX, boxes)]
    statement_end = max(end for _, end, word in words if word in ("words.", "page."))
    signature_top = min(top for top, _, word in words if "Reyes" in word)
    assert statement_end <= signature_top + 6  # the box of a word is higher than its letters


@pytest.mark.parametrize("design", ["default", "classic"])
def test_an_agency_of_one_long_word_stays_on_the_paper(design: str, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    facts = replace(SAMPLE, agency_name="Hauptmannschaftsbezirk" * 9, design=design)

    (tmp_path / "one.pdf").write_bytes(draw(facts))

    command = ["pdftotext", "-bbox", str(tmp_path / "one.pdf"), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    width = float(re.search(r'<page width="([\d.]+)"', boxes)[1])
    ends = [float(end) for end in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert max(ends) < width


def test_two_people_sign_where_two_are_named() -> None:
    text = text_of(draw(TWO_SIGNATURES))

    assert text.count("Thomas Whitfield, MSN, RN") == 2
    assert "Lead Instructor" in text


def test_pages_are_counted_within_each_certificate() -> None:
    first, second = (PdfReader(io.BytesIO(content)) for content in draw_many([CROWDED_TEAM, SAMPLE]))

    ends = [[page.extract_text().split()[-1] for page in reader.pages[1:]] for reader in (first, second)]
    assert ends == [[str(number) for number in range(2, len(first.pages) + 1)], ["2"]]
    assert len(first.pages) > 2


def test_the_spanish_edition_is_in_spanish() -> None:
    text = text_of(draw(replace(SAMPLE, language="es")))

    assert "Certificado de finalización" in text
    assert "14 de marzo de 2028" in text
    assert "no aprobado" in text
    assert "Contact hours" not in text


def test_a_language_without_words_is_drawn_in_english() -> None:
    assert "Certificate of Completion" in text_of(draw(replace(SAMPLE, language="fr")))


def test_a_team_prints_its_seats_people_milestones_and_exercise() -> None:
    text = text_of(draw(TEAM))

    for part in ("Certificate of Team Readiness", "Ana Ruiz", "North Callaway", "Charter signed", "January 2, 2026"):
        assert part in text
    assert "February 20, 2026" in text


def test_the_transcript_counts_no_revoked_hours() -> None:
    text = text_of(draw_transcript(transcript(4), language="en", site=SITE))

    assert "Revoked on Nov 24," in text
    assert re.search(r"Total\s*2\s*2\.00", text)


@pytest.mark.parametrize("name", ["Nora Núñez", "Құрманғазы", "歐陽 明慧", "W" * 90])
def test_every_page_of_a_transcript_says_whose_it_is(name: str) -> None:
    pages = PdfReader(io.BytesIO(draw_transcript(transcript(40, name), language="en", site=SITE))).pages

    texts = ["".join(page.extract_text().split()) for page in pages]

    assert len(texts) > 1
    assert all("".join(name.split()) + "·AsofNovember24,2026" in text for text in texts)


def test_a_transcript_says_that_a_certification_s_hours_are_not_counted_again() -> None:
    plain = transcript(4)
    first = replace(plain.lines[0], facts=replace(SAMPLE, kind="certification"))

    texts = [
        text_of(draw_transcript(one, language="en", site=SITE))
        for one in (plain, replace(plain, lines=(first, *plain.lines[1:])))
    ]

    assert ["are not counted again" in text for text in texts] == [False, True]
    assert re.search(r"Total\s*2\s*1\.00", texts[1])


def test_the_qr_code_carries_the_address_of_the_code_at_level_m() -> None:
    import segno

    code = segno.make(SAMPLE.verify_url, error="m", boost_error=False, micro=False, mask=3)

    assert SAMPLE.verify_url == "https://training.example.gov/verify/7K0M-Q4XT-0003"
    assert code.error == "M"
    with Image.open(io.BytesIO(base64.b64decode(qr_image(SAMPLE.verify_url).partition(",")[2]))) as image:
        printed = [[image.getpixel((x, y)) == 0 for x in range(image.width)] for y in range(image.height)]
    assert printed == [[bool(dark) for dark in row] for row in code.matrix_iter(border=4)]


# --- no network -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/x.png",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "crosstrain:font/../models.py",
        "crosstrain:image/../../README.md",
        "crosstrain:other/x",
        "data:text/html;base64,AA==",
    ],
)
def test_a_document_fetches_nothing_but_our_own_files(address: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        VendoredOnly().fetch(address)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts, evil: replace(facts, printed_name=evil),
        lambda facts, evil: replace(facts, title=evil),
        lambda facts, evil: replace(facts, agency_name=evil, provider_name=evil, objectives=(evil,)),
    ],
)
def test_markup_in_the_facts_is_text(change: Callable[[CertificateFacts, str], CertificateFacts]) -> None:
    evil = '<img src="https://example.org/x.png"><style>body{display:none}</style>'

    content = draw(change(SAMPLE, evil))

    assert "Certificate of Completion" in text_of(content)
    assert "example.org" in text_of(content)


def test_the_press_of_a_process_is_made_once() -> None:
    assert press() is press()
