"""Requests in, pages out, no rules: one file per room, put together here."""

from __future__ import annotations

from flask import Flask, request
from flask.globals import request_ctx
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from lms.settings import Settings
from lms.web import (
    accounts,
    agencies,
    assessment,
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
    cohorts,
    counting,
    credit,
    development,
    elsewhere,
    errors,
    help,
    hosting,
    icons,
    invitations,
    joining,
    language,
    learning,
    licenses,
    limits,
    navigation,
    operations,
    packets,
    packing,
    pages,
    passwords,
    people,
    places,
    records,
    reporting,
    roles,
    routing,
    security,
    shared,
    shared_certificates,
    static_files,
    styleguide,
    training,
    training_paper,
    training_queue,
    verification,
    waking,
)
from lms.web.guards import maybe_viewer, policy_of
from lms.web.sessions import DatabaseSessions, LmsSessionData

csrf = CSRFProtect()

ROOMS = (
    pages,
    accounts,
    passwords,
    joining,
    catalog,
    learning,
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
    certificate_changes,
    certificate_corrections,
    verification,
    training,
    training_queue,
    training_paper,
    cohorts,
    cohort_edit,
    cohort_invitations,
    people,
    places,
    roles,
    records,
    invitations,
    agencies,
    branding,
    audit,
    reporting,
    operations,
    batches,
    bundles,
    development,
    styleguide,
)


def install_web(app: Flask, settings: Settings) -> None:
    """Sessions, sign-in, form tokens, languages, headers, errors, and every room's pages."""
    app.session_interface = DatabaseSessions(settings)
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
    for part in (packing, static_files, shared, navigation, help, icons, charts):
        part.install(app)
    csrf.init_app(app)
    install_sign_in(app)
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
        policy = policy_of(app.view_functions.get(request.endpoint))
        if policy == "public":
            return None
        return errors.refuse_unless(policy, maybe_viewer())

    @app.context_processor
    def page_values() -> dict[str, object]:
        return {"viewer": shared.shown_viewer()}
