"""Whether the words are calm and respectful, no false number ships, and nothing is left to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lms.courseware.checks.quick import quick_look
from lms.courseware.checks.source import Source, plain_words
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.checks.word_list import NEVER, PLACEHOLDERS, WORDS
from lms.courseware.course import Problem


def _one(patterns: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """All patterns in one, each in a group named by its place in the list."""
    return re.compile("|".join(rf"(?P<w{i}>(?<!\w)(?:{p}))" for i, (p, _) in enumerate(patterns)), re.IGNORECASE)


_WORDS = {language: _one(patterns) for language, patterns in WORDS.items()}
_NEVER = _one(NEVER)
_MAY_HAVE_WORDS = {language: quick_look(*(p for p, _ in patterns)) for language, patterns in WORDS.items()}
_MAY_HAVE_NEVER = quick_look(*(p for p, _ in NEVER))
_PLACEHOLDERS = re.compile(PLACEHOLDERS)
_MENTIONED = re.compile(
    r"“[^“”\n]{1,80}”|\"[^\"\n]{1,80}\"|«[^«»\n]{1,80}»|‘[^‘’\n]{1,60}’(?!\w)|(?<!\*)\*[^*\s][^*\n]{0,38}\*(?!\*)"
)


def check(subject: Subject) -> Iterator[Problem]:
    for source in subject.sources.values():
        for line, raw, words, is_wrong_option in _texts(source):
            yield from _text(source, line, raw, words, is_wrong_option)


def _texts(source: Source) -> Iterator[tuple[int, str, str, bool]]:
    """Every piece of text with its line; front matter line by line, in which only texts matter."""
    for number in range(*source.front):
        yield number, source.lines[number - 1], source.lines[number - 1], False
    for heading in source.headings:
        yield heading.line, heading.text, plain_words(heading.text), False
    for block in source.blocks:
        if block.kind != "note":
            yield block.line, block.raw, block.plain, block.tick == " "


def _text(source: Source, line: int, raw: str, words: str, is_wrong_option: bool) -> Iterator[Problem]:
    if _MAY_HAVE_NEVER(words) and (match := _NEVER.search(words)):
        reason = NEVER[int((match.lastgroup or "w0")[1:])][1]
        message = f"{shown(match[0])} never ships. {reason} Leave it out, also as an example of what is wrong."
        yield finding(source.path, _line(line, raw, match[0]), "W010", message, is_error=True)
    if match := _PLACEHOLDERS.search(raw):
        message = f"{shown(match[0])}: something is still to be written here."
        yield finding(source.path, _line(line, raw, match[0]), "W012", message)
    language = source.language.partition("-")[0]
    if is_wrong_option or language not in _WORDS or not _MAY_HAVE_WORDS[language](words):
        return
    used = plain_words(_MENTIONED.sub(" ", raw))
    for match in _WORDS[language].finditer(used):
        instead = _instead(language, match)
        message = f"{shown(match[0])}: write instead {instead}. To speak of the word itself, put it in quotes."
        yield finding(source.path, _line(line, raw, match[0]), "W010", message)


def _instead(language: str, match: re.Match[str]) -> str:
    table: Mapping[str, tuple[tuple[str, str], ...]] = WORDS
    return table[language][int((match.lastgroup or "w0")[1:])][1]


def _line(first: int, raw: str, words: str) -> int:
    """The line in which the match begins, as near as can be told."""
    start = words.split()[0] if words.split() else words
    for index, text in enumerate(raw.split("\n")):
        if start in text:
            return first + index
    return first
