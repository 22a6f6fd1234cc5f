"""The links in header and footer: by role, and only to pages that this application has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlencode

from flask import Flask, current_app, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from lms.access import Permission, Viewer, allows
from lms.errors import N_
from lms.web.guards import settings
from lms.web.hosting import is_hosted
from lms.web.texts import translate


@dataclass(frozen=True, slots=True)
class Link:
    """A link to show; `current` is what aria-current says: "page", "true" (a page below it), or empty."""

    text: str
    href: str
    current: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the site: its address, its name, who sees it, and which other addresses belong to it."""

    address: str
    name: str
    permission: Permission | None = None
    also: tuple[str, ...] = ()


ACCOUNT, SIGN_IN = "/account", "/sign-in"
SIGNED_IN = (
    Section("/home", N_("Home"), Permission.LEARN, ("/learn", "/learning", "/attempts")),
    Section("/catalog", N_("Catalog"), Permission.LEARN, ("/courses",)),
    Section("/resources", N_("Resources"), Permission.LEARN),
    Section("/certificates", N_("Certificates"), Permission.LEARN, ("/transcript", "/training")),
    Section("/cohorts", N_("Teams"), Permission.LEARN),
    Section("/studio", N_("Studio"), Permission.AUTHOR_COURSES),
    Section("/studio/marking", N_("Written answers"), Permission.MARK_ANSWERS),
    Section("/certifications", N_("Certifications"), Permission.MANAGE_CERTIFICATIONS),
    Section("/people", N_("People"), Permission.SEE_PEOPLE),
    Section("/assignments", N_("Assignments"), Permission.ASSIGN_TRAINING),
    Section("/agencies", N_("Agencies"), Permission.MANAGE_AGENCIES),
    Section("/reports", N_("Reports"), Permission.SEE_REPORTS),
    Section("/credit", N_("Credit"), Permission.MANAGE_CREDIT),
    Section("/audit", N_("Audit"), Permission.SEE_AUDIT),
    Section("/outbox", N_("Messages"), Permission.SEE_OUTBOX),
)
STRANGER = (
    Section("/catalog", N_("Catalog"), None, ("/courses",)),
    Section("/resources", N_("Resources")),
    Section("/verify", N_("Verify a certificate")),
)
FOOTER = (
    Section("/help", N_("Help and quick exit")),
    Section("/verify", N_("Verify a certificate")),
    Section("/resources", N_("Resources")),
    Section("/glossary", N_("Glossary")),
    Section("/snapshot", N_("Public figures")),
    Section("/accessibility", N_("Accessibility statement")),
    Section("/terms", N_("Terms of use")),
    Section("/privacy", N_("Privacy")),
)


def addresses() -> dict[str, str]:
    """Every address without parts that answers GET, and its method: which sections exist. Read once per app."""
    found: dict[str, str] | None = current_app.extensions.get("lms-addresses")
    if found is None:
        rules = [rule for rule in current_app.url_map.iter_rules() if "GET" in (rule.methods or ()) or not rule.methods]
        found = {rule.rule.rstrip("/") or "/": rule.rule for rule in rules if not rule.arguments}
        current_app.extensions["lms-addresses"] = found
    return found


@cache
def marked_addresses() -> frozenset[str]:
    """Where an address has to begin for a link of the header to be marked as the current one."""
    sections = {one for section in (*SIGNED_IN, *STRANGER) for one in (section.address, *section.also)}
    return frozenset(sections | {ACCOUNT, SIGN_IN})


def href_of(address: str) -> str | None:
    """The address as a browser needs it (below the prefix when mounted), or None where this app has no such page."""
    rule = addresses().get(address)
    return None if rule is None else request.script_root + rule


def _current(section: Section, path: str) -> str:
    if path == section.address:
        return "page"
    below = (section.address, *section.also)
    return "true" if any(path == one or path.startswith(f"{one}/") for one in below) else ""


def _links(sections: tuple[Section, ...], viewer: Viewer | None) -> list[Link]:
    known, root, path = addresses(), request.script_root, request.path.rstrip("/") or "/"
    return [
        Link(translate(section.name), root + known[section.address], _current(section, path))
        for section in sections
        if section.address in known and (section.permission is None or allows(viewer, section.permission))
    ]


def nav_links(viewer: Viewer | None) -> list[Link]:
    """The main navigation for this person; none for whoever has to set up a second factor before anything else."""
    if viewer is not None and viewer.must_set_up:
        return []
    return _links(SIGNED_IN if viewer else STRANGER, viewer)


def duty_links(viewer: Viewer) -> list[Link]:
    """What one's roles open beyond learning, for the home page."""
    duties = tuple(section for section in SIGNED_IN if section.permission not in (None, Permission.LEARN))
    return _links(duties, viewer)


def foot_links() -> list[Link]:
    return _links(FOOTER, None)


def account_links(viewer: Viewer | None) -> list[Link]:
    """One's own account, or the way in; below a host, signing in is the host's."""
    if viewer is None and is_hosted(request.environ):
        return [Link(translate(N_("Sign in")), settings().host_home_url, "", "log-in")]
    address = ACCOUNT if viewer else SIGN_IN
    href = href_of(address)
    if href is None:
        return []
    current = "page" if request.path == address else ""
    text, icon = (viewer.name, "user") if viewer else (translate(N_("Sign in")), "log-in")
    return [Link(text, href, current, icon)]


def nav_home(viewer: Viewer | None) -> str:
    """Where the name of the site leads: one's own home, or the landing page."""
    return (href_of("/home") if viewer else None) or f"{request.script_root}/"


def sign_out_url() -> str | None:
    """Where the sign-out button posts to; None below a host, which signs people out itself."""
    if is_hosted(request.environ):
        return None
    rules = current_app.extensions.get("lms-sign-out")
    if rules is None:
        rules = [rule.rule for rule in current_app.url_map.iter_rules() if rule.rule.rstrip("/") == "/sign-out"]
        current_app.extensions["lms-sign-out"] = rules
    return request.script_root + rules[0] if rules else None


def answers_get() -> bool:
    """Whether the address of this request can be opened with GET too (a page shown after a refused POST)."""
    if request.method in ("GET", "HEAD"):
        return True
    adapter = request_ctx.url_adapter
    if adapter is None:
        return False
    try:
        adapter.match(method="GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        return False
    return True


def stands_at(address: str) -> None:
    """Say where the page lives that a POST answers with, for what leads back to it, such as the language switch."""
    g.page_address = address


def page_url(**changes: object) -> str:
    """This page with other query values: page_url(page=2, sort=None). After a POST to an address that cannot be opened:
    the page that it belongs to (see `stands_at`), else the start page."""
    if not answers_get():
        query = {key: value for key, value in changes.items() if key == "lang" and value is not None}
        address: str = g.get("page_address", f"{request.script_root}/")
        return address + (f"?{urlencode(query)}" if query else "")
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in changes and key != "lang"]
    kept += [(key, str(value)) for key, value in changes.items() if value is not None]
    path = quote(request.script_root + request.path, safe="/:@-._~!$&'()*+,;=")
    return f"{path}?{urlencode(kept)}" if kept else path


def page_numbers(page: int, pages: int) -> list[int | None]:
    """Numbers to show: the ends, the current one with its neighbours, and None for each gap."""
    shown = sorted({1, pages, *(number for number in (page - 1, page, page + 1) if 1 <= number <= pages)})
    numbers: list[int | None] = []
    for number in shown:
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def install(app: Flask) -> None:
    """Give templates the links."""
    for function in (nav_links, foot_links, account_links, nav_home, sign_out_url, page_url, page_numbers):
        app.add_template_global(function)
