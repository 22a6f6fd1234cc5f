"""Signing in with an agency's own provider: choosing it, the way there, and OpenID Connect's way back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from flask import Blueprint, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict
from lms.people.providers import oidc, setting_up, sign_ins
from lms.people.providers.claims import put_together, read_claims
from lms.people.providers.models import IdentityProvider
from lms.people.providers.problems import ProviderProblem, UnknownKey
from lms.people.providers.sign_ins import Found, Way
from lms.wall.sight import SYSTEM, looking_as
from lms.web.forms.providers import AgencySignInForm
from lms.web.guards import act, public, settings
from lms.web.limits import limiter, sign_in_limit_per_address
from lms.web.provider_arrivals import browser_key, go_on, problem_page, refused
from lms.web.saml_way import address_to_saml
from lms.web.signing_in import INVITATION, absolute_url, refuse_below_host, safe_next

blueprint = Blueprint("oidc", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response

ERROR = re.compile(r"[a-z_]{1,40}")
"""A name of an error (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6)."""

REFETCH_HOURS = 24
WAYS = "1000 per 5 minutes"
"""Ways to a provider that one address may begin: a whole hospital begins its day behind one."""


def redirect_address() -> str:
    """What has to be registered with a provider as the address to come back to."""
    return absolute_url(url_for("oidc.come_back"))


@blueprint.route("/sign-in/agency", methods=["GET", "POST"])
@public
@limiter.limit(WAYS, methods=["POST"])
def choose_agency() -> Page:
    """Which agency's provider: by the domain of an e-mail address, or by its name where the site lists them."""
    form = AgencySignInForm(next=request.args.get("next", ""))
    known = setting_up.all_in_use() if settings().provider_list else ()
    if request.method == "POST" and form.validate_on_submit():
        provider = _chosen(form)
        if provider is not None:
            return go_to(provider.id, form.next.data or "")
        form.email.errors = [_("No agency signs in with addresses like this one here. Sign in with your password.")]
    page = render_template("accounts/agency_sign_in.html", form=form, providers=known)
    return (page, 422) if form.errors else page


def _chosen(form: AgencySignInForm) -> IdentityProvider | None:
    number = form.provider.data or ""
    if number:
        known = db.session.get(IdentityProvider, int(number)) if number.isdecimal() and len(number) < 19 else None
        return known if known is not None and known.enabled_at is not None else None
    found = setting_up.for_address(form.email.data or "")
    return found[0] if found else None


def go_to(provider_id: int, target: str, *, invitation: str | None = None) -> Page:
    """The page that leads on to a provider: no form of ours is sent to another site. `invitation` is the secret of a
    link that is accepted on the way back; another way forgets it."""
    key = browser_key()
    session.pop(INVITATION, None)
    if invitation is not None:
        session[INVITATION] = invitation
    target = safe_next(target, "")
    try:
        provider = sign_ins.find_provider(provider_id)
        begun = act(lambda: sign_ins.begin(provider_id, key, target))
        if provider.kind == "saml":
            address = address_to_saml(provider, begun.state)
        else:
            client = setting_up.client_of(provider, settings().secret_key, redirect_address())
            address = oidc.authorization_address(client, state=begun.state, nonce=begun.nonce, verifier=begun.verifier)
    except (ProviderProblem, Conflict) as problem:
        return problem_page(problem)
    page = render_template("accounts/go_to_provider.html", provider=provider, address=address)
    return Response(page, headers={"Refresh": f"1; url={address}"}, mimetype="text/html")


@blueprint.get("/sign-in/oidc")
@public
@limiter.limit(sign_in_limit_per_address, deduct_when=lambda answer: answer.status_code == 403)
def come_back() -> Page:
    """The way back from OpenID Connect: state once, the code for tokens, the ID token checked whole."""
    given = parse_qs(request.query_string.decode("ascii", "replace"), max_num_fields=20)
    state, key = request.args.get("state", ""), browser_key()
    taken: Way | None = None
    try:
        taken = act(lambda: sign_ins.take_answer(state, key, "oidc"))
        with looking_as(SYSTEM):
            provider = sign_ins.find_provider(taken.provider_id)
        db.session.rollback()
        _refuse_answer(provider, given)
        found = _ask_who(provider, taken, request.args.get("code", ""))
    except (ProviderProblem, Conflict) as problem:
        return refused(taken, problem)
    return go_on(taken, found)


def _refuse_answer(provider: IdentityProvider, given: dict[str, list[str]]) -> None:
    """Raises ProviderProblem: an error instead of a code, a field twice, another issuer than asked (RFC 9207)."""
    if any(len(values) > 1 for values in given.values()):
        raise ProviderProblem(sign_ins.OVER)
    said = given.get("iss", [None])[0]
    must_say = (provider.discovery or {}).get("authorization_response_iss_parameter_supported") is True
    if (said is not None and said != provider.issuer) or (said is None and must_say):
        raise ProviderProblem(oidc.WRONG_ISSUER, said=str(said)[:200], wanted=provider.issuer)
    if "error" in given:
        # Anybody who begins a way can say an error, and an administrator reads it: only what could be a name of one.
        said_error = given["error"][0]
        raise ProviderProblem(oidc.REFUSED_SIGN_IN, error=said_error if ERROR.fullmatch(said_error) else "?")
    if "code" not in given:
        raise ProviderProblem(oidc.NO_TOKEN)


def _ask_who(provider: IdentityProvider, taken: Way, code: str) -> Found:
    """Tokens for the code, and who they speak of. No transaction is open. Raises ProviderProblem, Conflict."""
    chosen = settings()
    client = setting_up.client_of(provider, chosen.secret_key, redirect_address())
    tokens = oidc.exchange_code(client, code, taken.verifier, chosen)
    access = tokens.get("access_token")
    access = access if isinstance(access, str) else None
    keys, token, nonce = dict(provider.key_set or {"keys": []}), tokens["id_token"], taken.nonce
    try:
        if _is_old(provider):
            keys = _fetch_keys(provider, client)
        claims = oidc.check_id_token(client, token, keys, nonce=nonce, access_token=access)
    except UnknownKey:
        keys = _fetch_keys(provider, client)
        claims = oidc.check_id_token(client, token, keys, nonce=nonce, access_token=access)
    more = oidc.fetch_user_info(client, access, claims["sub"], chosen)
    return read_claims(
        put_together(claims, more),
        subject_claim=provider.subject_claim,
        agency_claim=provider.agency_claim,
        discipline_claim=provider.discipline_claim,
    )


def _is_old(provider: IdentityProvider) -> bool:
    """Keys are asked for anew each day: one that the provider has withdrawn is not believed for ever."""
    return provider.fetched_at is None or (utc_now() - provider.fetched_at).total_seconds() > REFETCH_HOURS * 3600


def _fetch_keys(provider: IdentityProvider, client: oidc.Client) -> dict[str, object]:
    keys = oidc.fetch_keys(client.discovery, settings())
    provider_id, fetched = provider.id, (client.discovery, keys)
    act(lambda: setting_up.keep_fetched(provider_id, fetched))
    return keys
