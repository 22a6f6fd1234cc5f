"""The glossary of all courses together: each word once, with its meanings and the courses that use it."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup

from lms.catalog.glossary import Meaning, shared_glossary
from lms.catalog.versions import CurrentVersion, current_versions
from lms.web.guards import language, public
from lms.web.reader import placed
from lms.web.shared import shared_page

blueprint = Blueprint("glossary", __name__)


@blueprint.get("/glossary")
@public
def show_words() -> str:
    """All words, or those that fit `q`; `words` asks for those of another language than the page's."""
    versions = current_versions()
    languages = _languages(versions)
    wanted = request.args.get("words", "")
    text_language = wanted if wanted in languages else language()
    text = request.args.get("q", "").strip()

    def draw() -> str:
        return render_template(
            "glossary/index.html",
            words=shared_glossary(versions, text_language, text),
            text=text,
            text_language=text_language,
            languages=languages,
            meaning_html=_meaning_html,
        )

    return shared_page(draw, tuple((version.version_id, version.content_hash) for version in versions))


def _languages(versions: list[CurrentVersion]) -> list[str]:
    return sorted({code for version in versions for code in version.facts["languages"]})


def _meaning_html(meaning: Meaning) -> Markup:
    """A link to a module leads to the page of the course: the module may not be open to whoever reads here."""
    slug = meaning.version.slug
    return placed(meaning.html, slug, meaning.version.number, module_url=url_for("catalog.show_course", slug=slug))
