"""Whether statements of law and numbers name their source, and whether each source can be found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lms.courseware.checks.front_matter import front_line
from lms.courseware.checks.quick import quick_look
from lms.courseware.checks.source import Block, Source
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Module, Problem

_CITED = re.compile(
    r"\bRSMo\b|\bU\.?\s?S\.?\s?C\.?\s*§?\s*\d[\d.()a-z]*|\bC\.?F\.?R\.?(?=\W|\Z)|§\s*\d|\bP(?:ublic|\.)\s?L(?:aw|\.)\s*\d[\d-]*"
    r"|\b(?:sections?|secciones|sección|chapter|capítulo)\s+\d{2,3}\.\d{2,4}|\b\d{3}\.\d{3,4}\b"
    r"|\b(?:House|Senate) Bill \d|\b[HS]\.?B\.? ?\d{2,4}\b",
)
_STATED = re.compile(
    r"(?i)\b(?:Missouri(?:'s|’s)?|federal|state) (?:law|statute)s? (?:also )?"
    r"(?:requires?|says?|defines?|asks?|forbids?|protects?|allows?|makes?|treats?|permits?)\b"
    r"|\b[Uu]nder (?:Missouri|federal|state) law\b|\bby law,? (?:\w+ ){0,3}(?:must|has to|have to)\b"
    r"|\blegally (?:required|obligated|bound)\b|\brequired by law\b"
    r"|\bobligad[oa]s? por (?:la )?ley\b|\bpor ley,? deben?\b"
    r"|\bthe law (?:requires|says|defines|asks|forbids|allows|makes|protects|permits)\b"
    r"|\bla ley (?:de Missouri |federal |estatal )?(?:exige|dice|define|pide|prohíbe|permite|protege|obliga)\b"
    r"|\b(?:felony|misdemeanor|delito grave|delito menor)\b"
)
_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|un|una|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
)
_PERCENT = re.compile(r"(?i)\b\d{1,3}(?:[.,]\d+)?\s?(?:%|percent\b|per cent\b|por ciento\b)")
_SHARE = re.compile(
    rf"(?i)\b(?:{_NUMBER_WORD}|\d{{1,3}})(?: in | out of | de cada )(?:{_NUMBER_WORD}|\d{{1,4}})\b"
    r"(?!\s*(?:minutes?|hours?|days?|weeks?|months?|years?|minutos?|horas?|días?|%|[:.]\d))"
)
_FRACTION = re.compile(
    r"(?i)\b(?:a|one|two|three)[ -](?:third|quarter)s? of\b"
    r"|\b(?:un tercio|dos tercios|una cuarta parte|tres cuartas partes) de\b"
)
_LARGE = re.compile(
    r"(?i)\b\d{1,3}(?:[,.]\d{3})+\b|\b\d+(?:\.\d+)?[ -](?:thousand|million|billion|mil|millón|millones)\b"
    r"|(?<![\d.$§/-])\b\d{4,9}\b(?![.-]\d)"
)
_NOT_A_COUNT = re.compile(
    r"(?i)\b(?:1-)?\d{3}-\d{3}-\d{4}\b|\(\d{3}\) ?\d{3}-\d{4}|\b(?:233733|1-800-\w+|24/7(?:/365)?)\b"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b(?:1[89]|20)\d{2}\b|\b\d{3}\.\d{3,4}\b"
    r"|\b\d{1,3} (?:U\.?S\.?C|C\.?F\.?R)\.?[\s§]*[\d.()a-z]+"
    r"|\b(?:room|page|box|code|number|case|badge|extension|suite|aula|página|código|número|caso)s? #?[\dA-Z-]+"
    r"|§+\s*[\d.()a-z]+|\b(?:section|sección|artículo|part|parte|title|título|form|formulario)s? [\dA-Z][\d.()A-Za-z-]*"
)
_MARK = re.compile(r"(?i)\b(?:pass|score|mark|quiz|final|aprob|calificaci|puntu|prueba|100\s?(?:%|percent|por ciento))")
_ADDRESS = re.compile(r"\]\(\s{0,9}<?(?:https?://|[\w./-]{1,200}\.(?:pdf|md))|https?://\S")
_CHECKED = re.compile(
    r"(?i)\b(?:checked|consultad[oa]|revisad[oa]|comprobad[oa]|verificad[oa])(?: on| el)?:? (\d{4}-\d{2}-\d{2})"
)
_NUMBERS = (_PERCENT, _SHARE, _FRACTION, _LARGE)
_MAY_STATE_LAW = quick_look(_CITED.pattern, _STATED.pattern.replace("(?i)", ""))
_MAY_HOLD_A_NUMBER = quick_look(*(pattern.pattern.replace("(?i)", "") for pattern in _NUMBERS))
_PROSE = frozenset({"paragraph", "item", "quote", "definition"})


def check(subject: Subject) -> Iterator[Problem]:
    for module, source in subject.modules():
        yield from _law(module, source)
    for source in subject.sources.values():
        yield from _numbers(source)
        yield from _sources(subject, source)


def _law(module: Module, source: Source) -> Iterator[Problem]:
    first: tuple[Block, str] | None = None
    for index, block in enumerate(source.blocks):
        if block.kind == "note" or not _MAY_STATE_LAW(block.plain):
            continue
        cited, stated = _CITED.search(block.plain), _STATED.search(block.plain)
        match = cited or stated
        if match is None:
            continue
        first = first or (block, match[0])
        if block.area == "prose" and not _is_sourced(source, index, block, is_section_enough=cited is None):
            message = f"{shown(match[0])} states law without a source: add a footnote such as [^S1] to this paragraph."
            yield finding(module.path, block.line_at(match[0]), "L001", message)
    if first is not None and not module.jurisdictions:
        block, words = first
        message = (
            f"This module states law ({shown(words, 30)}). Say whose, in its head: `jurisdictions: [US-MO]`, and a "
            "`review_by` date."
        )
        yield finding(module.path, block.line_at(words), "L001", message)
    elif module.jurisdictions and not source.references:
        message = "`jurisdictions` says that this module states law, but it names no source; add footnotes."
        yield finding(module.path, front_line(source, "jurisdictions"), "L001", message)


def _is_sourced(source: Source, index: int, block: Block, is_section_enough: bool) -> bool:
    if block.has_source or index in source.introduced_with_source:
        return True
    return is_section_enough and block.section in source.section_sources


def _numbers(source: Source) -> Iterator[Problem]:
    for index, block in enumerate(source.blocks):
        if block.area != "prose" or block.kind not in _PROSE or not _MAY_HOLD_A_NUMBER(block.plain):
            continue
        if _is_sourced(source, index, block, False):
            continue
        plain = _NOT_A_COUNT.sub(" ", block.plain)
        match = next(filter(None, (pattern.search(plain) for pattern in _NUMBERS)), None)
        if match is not None and not _MARK.search(plain):
            message = f"{shown(match[0])}: where is the number from? Add a footnote to this paragraph, or leave it out."
            yield finding(source.path, block.line_at(match[0]), "L003", message)


def _sources(subject: Subject, source: Source) -> Iterator[Problem]:
    for label, line in source.references.items():
        if label not in source.notes:
            message = f"The source [^{label}] is not defined; add a line “[^{label}]: …” at the end of the file."
            yield finding(source.path, line, "L004", message)
    for label, block in source.notes.items():
        if label not in source.references:
            message = f"The source [^{label}] is defined but never used; refer to it or remove it."
            yield finding(source.path, block.line, "L004", message, is_error=False)
        if not _ADDRESS.search(block.raw):
            message = f"The source [^{label}] has no address: [^{label}]: [Title](https://…), checked {subject.today}"
            yield finding(source.path, block.line, "L004", message)
        yield from _checked(subject, source, label, block)


def _checked(subject: Subject, source: Source, label: str, block: Block) -> Iterator[Problem]:
    match = _CHECKED.search(block.raw)
    day = _day(match[1]) if match else None
    if day is None:
        message = f"The source [^{label}] does not say when it was checked; end it with “, checked {subject.today}”."
        yield finding(source.path, block.line, "L004", message)
    elif day > subject.today:
        message = f"The source [^{label}] was checked on {day}, which is still to come; mend the date."
        yield finding(source.path, block.line, "L004", message)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
