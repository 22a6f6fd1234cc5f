"""The packet that asks a board to approve a course, as a PDF for authors and administrators."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.catalog.versions import course_of, find_course
from lms.certification.credit_bodies import load_bodies
from lms.certification.facts import AwardSite
from lms.database import db
from lms.web.certificate_files import pdf_response
from lms.web.guards import needs, settings, today

blueprint = Blueprint("packets", __name__)


@blueprint.get("/courses/<slug>/packet.pdf")
@needs(Permission.SEE_PACKETS)
def fetch_packet(slug: str) -> Response:
    """The packet of the course as it is published now: objectives, lesson plan, sources, evaluation, hours."""
    # Here for the reason that lms/certification/store.py gives.
    from lms.certification.packet import draw_packet, packet_of

    _course, version = find_course(slug)
    course = course_of(version.id, version.content_hash)
    packet = packet_of(course, load_bodies().values())
    number, content_hash = version.number, version.content_hash
    db.session.rollback()  # no transaction is held open while it is drawn
    content = draw_packet(
        packet, AwardSite.from_settings(settings()), version=number, content_hash=content_hash, dated=today()
    )
    return pdf_response(content, f"packet-{course.id}.pdf")
