"""An agency's own design: a zip with template, style and pictures, read with limits and allowed only what is listed.

The template is a fragment of HTML in Jinja: values, `if`, and `for` over lists; no calls, no arithmetic, so that it
cannot run for ever. Whatever it makes is drawn in a process of its own (`pack_drawing.py`).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from lms.certification.logos import clean_logo
from lms.errors import N_, Invalid, Sentence

MOST_ZIP = 1_000_000
MOST_FILES = 12
MOST_TEXT = 60_000
MOST_NESTED = 2

TEMPLATE, STYLE = "certificate.html", "certificate.css"

VALUES = {
    "kind": N_("course, certification or team"),
    "language": N_("en or es"),
    "heading": N_("what the certificate is called"),
    "lead": N_("the words before the name"),
    "name": N_("the name as printed (required)"),
    "license": N_("the license of the holder, or empty"),
    "agency": N_("the agency of the holder, or empty"),
    "second_lead": N_("the words before the title"),
    "title": N_("title of the course or certification (required)"),
    "source": N_("code and version of the course, or empty"),
    "completed_label": N_("the word before the day"),
    "completed_on": N_("the day of the award (required)"),
    "valid_until_label": N_("the word before the last day"),
    "valid_until": N_("the last valid day, or that there is none"),
    "hours_label": N_("the words before the hours"),
    "hours": N_("contact hours to two places, or empty"),
    "credit": N_("list of sentences on credit"),
    "statement": N_("the agency's own sentence, or empty"),
    "provider": N_("name of the provider (required)"),
    "provider_line": N_("provider with address and numbers"),
    "issuer": N_("name of the site"),
    "code": N_("the code (required)"),
    "verify_address": N_("where the code is checked (required)"),
    "verify_url": N_("the whole address of the check, for a link"),
    "qr": N_("the QR code, for the src of an img (required)"),
    "qr_alt": N_("what the QR code is, for its alt"),
    "signatories": N_("list of who signs, each with name and title"),
    "objectives": N_("list of sentences"),
    "seats": N_("list of a team's seats, each with title, person and agency"),
    "milestones": N_("list of a team's milestones, each with title and met_on"),
    "evidence": N_("list of what a certification rests on, each with title, completed_on and proof"),
}
"""Every value that a template may name."""

LISTS = ("credit", "signatories", "objectives", "seats", "milestones", "evidence")
FILTERS = ("upper", "lower", "capitalize", "join", "length", "e", "escape", "trim")

PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
)
"""What needs no look of its own; a node of any other kind is refused, but for those that `_look_at` knows."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A design as it was uploaded. `images` are PNG by the names that the template and style use."""

    template: str
    style: str
    images: dict[str, bytes]


def read_pack(content: bytes) -> Pack:
    """The files of a pack, pictures painted anew. Raises Invalid with the reason."""
    if len(content) > MOST_ZIP:
        raise _refused(N_("The zip file is too large: at most 1 MB."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = _files(archive)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error):
        raise _refused(N_("This is not a zip file that can be read.")) from None
    texts = {}
    for name in (TEMPLATE, STYLE):
        try:
            texts[name] = files.pop(name).decode()
        except KeyError:
            raise _refused(N_("There is no %(name)s at the top of the zip file."), name=name) from None
        except UnicodeDecodeError:
            raise _refused(N_("%(name)s is not text in UTF-8."), name=name) from None
    pack = Pack(texts[TEMPLATE], texts[STYLE], {name: clean_logo(picture)[0] for name, picture in files.items()})
    look_through(pack.template)
    return pack


def _files(archive: zipfile.ZipFile) -> dict[str, bytes]:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > MOST_FILES:
        raise _refused(N_("There are too many files in the zip file: at most 12."))
    files = {}
    for member in members:
        name = member.filename
        if name not in (TEMPLATE, STYLE) and not (
            name.isascii() and "/" not in name and "\\" not in name and name.endswith((".png", ".jpg", ".jpeg"))
        ):
            raise _refused(N_("%(name)s does not belong in a design: only its pictures do."), name=name[:80])
        most = MOST_TEXT if name in (TEMPLATE, STYLE) else 500_001
        with archive.open(member) as opened:
            files[name] = opened.read(most + 1)  # what the zip says of the size is not believed
        if len(files[name]) > most:
            raise _refused(N_("%(name)s is too large."), name=name)
    return files


def sandbox() -> SandboxedEnvironment:
    """Jinja for packs: no globals, few filters, everything escaped, a missing value is an error."""
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests.clear()
    return environment


def look_through(template: str) -> None:
    """Refuse a template that does anything but put in listed values. Raises Invalid with line and reason."""
    try:
        _look_at(sandbox().parse(template), frozenset(VALUES), 0)
    except TemplateSyntaxError as error:
        raise _refused(
            N_("Line %(line)s of the template cannot be read: %(problem)s"), line=error.lineno, problem=error
        ) from None
    except RecursionError:
        raise _refused(N_("The template is nested too deeply.")) from None


def _look_at(node: nodes.Node, known: frozenset[str], depth: int) -> None:
    if isinstance(node, nodes.For):
        is_list = isinstance(node.iter, nodes.Name) and node.iter.name in LISTS
        if not is_list or not isinstance(node.target, nodes.Name) or node.recursive or depth >= MOST_NESTED:
            raise _at(node, N_("a loop goes over one of the listed lists, and one within another at most"))
        inside = known | {node.target.name, "loop"}
        for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
            _look_at(child, inside, depth + 1)
        return
    if isinstance(node, nodes.Name) and node.name not in known:
        raise _at(node, N_("there is no such value"), node.name)
    if isinstance(node, nodes.Getattr):
        if node.attr.startswith("_") or not isinstance(node.node, nodes.Name):
            raise _at(node, N_("this is not allowed"), node.attr)
    elif isinstance(node, nodes.Filter):
        if node.name not in FILTERS:
            raise _at(node, N_("there is no such filter"), node.name)
    elif not isinstance(node, PLAIN):
        raise _at(node, N_("this is not allowed"), type(node).__name__.lower())
    for child in node.iter_child_nodes():
        _look_at(child, known, depth)


def _at(node: nodes.Node, reason: str, what: str = "") -> Invalid:
    return _refused(
        N_("Line %(line)s of the template: %(reason)s. %(what)s"), line=node.lineno, reason=Sentence(reason), what=what
    )


def _refused(message: str, **values: object) -> Invalid:
    return Invalid(message, field="pack", **values)
