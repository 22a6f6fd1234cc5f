"""Pages on which the rule of a certification is written, checked, changed and archived, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from lms.access import Permission, visible_users
from lms.certification.previewing import MOST_NAMES, MOST_PEOPLE, touched_by
from lms.certification.rule_files import rule_of
from lms.certification.ruling import (
    Found,
    PastVersion,
    add_certification,
    archive_certification,
    change_certification,
    find_certification,
    is_same,
    restore_certification,
    versions_of,
)
from lms.clock import utc_now
from lms.courseware.checks.rules import faults_of
from lms.courseware.names import LANGUAGES
from lms.errors import N_, Conflict, Invalid, LmsError, NotFound
from lms.web.certifications import lacks_reader, titled
from lms.web.forms.certifications import Editor, ReasonForm, with_row_added, with_row_removed
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, needs, settings, today, viewer
from lms.web.lacks import course_titles
from lms.web.rule_words import rule_sentences, worked_examples

blueprint = Blueprint("certification_edit", __name__)

Page = str | Response | tuple[str, int]

NOT_CARRIED = frozenset({"csrf_token", "step", "reason", "lang"})
"""Entries that the check page does not hand on: it has its own."""


@blueprint.route("/certifications/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_CERTIFICATIONS)
def add() -> Page:
    """Write a new certification, look at what it says, then save it."""
    return _edited(None)


@blueprint.route("/certifications/<slug>/edit", methods=["GET", "POST"])
@needs(Permission.MANAGE_CERTIFICATIONS)
def edit(slug: str) -> Page:
    """Change a rule: what it says then and whom that touches is shown before it is saved."""
    found = find_certification(slug)
    if found.archived_at is not None:
        raise Conflict(N_("This certification is archived. Bring it back first."))
    return _edited(found)


@blueprint.get("/certifications/<slug>/history")
@needs(Permission.MANAGE_CERTIFICATIONS)
def show_history(slug: str) -> str:
    """Every version of a rule: who changed it, when, why, and what changed."""
    found = find_certification(slug)
    versions, titles = versions_of(found.current.certification_id), course_titles()
    return render_template(
        "certification/history.html",
        slug=slug,
        title=titled(found.current.rules),
        changes=[changed(one, before, titles) for one, before in zip(versions, [*versions[1:], None], strict=True)],
    )


@blueprint.route("/certifications/<slug>/archive", methods=["GET", "POST"])
@needs(Permission.MANAGE_CERTIFICATIONS)
def archive(slug: str) -> Page:
    """Ask for the reason, then award it no more."""
    person, found = viewer(), find_certification(slug)
    form = ReasonForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""
        act(lambda: archive_certification(slug, reason, actor_id=person.id, now=utc_now()))
        flash_done(_("The certification is archived. What was awarded stands."))
        return redirect(url_for("certifications.list_certifications"), 303)
    page = render_template(
        "confirm.html",
        title=_("Archive this certification?"),
        text=_("It is not awarded any more. Certificates that people hold stand until their end."),
        facts=[(_("Certification"), titled(found.current.rules))],
        form=form,
        action=url_for(".archive", slug=slug),
        submit_text=_("Archive the certification"),
        cancel_href=url_for("certifications.show_certification", slug=slug),
    )
    return (page, 422) if form.errors else page


@blueprint.post("/certifications/<slug>/restore")
@needs(Permission.MANAGE_CERTIFICATIONS)
def restore(slug: str) -> Response:
    """Award it again."""
    person = viewer()
    act(lambda: restore_certification(slug, actor_id=person.id))
    flash_done(_("The certification is in use again."))
    return redirect(url_for("certifications.show_certification", slug=slug), 303)


@dataclass(frozen=True, slots=True)
class Changed:
    """One version, with the sentences that came and went against the one before it."""

    version: PastVersion
    gained: list[str]
    lost: list[str]


def changed(version: PastVersion, before: PastVersion | None, titles: Mapping[str, str]) -> Changed:
    """What a version changed, in the words of the page that explains the rule."""
    now, then = said(version.rules, titles), said(before.rules, titles) if before else []
    return Changed(version, [one for one in now if one not in then], [one for one in then if one not in now])


def said(rules: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    return [*names_said(rules), *rule_sentences(rule_of(rules), titles)]


def names_said(rules: Mapping[str, Any]) -> list[str]:
    """What it is called and described as, in each language: a change of these alone is a change too."""
    found = []
    for code, name in LANGUAGES.items():
        if text := (rules.get("title") or {}).get(code):
            found.append(_("Title (%(language)s): %(text)s", language=name, text=text))
        if text := (rules.get("description") or {}).get(code):
            found.append(_("Description (%(language)s): %(text)s", language=name, text=text))
    return [*found, _("Code: %(code)s", code=rules["code"])] if rules.get("code") else found


def _edited(found: Found | None) -> Page:
    """One round of the form: a row more or less, the check, back to the entries, or saving."""
    step = request.form.get("step", "check")
    if request.method in ("GET", "HEAD"):
        return _form_page(found, _editor(found, g.get("kept_entries")))
    if step == "add":
        return _form_page(found, _editor(found, with_row_added(request.form)))
    if step.startswith("remove-"):
        at = step.removeprefix("remove-")
        number = int(at) if at.isascii() and at.isdecimal() and len(at) < 4 else -1
        return _form_page(found, _editor(found, with_row_removed(request.form, number)))
    editor = _editor(found, request.form)
    if step == "back":
        return _form_page(found, editor)
    if not editor.validate():
        return _form_page(found, editor), 422
    rules = _rules_of(found, editor)
    for fault in faults_of(rules):
        add_problem(editor.rule, Invalid(N_("The rule cannot be taken: %(fault)s."), fault=fault.text))
        return _form_page(found, editor), 422
    if step == "save":
        return _saved(found, editor, rules)
    if found is None and _is_taken(str(rules["id"])):
        add_problem(editor.rule, Invalid(N_("There is a certification with this id already."), "slug"))
        return _form_page(found, editor), 422
    return _check_page(found, editor, rules)


def _is_taken(slug: str) -> bool:
    try:
        return find_certification(slug) is not None
    except NotFound:
        return False


def _editor(found: Found | None, entries: MultiDict[str, str] | None) -> Editor:
    titles = course_titles()
    if found is None:
        return Editor(titles, entries=entries, is_new=True)
    named = {course: course for course in found.current.rule.courses}
    rules, number = found.current.rules, found.current.number
    return Editor({**named, **titles}, entries=entries, rules=rules, number=number)


def _rules_of(found: Found | None, editor: Editor) -> dict[str, Any]:
    if found is None:
        return editor.rules(editor.rule.slug.data or "")
    return editor.rules(found.current.rule.slug, found.current.rules)


def _saved(found: Found | None, editor: Editor, rules: dict[str, Any]) -> Page:
    person, reason = viewer(), editor.rule.reason.data or ""
    seen = editor.rule.seen.data or ""
    number = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else -1

    def step() -> None:
        if found is None:
            add_certification(rules, reason=reason, actor_id=person.id, now=utc_now())
        else:
            change_certification(rules, seen=number, reason=reason, actor_id=person.id, now=utc_now())

    try:
        act(step)
    except Invalid as error:
        add_problem(editor.rule, error)
        is_of_form = error.field not in (None, "reason")
        return (_form_page if is_of_form else _check_again)(found, editor), 422
    except Conflict as error:
        return _moved_on(str(rules["id"]), editor, error)
    flash_done(_("The certification is saved. It counts from now on; what was awarded stays as it is."))
    return redirect(url_for("certifications.show_certification", slug=rules["id"]), 303)


def _check_again(found: Found | None, editor: Editor) -> str:
    return _check_page(found, editor, _rules_of(found, editor))


def _moved_on(slug: str, editor: Editor, error: LmsError) -> Page:
    """The form again with what was entered, what is stored now, and the mark of that: saving again is on purpose."""
    found = find_certification(slug)
    editor.rule.seen.data = str(found.current.number)
    return _form_page(found, editor, conflict=_(error.message, **error.values)), 409


def _form_page(found: Found | None, editor: Editor, *, conflict: str | None = None) -> str:
    sentences = rule_sentences(found.current.rule, course_titles()) if found and conflict else []
    return render_template(
        "certification/edit.html",
        slug=found.current.rule.slug if found else None,
        title=titled(found.current.rules) if found else None,
        form=editor,
        rule=editor.rule,
        rows=editor.rows,
        conflict=conflict,
        stored=sentences,
    )


def _check_page(found: Found | None, editor: Editor, rules: dict[str, Any]) -> str:
    """What the rule says, for whom on which days, and whom the change touches. Nothing is saved yet."""
    person, titles, rule = viewer(), course_titles(), rule_of(rules)
    entries = [(key, value) for key, value in request.form.items(multi=True) if key not in NOT_CARRIED]
    return render_template(
        "certification/check.html",
        slug=found.current.rule.slug if found else None,
        title=titled(rules),
        rule=editor.rule,
        entries=entries,
        sentences=said(rules, titles),
        examples=worked_examples(rule, today()),
        missing=[course for course in rule.courses if course not in titles],
        is_same=found is not None and is_same(found.current.rules, rules),
        touched=touched_by(
            found.current if found else None,
            rule,
            utc_now(),
            settings().time_zone,
            visible_users(person, Permission.SEE_PEOPLE),
        ),
        most_people=MOST_PEOPLE,
        most_names=MOST_NAMES,
        lacks_of=lacks_reader(),
    )
