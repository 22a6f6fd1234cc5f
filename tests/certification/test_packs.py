"""Designs that agencies bring: drawn valid and complete, or refused with the reason; nothing in them reaches further."""

from __future__ import annotations

import ast
import html
import inspect
import io
import zipfile
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from lms.certification import pack_drawing, pack_sheets, packs, store
from lms.certification.branding import samples_of
from lms.certification.designs import PACK
from lms.certification.documents import Order, draw, draw_orders
from lms.certification.facts import CertificateFacts
from lms.certification.lint import ADVICE
from lms.certification.pack_drawing import draw_in_child, lint_in_child
from lms.certification.packs import LISTS, VALUES, look_through, read_pack
from lms.certification.press import Attached
from lms.certification.signatures import examine
from lms.clock import utc_now
from lms.errors import Invalid, Sentence, Sentences
from lms.web.texts import catalog
from tests.certification.conftest import SAMPLE, Learners
from tests.certification.test_branding import a_file, administrator, look, picture, send
from tests.certification.test_designs import FULL, text_of
from tests.certification.test_signing import material, root
from tests.support.verapdf import build_judge, missing_for_judge

TEMPLATE = """<h1>{{ heading }}</h1>
<img src="seal.png" alt="Seal of the county">
<p>{{ lead }}</p><p class="name">{{ name }}</p><p>{{ second_lead }}</p><h2>{{ title }}</h2>
{% if license %}<p>{{ license }}</p>{% endif %}
<p>{{ completed_label }} {{ completed_on }} · {{ provider_line }} · {{ code }} · {{ verify_address }}</p>
{% for line in credit %}<p>{{ line }}</p>{% endfor %}
{% for one in signatories %}<p>{{ one.name|upper }}, {{ one.title }}{% if not loop.last %};{% endif %}</p>{% endfor %}
<img class="qr" src="{{ qr }}" alt="{{ qr_alt }}">
"""
STYLE = """.qr { width: 1.2in; height: 1.2in }
.name { font: 30pt "crosstrain-ebgaramond12" }
"""


def zipped(**files: Any) -> bytes:
    """A zip with a good design, some of its files replaced; two underscores stand for a dot, None leaves out."""
    output = io.BytesIO()
    whole = {"certificate__html": TEMPLATE, "certificate__css": STYLE, "seal__png": picture(mode="RGBA"), **files}
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in whole.items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), content, zipfile.ZIP_DEFLATED)
    return output.getvalue()


def messages_of(module: ModuleType) -> list[str]:
    """The sentences that a module marks for translation."""
    calls = [one for one in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(one, ast.Call)]
    marked = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "N_"]
    return [ast.literal_eval(one.args[0]) for one in marked]


def refusal(content: bytes, samples: list[CertificateFacts] | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        lint_in_child(samples or [SAMPLE], content)
    return str(caught.value.values.get("reasons", caught.value))


# --- good ones ------------------------------------------------------------------------------------------------------


def test_a_design_of_ones_own_is_valid_for_every_kind_and_script(tmp_path: Path) -> None:
    missing = missing_for_judge()
    if missing is not None:
        pytest.skip(missing)
    lint_in_child(samples_of(SAMPLE), zipped())
    carried = (Attached("badge.json", "Badge", b"{}"),)
    for name in ("Nora Núñez", "عبد الرحمن", "歐陽 明慧"):
        facts = CertificateFacts.from_json({**FULL.to_json(), "printed_name": name})
        (content,) = draw_orders([Order(facts, attachments=carried, signer=material(), pack=zipped())])
        assert examine(content, [root()]).state == "genuine"
        assert "DR. ANA RUIZ, Director; THOMAS WHITFIELD, Lead Instructor" in text_of(content)
        (tmp_path / f"{len(name)}-{len(content)}.pdf").write_bytes(content)

    found = build_judge(tmp_path).judge(sorted(tmp_path.glob("*.pdf")))

    assert set(found.values()) == {"PASS"}
    assert len(found) == 6


def test_a_design_may_use_every_value_that_is_listed() -> None:
    single = "".join(f"<p>{{{{ {name} }}}}</p>" for name in VALUES if name not in LISTS)
    every = "".join(f"{{% for one in {name} %}}<p>{{{{ one }}}}</p>{{% endfor %}}" for name in LISTS)

    lint_in_child(samples_of(SAMPLE), zipped(certificate__html=TEMPLATE + single + every))


def test_markup_in_a_name_is_text() -> None:
    evil = CertificateFacts.from_json({**SAMPLE.to_json(), "printed_name": "<script>alert(1)</script> {{ code }}"})

    content = draw_in_child(evil, zipped())

    assert "<script>alert(1)</script> {{ code }}" in text_of(content)


def test_a_design_that_fails_later_gives_way_to_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = zipped(certificate__html="{{ nothing }}")

    (content,) = draw_orders([Order(SAMPLE, pack=broken)])

    assert content == draw(SAMPLE)


# --- attacks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name.__class__ }}",
        "{{ name['__class__'] }}",
        "{{ name|attr('__class__') }}",
        "{{ self }}",
        "{{ config }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{{ name.upper() }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for a in name %}{% for b in name %}x{% endfor %}{% endfor %}",
        "{% for a in credit %}{% for b in credit %}{% for c in credit %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in seats recursive %}{{ loop(seats) }}{% endfor %}",
        "{{ name * 1000000000 }}",
        "{{ 'x' ~ name }}",
        "{{ '%1000000000d'|format(1) }}",
        "{% include 'details.html' %}",
        "{% import 'macros.html' as m %}",
        "{% extends 'frame.html' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% set x = name %}",
        "{% raw %}x{% endraw %}{% block b %}{% endblock %}",
        "{{ secret_key }}",
        "{% if %}",
        "{{ name|safe }}",
    ],
)
def test_a_template_can_do_nothing_but_put_in_listed_values(attack: str) -> None:
    with pytest.raises(Invalid, match="of the template"):
        look_through(TEMPLATE + attack)


