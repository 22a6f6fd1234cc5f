"""A course on paper: the page that offers packet and key, the two files, and having the worker draw them."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lms.access import Permission, allows
from lms.catalog.versions import course_of
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_
from lms.files import FileStore
from lms.printing import keeping
from lms.printing.keeping import Order
from lms.printing.sheets import FIRST_FORM, KEY, LAST_FORM, PACKET
from lms.web import batches
from lms.web.certificate_files import pdf_response
from lms.web.guards import act, fresh, language, needs, settings, signed_in, viewer

blueprint = Blueprint("printing", __name__)


def address_of(wanted: Order) -> str:
    """The page on which what was ordered is offered."""
    return url_for("printing.show_print", slug=wanted.slug, language=wanted.language, form=wanted.form)


batches.TITLES[keeping.BATCH_KIND] = N_("Course on paper")
batches.ABOUT[keeping.BATCH_KIND] = lambda batch: Order.from_json(batch.params).file_name
batches.PLACES[keeping.BATCH_KIND] = lambda batch: address_of(Order.from_json(batch.params))


def files() -> FileStore:
    found: FileStore = current_app.extensions["lms"].files
    return found


def asked(kind: str, slug: str) -> Order:
    """What the address or the form asks for; the language of the page where the course has it. Raises NotFound, and
    Invalid for a language or form that is not there."""
    number = request.values.get("form", "")
    wanted = request.values.get("language", "")
    form = int(number) if number.isdecimal() and len(number) < 3 else FIRST_FORM if not number else 0
    return keeping.order(kind, slug, wanted or _own_language(slug), form)


def _own_language(slug: str) -> str:
    languages = course_of(keeping.order(PACKET, slug).version_id).languages
    return language() if language() in languages else ""


@blueprint.get("/courses/<slug>/print")
@signed_in
def show_print(slug: str) -> str:
    """Language and form to choose, and for packet and key the file, or a button that has it made."""
    wanted = asked(PACKET, slug)
    course = course_of(wanted.version_id)
    kinds = [PACKET, KEY] if allows(viewer(), Permission.SEE_KEYS) else [PACKET]
    orders = [Order(kind, slug, wanted.version_id, wanted.language, wanted.form) for kind in kinds]
    return render_template(
        "printing/index.html",
        course=course,
        slug=slug,
        text=course.text(language()),
        wanted=wanted,
        orders=[(one, keeping.is_stored(one, files(), settings())) for one in orders],
        forms=range(FIRST_FORM, LAST_FORM + 1),
    )


@blueprint.post("/courses/<slug>/print")
@signed_in
def ask_print(slug: str) -> Response:
    """Have packet or key drawn by the worker; where it is there already, back to the page that offers it."""
    person = viewer()
    wanted = asked(KEY if request.form.get("is_key") else PACKET, slug)
    keeping.require_right(person, wanted.kind)
    if keeping.is_stored(wanted, files(), settings()):
        return redirect(address_of(wanted), code=303)
    batch_id = act(lambda: keeping.ask(wanted, person).id)
    return redirect(url_for("batches.show_batch", batch_id=batch_id), code=303)


@blueprint.get("/courses/<slug>/print.pdf")
@signed_in
def fetch_packet(slug: str) -> Response:
    """The packet; where it is not drawn yet, the page that has it made."""
    wanted = asked(PACKET, slug)
    content = keeping.fetch(wanted, files(), settings(), utc_now())
    db.session.rollback()
    return redirect(address_of(wanted), code=303) if content is None else pdf_response(content, wanted.file_name)


@blueprint.get("/courses/<slug>/key.pdf")
@needs(Permission.SEE_KEYS)
@fresh
def fetch_key(slug: str) -> Response:
    """The key, for trainers and administrators; each time is noted before it is sent.

    A trainer's screen stands open in the room where the quiz is taken: so who asks proves again who they are.
    """
    person, wanted = viewer(), asked(KEY, slug)
    content = keeping.fetch(wanted, files(), settings(), utc_now())
    db.session.rollback()
    if content is None:
        return redirect(address_of(wanted), code=303)
    act(lambda: keeping.note_key(wanted, person.id))
    response = pdf_response(content, wanted.file_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
