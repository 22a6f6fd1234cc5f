"""How hard the prose of a module is to read: Flesch-Kincaid for English, Szigriszt-Pazos for Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pyphen

from lms.courseware.checks.source import Block
from lms.courseware.checks.subject import Subject, finding
from lms.courseware.course import Problem

DEFAULT_TARGET = 10
GRADES = [str(grade) for grade in range(1, 19)]
FEWEST_WORDS = 150
"""Below so many words the measure says little."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[.!?…]+[\"”’')»\]]*(?=\s+[\"“‘'(«¿¡\[]*[A-ZÁÉÍÓÚÑ0-9]|\Z)|[:;](?=\s)")
_ABBREVIATION = re.compile(
    r"\b(?:U\.S\.C|U\.S\.A|U\.S|C\.F\.R|EE\. ?UU|e\.g|i\.e|Dr|Dra|Mr|Ms|Mrs|Sr|Sra|St|vs|No|p\. ej)\."
)
_VOWELS = re.compile(r"[aeiouyáéíóúü]+")
_SPANISH = re.compile(r"[aeoáéóíú]|(?<![aeoáéóiuü])[iuü]+(?![aeoáéóíúiuü])")
_PROSE = frozenset({"paragraph", "item", "quote"})


def check(subject: Subject) -> Iterator[Problem]:
    written = subject.facts.get("reading_level", str(DEFAULT_TARGET))
    target = int(written) if written in GRADES else DEFAULT_TARGET
    if written not in GRADES:
        message = "`reading_level`: write a school grade, such as 8."
        yield finding("course.yaml", subject.fact_lines["reading_level"], "FM002", message)
    for source in subject.sources.values():
        if not source.is_module:
            continue
        blocks = [block for block in source.blocks if block.area == "prose" and block.kind in _PROSE]
        line = blocks[0].line if blocks else 1
        if source.language.startswith("es"):
            ease = szigriszt(blocks)
            if ease is not None and ease < ease_for(target):
                message = (
                    f"The Szigriszt index is {ease:.0f}; at least {ease_for(target)} is the aim (grade {target}). "
                    "Shorten sentences and choose everyday words."
                )
                yield finding(source.path, line, "W011", message)
        else:
            grade = flesch_kincaid(blocks)
            if grade is not None and grade > target:
                message = (
                    f"It reads at grade {grade:.1f}; the aim is {target}. Shorten sentences and choose everyday words."
                )
                yield finding(source.path, line, "W011", message)


def ease_for(grade: int) -> int:
    """The Szigriszt index that stands for a school grade: 55 (“normal” on the INFLESZ scale) for 8, 45 for 10."""
    return 95 - 5 * grade


def flesch_kincaid(blocks: list[Block]) -> float | None:
    """The US school grade (Kincaid and others, 1975); None where there are too few words."""
    words, sentences = _measure(blocks)
    if len(words) < FEWEST_WORDS:
        return None
    syllables = sum(map(english_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def szigriszt(blocks: list[Block]) -> float | None:
    """Ease of Spanish from 0 to 100, the easiest (Szigriszt-Pazos, 1993); None where there are too few words."""
    words, sentences = _measure(blocks)
    if len(words) < FEWEST_WORDS:
        return None
    syllables = sum(map(spanish_syllables, words))
    return 206.835 - 62.3 * syllables / len(words) - len(words) / sentences


def _measure(blocks: list[Block]) -> tuple[list[str], int]:
    """Words and sentences; as Flesch did, a colon or semicolon ends one too, and so does the end of a list item."""
    words: list[str] = []
    sentences = 0
    for block in blocks:
        text = _ABBREVIATION.sub(" ", block.plain)
        found = _WORD.findall(text.lower())
        if found:
            words += found
            sentences += max(1, len(_SENTENCE.findall(text)) + (text.rstrip()[-1:] not in ".!?…:;\"”’')»"))
    return words, max(sentences, 1)


@lru_cache(maxsize=1)
def _hyphens() -> pyphen.Pyphen:
    """Read once, and only where somebody checks a course."""
    return pyphen.Pyphen(lang="en_US", left=2, right=2)


@lru_cache(maxsize=50_000)
def english_syllables(word: str) -> int:
    """By groups of vowels without a silent e, or by hyphenation where that finds more; never less than one."""
    groups = len(_VOWELS.findall(word))
    if re.search(r"[^aeiouyl]e(?:s|d)?\Z|[aeiou]le(?:s|d)?\Z|[^aeiou]{2}le\Z", word) and groups > 1:
        is_sounded = re.search(r"(?:[td]ed|(?:s|z|x|ch|sh|c|g)es|[^aeiou]le)\Z", word)
        groups -= 0 if is_sounded else 1
    return max(groups, len(_hyphens().positions(word)) + 1, 1)


@lru_cache(maxsize=50_000)
def spanish_syllables(word: str) -> int:
    """By vowels: two strong ones or an accented weak one part a syllable; a mute u after g and q does not count."""
    return max(len(_SPANISH.findall(re.sub(r"(?<=[gq])u(?=[eiéí])", "", word))), 1)