@pytest.mark.parametrize(
    ("html", "css", "reason"),
    [
        ('<img src="file:///etc/passwd" alt="x">', "", "may not fetch 'file:///etc/passwd'"),
        ('<img src="http://127.0.0.1:1/x.png" alt="x">', "", "may not fetch 'http://127.0.0.1:1/x.png'"),
        ('<img src="../seal.svg" alt="x">', "", "may not fetch"),
        ('<img src="crosstrain:image/seal.svg" alt="x">', "", "may not fetch"),
        ('<img src="data:image/svg+xml,<svg/>" alt="x">', "", "may not fetch"),
        ("", "@import url(http://127.0.0.1:1/x.css);", "may not fetch"),
        ("", "@font-face { font-family: x; src: url(file:///etc/passwd) }", "may not fetch"),
        ("", "body { background: url(/etc/passwd) }", "may not fetch"),
        ('<a href="x" onclick="y()">z</a>', "", "attribute of a program"),
        *(
            (f"<{tag}></{tag}>", "", f"<{tag}>")
            for tag in ("script", "iframe", "object", "style", "svg", "link", "base")
        ),
    ],
)
def test_a_design_reaches_nothing_outside_of_its_zip(html: str, css: str, reason: str) -> None:
    assert reason.lower() in refusal(zipped(certificate__html=TEMPLATE + html, certificate__css=css + STYLE)).lower()


def test_a_design_that_would_be_drawn_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_drawing, "CHILD", ("sleep", "60"))
    monkeypatch.setattr(pack_drawing, "LONGEST_WAIT_SECONDS", 0.2)

    assert "takes too long" in refusal(zipped())


