"""The page that a share link leads to: what one certificate says, its PDF and its badge, for whoever has the link."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask import Response as Page
from werkzeug.wrappers import Response

from lms.certification import sharing
from lms.certification.badges import issuing
from lms.certification.credit_bodies import load_bodies
from lms.certification.verification import verification_of
from lms.certification.wording import suggested_text
from lms.clock import utc_now
from lms.cohorts.lookup import find_team_standing
from lms.errors import N_, NotFound
from lms.web.certificate_files import GIVEN_OUT_NO_MORE
from lms.web.certificate_links import profile_link
from lms.web.certification import STATUS_TAGS
from lms.web.guards import language, public, settings
from lms.web.limits import look_ups, look_ups_of_all

blueprint = Blueprint("shared_certificates", __name__)


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Neither search engines nor the sites that are linked to learn the address: it is the key."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get("/shared/<token>")
@public
@look_ups_of_all
@look_ups
def show_shared(token: str) -> Response:
    """A certificate by its holder's link, with its PDF and badge, until the holder takes the link back."""
    certificate = sharing.find_by_token(token)
    if certificate is None:
        raise NotFound(N_("This link does not work. Its owner may have taken it back."))
    now = utc_now()
    found = verification_of(certificate, now, find_team_standing(certificate, now, settings().time_zone))
    stands = found.status not in GIVEN_OUT_NO_MORE
    return Page(
        render_template(
            "certification/shared.html",
            found=found,
            facts=found.facts,
            tag=STATUS_TAGS[found.status],
            credit=[suggested_text(line, language()) for line in found.facts.suggested_credit],
            bodies=load_bodies({line.body for line in found.facts.credit}) if found.facts.credit else {},
            token=token,
            stands=stands,
            has_badge=stands and issuing.has_badge(certificate.id),
            profile_url=profile_link(found.facts),
        )
    )
