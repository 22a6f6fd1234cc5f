"""Files handed in as evidence: known by their bytes, made harmless, or refused with the reason."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
from PIL import Image

from lms.certification import evidence_files
from lms.certification.evidence_files import examine, neutral_name
from lms.errors import Invalid


def pdf_of(*, packed: bool = True, password: str = "", **root: object) -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        for key, value in root.items():
            document.Root[pikepdf.Name(f"/{key}")] = document.make_indirect(value)
        target = io.BytesIO()
        mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
        encryption = pikepdf.Encryption(owner=password, user=password) if password else False
        document.save(target, object_stream_mode=mode, encryption=encryption)
        return target.getvalue()


def script() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def launch() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe"))


def picture(kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_a_plain_pdf_is_taken_as_it_is(packed: bool) -> None:
    content = pdf_of(packed=packed)

    assert examine("My certificate.pdf", content).content == content


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("action", [script, launch])
def test_a_pdf_with_an_action_is_refused_also_when_it_is_packed_away(packed: bool, action) -> None:
    content = pdf_of(packed=packed, OpenAction=action())
    assert packed is not (b"/JavaScript" in content or b"/Launch" in content), "the case shows what it says"

    with pytest.raises(Invalid, match="script or an action"):
        examine("a.pdf", content)


def test_a_script_whose_name_is_spelled_with_numbers_is_found() -> None:
    content = pdf_of(packed=False, OpenAction=script()).replace(b"/JavaScript", b"/#4aavaScript")

    with pytest.raises(Invalid, match="script or an action"):
        examine("a.pdf", content)


def test_a_pdf_with_a_password_is_refused() -> None:
    with pytest.raises(Invalid, match="locked"):
        examine("a.pdf", pdf_of(password="x"))


def test_objects_packed_in_a_way_that_cannot_be_looked_through_are_refused() -> None:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/ASCIIHexDecode/Length 4>>\nstream\n4142>\nendstream\nendobj\n%%EOF"

    with pytest.raises(Invalid, match="cannot be checked"):
        examine("a.pdf", body)


def test_a_pdf_that_unpacks_to_far_too_much_is_refused_without_holding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "MOST_UNPACKED", 5_000_000)
    packed = zlib.compress(b"\0" * 50_000_000)
    body = (
        b"%PDF-1.7\n1 0 obj\n<</Length " + str(len(packed)).encode() + b">>\nstream\n" + packed + b"\nendstream\n%%EOF"
    )

    with pytest.raises(Invalid, match="far too much"):
        examine("a.pdf", body)


def test_work_that_unpacks_to_nothing_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "MOST_UNPACKED", 1_000_000)
    empty_blocks = b"\x00\x00\x00\xff\xff" * 60_000
    body = b"%PDF-1.7\n" + b"1 0 obj<<>>stream\n\x78\x9c" * 10 + b"stream\n\x78\x9c" + empty_blocks
    body += (b"stream\n\x78\x9c" + empty_blocks) * 10 + b"%%EOF"

    with pytest.raises(Invalid, match="far too much"):
        examine("a.pdf", body)


def test_a_name_that_is_unpacked_letter_by_letter_is_found() -> None:
    packer = zlib.compressobj(level=0, wbits=-15)
    apart = b"".join(
        packer.compress(b"/JavaScript"[at : at + 1])
        + packer.flush(zlib.Z_FULL_FLUSH)
        + b"\x00\x00\x00\xff\xff" * (evidence_files.PIECE // 5)
        for at in range(len(b"/JavaScript"))
    )
    body = b"%PDF-1.7\n1 0 obj<<>>stream\n\x78\x01" + apart + b"\nendstream\n%%EOF"

    with pytest.raises(Invalid, match="script or an action"):
        examine("a.pdf", body)


def test_a_file_of_nothing_but_beginnings_is_refused_at_once() -> None:
    body = b"%PDF-1.7\n" + b"stream\n" * 1_000_000 + b"%%EOF"

    with pytest.raises(Invalid, match="cannot be checked"):
        examine("a.pdf", body)


def test_a_script_behind_a_stream_is_found_and_the_same_letters_inside_one_are_not() -> None:
    inside = b"%PDF-1.7\n1 0 obj<<>>stream\n/JS(1)\nendstream endobj\n"

    taken = examine("a.pdf", inside + b"%%EOF")

    assert taken.content == inside + b"%%EOF"
    with pytest.raises(Invalid, match="script or an action"):
        examine("a.pdf", inside + b"2 0 obj<</#4aS(1)>>endobj\n%%EOF")


@pytest.mark.parametrize(("kind", "type_"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_written_anew_without_what_was_hidden_in_it(kind: str, type_: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    content = picture(kind, exif=exif) + b"PK\x03\x04 <script>alert(1)</script>"
    assert b"secret place" in content

    taken = examine(f"scan.{kind}", content)

    assert taken.type == type_
    assert b"secret" not in taken.content
    assert b"script" not in taken.content
    with Image.open(io.BytesIO(taken.content)) as again:
        assert again.size == (40, 20)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>1</script>",
        b"GIF89a",
        b"%PDF-1.7 cut off",
        b"\x89PNG\r\n\x1a\nnonsense",
        b"\xff\xd8\xffnonsense",
    ],
)
def test_anything_else_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        examine("file.pdf", content)

    assert refusal.value.field == "evidence"


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "MOST_PIXELS", 100)

    with pytest.raises(Invalid, match="pixels"):
        examine("a.png", picture("PNG"))


def test_more_than_ten_megabytes_are_refused() -> None:
    with pytest.raises(Invalid, match="10 MB"):
        examine("a.pdf", b"%PDF-" + b"0" * evidence_files.MOST_BYTES)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Zertifikat Müller.PDF", "Zertifikat Müller.pdf"),
        ("../../etc/passwd", "evidence.pdf"),
        ("C:\\Users\\me\\scan.exe", "scan.pdf"),
        ('a"b\r\nX: y;<script>.pdf', "a_b__X_ y__script.pdf"),
        ("...", "evidence.pdf"),
        ("क्षितिज नेहा.pdf", "क्षितिज नेहा.pdf"),
        ("x" * 300 + ".pdf", "x" * 80 + ".pdf"),
    ],
)
def test_the_name_of_a_file_keeps_nothing_that_could_mean_something(name: str, clean: str) -> None:
    assert neutral_name(name, "pdf") == clean
