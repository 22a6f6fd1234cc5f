"""The words that courses explain, of all current courses together: what each means, and where it is used."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from lms.catalog.facts import title_of
from lms.catalog.models import Blob, VersionFile
from lms.catalog.versions import MOST_PARSED, CurrentVersion
from lms.courseware.course import GlossaryTerm
from lms.courseware.course_text import GLOSSARY, read_glossary
from lms.courseware.words import Slugs, folded
from lms.database import db
from lms.stores import BoundedStore

Glossaries = Mapping[str, tuple[GlossaryTerm, ...]]
"""The words of one version, by language."""

read_glossaries: BoundedStore[str, Glossaries] = BoundedStore(4 * MOST_PARSED)
"""By content hash, as parsed versions are kept: a few kilobytes each, read without the rest of the course."""

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Use:
    """A course that explains a word; `term_slug` is the place of the word in the course's own glossary."""

    slug: str
    code: str
    title: str
    term_slug: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means, in safe HTML with places for links, and the courses that say it in these words."""

    html: str
    version: CurrentVersion
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its meanings: one, unless courses add what their own readers need. `slug` is unique among words."""

    term: str
    slug: str
    meanings: tuple[Meaning, ...]


def shared_glossary(versions: Sequence[CurrentVersion], language: str, text: str = "") -> list[Word]:
    """All words that these versions explain in that language, by alphabet without accents; one query at most.

    `text` asks for those in which each of its words occurs, in the term or the meaning, whatever the capitals and
    accents.
    """
    glossaries = _glossaries_of(versions)
    found: defaultdict[str, list[tuple[CurrentVersion, GlossaryTerm]]] = defaultdict(list)
    for version in versions:
        for term in glossaries[version.content_hash].get(language, ()):
            found[term.term.casefold()].append((version, term))
    slugs = Slugs()
    wanted = folded(text).split()
    words = [_word(language, uses, slugs) for _, uses in sorted(found.items(), key=lambda one: folded(one[0]))]
    return [word for word in words if all(each in _searchable(word) for each in wanted)]


def _word(language: str, uses: Sequence[tuple[CurrentVersion, GlossaryTerm]], slugs: Slugs) -> Word:
    meanings: dict[str, list[tuple[CurrentVersion, GlossaryTerm]]] = {}
    for version, term in uses:
        meanings.setdefault(term.meaning_html, []).append((version, term))
    written = uses[0][1].term
    return Word(
        written,
        slugs.take(written),
        tuple(
            Meaning(html, same[0][0], tuple(_use(version, each, language) for version, each in same))
            for html, same in meanings.items()
        ),
    )


def _use(version: CurrentVersion, term: GlossaryTerm, language: str) -> Use:
    return Use(version.slug, version.code, title_of(version.facts, language), term.slug)


def _searchable(word: Word) -> str:
    return folded(" ".join((word.term, *(_TAG.sub("", meaning.html) for meaning in word.meanings))))


def _glossaries_of(versions: Sequence[CurrentVersion]) -> dict[str, Glossaries]:
    """By content hash; what is not kept in process is read from the files of the versions, in one query."""
    kept = {version.content_hash: read_glossaries.get(version.content_hash) for version in versions}
    missing = {version.version_id: version for version in versions if kept[version.content_hash] is None}
    pages: dict[int, dict[str, str]] = {version_id: {} for version_id in missing}
    if missing:
        rows = db.session.execute(
            select(VersionFile.version_id, VersionFile.path, Blob.content)
            .join(Blob, Blob.hash == VersionFile.blob_hash)
            .where(VersionFile.version_id.in_(missing), VersionFile.path.like(f"%/{GLOSSARY}"))
        )
        for version_id, path, content in rows:
            pages[version_id][path] = content.decode("utf-8", "replace")
    for version_id, version in missing.items():
        texts = pages[version_id]
        read = {language: read_glossary(language, texts) for language in version.facts["languages"]}
        kept[version.content_hash] = read_glossaries.put(version.content_hash, read)
    return {content_hash: read for content_hash, read in kept.items() if read is not None}
