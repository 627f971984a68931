"""YAML as plain values, each with the line it stands on.

A subset on purpose: no aliases, no tags, no key twice, and of YAML's many spellings only `null`,
`~`, `true`, `false` and decimal numbers are more than texts, so that `no`, `1:30` and a date stay
what the author wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import yaml

from engine.configuration.reader import escape
from engine.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_CHARACTERS: Final = 10_000_000
MAX_DEPTH: Final = 32

_WORDS: Final[Mapping[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_WHOLE: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,400})")
_FRACTION: Final = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")


@dataclass(frozen=True)
class Source:
    """lines: JSON pointer -> the 1-based line of that key or element."""

    file: str
    value: object
    lines: Mapping[str, int]

    def located(self, problem: Problem) -> Problem:
        """The same problem, its message led by file and line."""
        return replace(problem, message=f"{self.place(problem.pointer)}: {problem.message}")

    def place(self, pointer: str) -> str:
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return f"{self.file}, line {self.lines.get(pointer, 1)}"


def read_source(text: str, file: str) -> Source:
    """Raises InvalidInput that names file and line."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(f"{file}: longer than {MAX_CHARACTERS:,} characters.")
    reading = _Reading(file, iter(()))
    try:
        reading.events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        value = reading.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InvalidInput(
            f"{file}, line {line}: this is not YAML: {error.problem}.",
            hint="Quote texts that hold `: `, `#` or start with a sign.",
        ) from error
    except yaml.reader.ReaderError as error:
        raise InvalidInput(
            f"{file}: a character at position {error.position} cannot stand in YAML.",
            hint="Write it as an escape in a double-quoted text.",
        ) from error
    return Source(file, value, reading.lines)


@dataclass
class _Reading:
    file: str
    events: Iterator[yaml.Event]
    lines: dict[str, int] = field(default_factory=dict)

    def document(self) -> object:
        value: object = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.lines:
                    raise self.refused(event, "a second document", "keep one pack in a file")
                self.lines[""] = _line(event)
                value = self.node(next(self.events), "", 0)
        return value

    def node(self, event: yaml.Event, pointer: str, depth: int) -> object:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.refused(event, "an alias or an anchor", "write the value out")
        tag = getattr(event, "tag", None)
        if tag:
            raise self.refused(event, f"the tag {tag}", "write the plain value")
        if depth > MAX_DEPTH:
            raise self.refused(event, "nesting this deep", "")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(pointer, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(pointer, depth)
        return _scalar(event) if isinstance(event, yaml.ScalarEvent) else None

    def mapping(self, pointer: str, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self.refused(event, "a key that is no text", "")
            key = str(event.value)
            if key in values:
                raise self.refused(event, f"`{key}` for the second time", "keep one of them")
            inner = f"{pointer}/{escape(key)}"
            self.lines[inner] = _line(event)
            values[key] = self.node(next(self.events), inner, depth + 1)
        return values

    def sequence(self, pointer: str, depth: int) -> list[object]:
        values: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inner = f"{pointer}/{len(values)}"
            self.lines[inner] = _line(event)
            values.append(self.node(event, inner, depth + 1))
        return values

    def refused(self, event: yaml.Event, what: str, hint: str) -> InvalidInput:
        return InvalidInput(f"{self.file}, line {_line(event)}: {what} cannot be here.", hint=hint)


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> object:
    text = str(event.value)
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text