DEFLATED = zlib.compress(STYLE.encode(), wbits=-15)
"""The style as it lies in a zip."""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no zip", "not a zip file"),
        (zipped()[:-40], "not a zip file"),
        (zipped().replace(DEFLATED, b"\xff" * len(DEFLATED)), "not a zip file"),
        (zipped(certificate__html="{{ " + "not " * 10_000 + "name }}"), "nested too deeply"),
        (zipped(certificate__html=None), "no certificate.html"),
        (zipped(certificate__css=None), "no certificate.css"),
        (zipped(certificate__html=b"\xff\xfe"), "not text in UTF-8"),
        (zipped(**{"../../evil__png": picture()}), "does not belong"),
        (zipped(**{"folder/seal__png": picture()}), "does not belong"),
        (zipped(run__py="import os"), "does not belong"),
        (zipped(seal__png=b"<svg/>"), "SVG"),
        (zipped(seal__png=b"\0" * 50_000_000), "too large"),
        (zipped(certificate__css="/*" + "x" * 20_000_000), "too large"),
        (zipped(**{f"n{number}__png": picture() for number in range(20)}), "too many files"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_zip_that_holds_anything_else_or_too_much_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_pack(content)

    assert reason in str(caught.value)


# --- what must be on it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "css", "reason"),
    [
        (TEMPLATE.replace("{{ name }}", ""), "", "does not show “name”"),
        (TEMPLATE.replace("{{ title }}", "Course"), "", "does not show “title”"),
        (TEMPLATE.replace("{{ completed_on }}", ""), "", "does not show “completed_on”"),
        (TEMPLATE.replace("{{ provider_line }}", ""), "", "does not show “provider”"),
        (TEMPLATE.replace("· {{ code }}", ""), "", "does not show “code”"),
        (TEMPLATE.replace("{{ verify_address }}", ""), "", "does not show “verify_address”"),
        (TEMPLATE.replace('src="{{ qr }}"', 'src="seal.png"'), "", "does not show the QR code"),
        (TEMPLATE, ".qr { width: .5in !important }", "does not show the QR code"),
        (TEMPLATE, ".name { display: none }", "does not show “name”"),
        (TEMPLATE, ".name { visibility: hidden }", "does not show “name”"),
        (TEMPLATE, ".name { font-size: 1pt !important }", "does not show “name”"),
        (TEMPLATE, ".name { position: absolute; left: -99in }", "does not show “name”"),
        (TEMPLATE.replace('alt="Seal of the county"', ""), "", "no alt"),
        (TEMPLATE.replace("h1", "p"), "", "skips a level of headings"),
        (TEMPLATE + "<table><tr><td>x</td></tr></table>", "", "no <th>"),
        (TEMPLATE + "<p style='break-before: page'>x</p>" * 6, "", "pages: at most"),
        (TEMPLATE + "{% for one in seats %}{{ one.salary }}{% endfor %}", "", "cannot be filled"),
    ],
)
def test_a_design_that_lacks_something_is_refused_with_the_reason(html: str, css: str, reason: str) -> None:
    assert reason in refusal(zipped(certificate__html=html, certificate__css=STYLE + css), samples_of(SAMPLE))


def test_a_reason_comes_out_of_the_process_as_it_was_said() -> None:
    inner = Sentence("Line %(line)s: %(reason)s", {"line": "3", "reason": Sentence("100 % no")})

    assert Sentence.from_json(inner.to_json()) == inner
    assert str(Sentences([inner, Sentence("And so on.")])) == "Line 3: 100 % no And so on."


# --- on the page ----------------------------------------------------------------------------------------------------


def test_the_reasons_against_a_design_are_told_in_ones_own_language(learners: Learners) -> None:
    client = administrator(learners.world, learners.agency)
    client.get("/?lang=es")

    def told(template: str) -> str:
        answer = send(client, learners.agency, pack=a_file(zipped(certificate__html=template), "own.zip"))
        assert answer.status_code == 422
        return html.unescape(answer.get_data(as_text=True))

    lacking = told(TEMPLATE.replace("{{ name }}", ""))
    assert "El diseño no se acepta: El diseño no muestra «name»." in lacking
    assert "does not show" not in lacking
    many = told("<script></script><table><tr><td>x</td></tr></table>" + TEMPLATE)
    assert "La plantilla contiene <script>, lo que no está permitido. Una tabla no tiene <th>" in many
    inner = told(TEMPLATE + "{{ secret_key }}")
    assert "de la plantilla: no existe tal valor. secret_key" in inner


@pytest.mark.parametrize("message", [*ADVICE.values(), *messages_of(pack_sheets), *messages_of(packs)])
def test_every_reason_of_the_lint_has_a_spanish_sentence(message: str) -> None:
    assert catalog("es").ugettext(message) != message


def test_an_agencys_own_design_is_printed_on_its_next_award(learners: Learners, app: Flask) -> None:
    client = administrator(learners.world, learners.agency)

    refused = send(client, learners.agency, pack=a_file(zipped(certificate__html="<h1>Nothing</h1>"), "own.zip"))
    assert refused.status_code == 422
    assert "does not show “name”" in refused.get_data(as_text=True)

    assert send(client, learners.agency, pack=a_file(zipped(), "own.zip")).status_code == 303
    chosen = look(learners.world, learners.agency)
    assert chosen.design == PACK + chosen.pack
    assert app.extensions["lms"].files.read(store.pack_name(chosen.pack)) == zipped()
    user, code = learners.certified(now=utc_now())
    content = learners.world.client_of(user).get(f"/certificates/{code}.pdf").data
    assert text_of(content).startswith("Certificate of Completion This certifies that Nora Núñez")
    assert "Seal with a star" not in text_of(content)
    sample = send(client, learners.agency, design=chosen.design, sample="1").data
    assert "Title of the course (sample)" in text_of(sample)
