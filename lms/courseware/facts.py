"""Facts out of YAML that somebody else wrote: limited, checked, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from lms.courseware.course import Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML was built with it: ten times as fast, and just as safe."""

LARGEST_YAML_BYTES = 256_000
MOST_EVENTS = 20_000
DEEPEST = 12
SLUG = re.compile(r"[a-z0-9-]{3,40}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?\Z")


@dataclass
class Facts:
    """A mapping with the line of each key. Every reading method reports what it cannot use and gives a default."""

    path: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    line: int
    problems: list[Problem]
    used: set[str] = field(default_factory=set)

    def at(self, key: str) -> int:
        return self.lines.get(key, self.line)

    def bad(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.path, self.at(key), "FM002", f"`{key}`: {message}"))

    def has(self, key: str, is_required: bool = False) -> bool:
        """Whether there is a value; a missing one is reported where it is required."""
        self.used.add(key)
        if key in self.values and self.values[key] is not None:
            return True
        if is_required and key not in self.values:
            message = f"The key `{key}` is missing; add it."
            self.problems.append(Problem(self.path, self.line, "FM001", message))
        elif is_required:
            self.bad(key, "there is no value; add one.")
        return False

    def text(self, key: str, default: str = "", is_required: bool = False, most: int = 1000) -> str:
        if not self.has(key, is_required):
            return default
        value = self.values[key]
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            self.bad(key, f"write a text here, in quotes if it looks like a number (at most {most} characters).")
            return default
        return " ".join(value.split())

    def slug(self, key: str, is_required: bool = False) -> str:
        value = self.text(key, is_required=is_required)
        if value and not SLUG.match(value):
            self.bad(key, f"“{value[:60]}” is no id; use 3 to 40 small letters, digits and hyphens.")
            return ""
        return value

    def choice(self, key: str, among: Sequence[str], default: str, is_required: bool = False) -> str:
        value = self.text(key, default, is_required)
        if value not in among:
            self.bad(key, f"“{value[:60]}” is not one of {', '.join(among)}.")
            return default
        return value

    def whole(self, key: str, default: Any, least: int, most: int, is_required: bool = False) -> Any:
        """A whole number, or `default` (which may be None)."""
        if not self.has(key, is_required):
            return default
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.bad(key, f"write a whole number from {least} to {most}.")
            return default
        return value

    def yes(self, key: str, default: bool) -> bool:
        if not self.has(key):
            return default
        if not isinstance(self.values[key], bool):
            self.bad(key, "write true or false.")
            return default
        return bool(self.values[key])

    def day(self, key: str) -> date | None:
        if not self.has(key):
            return None
        value = self.values[key]
        if isinstance(value, datetime) or not isinstance(value, date):
            self.bad(key, "write a day as 2026-11-20.")
            return None
        return value

    def texts(self, key: str, among: Sequence[str] = (), is_required: bool = False) -> tuple[str, ...]:
        """A list of texts, each once; from `among` where that is given."""
        if not self.has(key, is_required):
            return ()
        value = self.values[key]
        if not isinstance(value, list):
            self.bad(key, "write a list, such as [one, two].")
            return ()
        kept: list[str] = []
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.bad(key, f"“{str(item)[:60]}” is not a text.")
            elif among and item not in among:
                self.bad(key, f"“{item[:60]}” is not one of {', '.join(among)}.")
            elif item in kept:
                self.bad(key, f"“{item[:60]}” stands here twice.")
            else:
                kept.append(item)
        return tuple(kept)

    def facts(self, key: str, is_required: bool = False) -> Facts | None:
        """A mapping inside this one."""
        if not self.has(key, is_required):
            return None
        return self._inner(key, self.values[key], self.at(key))

    def many(self, key: str, is_required: bool = False) -> list[Facts]:
        """A list of mappings inside this one."""
        if not self.has(key, is_required):
            return []
        value = self.values[key]
        if not isinstance(value, list):
            self.bad(key, "write a list here.")
            return []
        inner = (self._inner(key, item, getattr(item, "line", self.at(key))) for item in value)
        return [facts for facts in inner if facts is not None]

    def _inner(self, key: str, value: Any, line: int) -> Facts | None:
        if not isinstance(value, LinedDict):
            self.bad(key, "write keys and values here, such as {id: one}.")
            return None
        return Facts(self.path, value, value.lines, line, self.problems)

    def report_unused(self, where: str) -> None:
        """Reports every key that nothing asked for: an author who wrote it meant something."""
        for key in self.values:
            if key not in self.used:
                message = f"The key `{str(key)[:60]}` is not known in {where}; it has no effect."
                self.problems.append(Problem(self.path, self.at(key), "FM002", message, is_error=False))


class LinedDict(dict[str, Any]):
    """A mapping that remembers the lines of its keys; `line` is its own."""

    line: int
    lines: dict[str, int]


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_facts(path: str, text: str, first_line: int = 1) -> tuple[Facts | None, list[Problem]]:
    """A YAML mapping; never raises, takes no anchors, no tags of its own, nothing huge or deep."""
    problems: list[Problem] = []
    try:
        _guard(text)
        value = _construct(text, path, first_line, problems)
        if not isinstance(value, LinedDict):
            raise _Refused(0, "write keys and values here, such as `id: my-module`.")
    except _Refused as refusal:
        problems.append(Problem(path, first_line + refusal.line, "FM002", f"This YAML cannot be used: {refusal}"))
        return None, problems
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "a character that YAML does not allow"
        line = first_line + (mark.line if mark is not None else 0)
        problems.append(Problem(path, line, "FM002", f"This YAML cannot be read: {reason}."))
        return None, problems
    except (ValueError, OverflowError, RecursionError, TypeError, LookupError, AttributeError) as error:
        problems.append(Problem(path, first_line, "FM002", f"A value in this YAML cannot be used: {str(error)[:200]}"))
        return None, problems
    return Facts(path, value, value.lines, first_line, problems), problems


def _guard(text: str) -> None:
    if len(text) > LARGEST_YAML_BYTES:
        raise _Refused(0, f"it is too large (at most {LARGEST_YAML_BYTES:,} characters).")
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = event.start_mark.line if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(line, "anchors (&) and aliases (*) are not taken; put the text in quotes or write it out.")
        if getattr(event, "tag", None) is not None:
            raise _Refused(line, "tags (!) are not taken; put the text in quotes.")
        if depth > DEEPEST:
            raise _Refused(line, "it is nested too deeply.")
        if count > MOST_EVENTS:
            raise _Refused(line, "it has too many entries.")


def _construct(text: str, path: str, first_line: int, problems: list[Problem]) -> Any:
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        scalar: Callable[[yaml.Node], Any] = lambda leaf: loader.construct_object(leaf, deep=True)  # noqa: E731
        return None if node is None else _value(node, scalar, path, first_line, problems)
    finally:
        loader.dispose()


def _value(
    node: yaml.Node, scalar: Callable[[yaml.Node], Any], path: str, first_line: int, problems: list[Problem]
) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, scalar, path, first_line, problems) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return scalar(node)
    values = LinedDict()
    values.line, values.lines = first_line + node.start_mark.line, {}
    for key_node, value_node in node.value:
        key, line = str(getattr(key_node, "value", "")), first_line + key_node.start_mark.line
        if not isinstance(key_node, yaml.ScalarNode):
            raise _Refused(key_node.start_mark.line, "a key has to be a plain word.")
        if key in values:
            problems.append(Problem(path, line, "FM002", f"The key `{key[:60]}` is written twice; the first counts."))
            continue
        values.lines[key] = line
        values[key] = _value(value_node, scalar, path, first_line, problems)
    return values
