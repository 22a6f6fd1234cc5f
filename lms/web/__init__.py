"""Requests in, pages out, no rules: one file per room, put together here."""

from __future__ import annotations

from flask import Flask, request
from flask.globals import request_ctx
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from lms.settings import Settings
from lms.web import (
    account_email,
    account_passkeys,
    account_providers,
    account_security,
    accounts,
    after_action,
    again,
    agencies,
    agency_lists,
    agency_numbers,
    assessment,
    assigned,
    assignment_changes,
    assignment_exceptions,
    assignments,
    audit,
    badges,
    batches,
    branding,
    bundles,
    catalog,
    certificate_changes,
    certificate_corrections,
    certification,
    certification_edit,
    certifications,
    charts,
    clee,
    cohort_edit,
    cohort_invitations,
    cohort_members,
    cohorts,
    counting,
    credit,
    debriefs,
    development,
    directory,
    domains,
    elsewhere,
    errors,
    facilitating,
    giving,
    glossary,
    help,
    hosting,
    icons,
    import_files,
    invitations,
    join,
    join_codes,
    join_requests,
    joining,
    language,
    learning,
    licenses,
    limits,
    marking,
    merging,
    navigation,
    oidc,
    operations,
    overdue,
    packets,
    packing,
    pages,
    passwords,
    people,
    people_import,
    person_address,
    person_factors,
    places,
    policies,
    printing,
    privacy,
    provider_arrivals,
    providers,
    proving,
    provisioning,
    records,
    reporting,
    retention,
    role_list,
    roles,
    routing,
    saml,
    scim,
    second_step,
    security,
    sessions,
    shared,
    shared_certificates,
    sharing,
    staff,
    static_files,
    styleguide,
    tables,
    training,
    training_paper,
    training_queue,
    verification,
    waking,
)
from lms.web.guards import maybe_viewer, policy_of
from lms.web.sessions import LmsSessionData

csrf = CSRFProtect()

ROOMS = (
    pages,
    directory,
    glossary,
    accounts,
    second_step,
    again,
    account_security,
    account_passkeys,
    account_providers,
    account_email,
    passwords,
    join,
    join_codes,
    join_requests,
    joining,
    oidc,
    saml,
    provider_arrivals,
    catalog,
    printing,
    learning,
    facilitating,
    assessment,
    certification,
    certifications,
    certification_edit,
    licenses,
    credit,
    elsewhere,
    counting,
    clee,
    packets,
    badges,
    shared_certificates,
    sharing,
    certificate_changes,
    certificate_corrections,
    verification,
    training,
    training_queue,
    training_paper,
    marking,
    cohorts,
    debriefs,
    giving,
    after_action,
    cohort_edit,
    cohort_invitations,
    cohort_members,
    people,
    staff,
    people_import,
    person_address,
    import_files,
    places,
    roles,
    person_factors,
    merging,
    privacy,
    policies,
    role_list,
    assignments,
    assignment_changes,
    assignment_exceptions,
    assigned,
    records,
    invitations,
    agencies,
    agency_lists,
    agency_numbers,
    providers,
    domains,
    provisioning,
    scim,
    branding,
    audit,
    reporting,
    retention,
    overdue,
    operations,
    batches,
    bundles,
    development,
    styleguide,
)


def install_web(app: Flask, settings: Settings) -> None:
    """Sessions, sign-in, form tokens, languages, headers, errors, and every room's pages."""
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_https,
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
        MAX_FORM_PARTS=2000,
        SECRET_KEY=settings.secret_key,
    )
    routing.install(app)
    for part in (security, language, limits, hosting, waking):
        part.install(app, settings)
    sessions.install(app, settings)  # after the language, in which its trouble is told
    for part in (packing, static_files, shared, navigation, help, icons, charts, tables):
        part.install(app)
    csrf.init_app(app)
    csrf.exempt(saml.take_answer)  # posted from the provider; its signatures and our request's id are the token
    csrf.exempt(scim.blueprint)  # a token of the directory's own, no cookie
    install_sign_in(app)
    policies.install(app, settings)
    errors.install(app)
    for room in ROOMS:
        app.register_blueprint(room.blueprint)


def install_sign_in(app: Flask) -> None:
    """Flask-Login over our own sessions, and default deny: a view without a policy is refused."""
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(app)

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load_viewer(_: object) -> object:
        found = request_ctx.session
        return found.viewer if isinstance(found, LmsSessionData) else None

    @app.before_request
    def check_policy() -> Response | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        view = app.view_functions.get(request.endpoint)
        policy, person = policy_of(view), maybe_viewer()
        if policy == "public":
            return proving.unless_proven(view, person)
        return (
            proving.unless_set_up(view, person)
            or errors.refuse_unless(policy, person)
            or proving.unless_proven(view, person)
        )

    @app.context_processor
    def page_values() -> dict[str, object]:
        return {"viewer": shared.shown_viewer()}
