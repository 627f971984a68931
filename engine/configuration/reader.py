"""Reads one JSON object key by key, collecting every problem with its JSON pointer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from engine.errors import InvalidConfiguration, Problem

SCHEMA = 1
MAX_NAME = 255

E = TypeVar("E", bound=StrEnum)


def escape(key: str) -> str:
    """A key as one segment of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class Reader:
    """Typed look-ups into one object; a wrong or missing value leaves a `Problem` and a default."""

    def __init__(
        self, document: object, pointer: str = "", problems: list[Problem] | None = None
    ) -> None:
        self.pointer = pointer
        self.problems: list[Problem] = [] if problems is None else problems
        self.asked: set[str] = set()
        self.values: Mapping[str, object] = {}
        if isinstance(document, Mapping):
            self.values = {str(key): value for key, value in document.items()}
        else:
            self.problems.append(Problem("an object is needed here", pointer))

    def wrong(self, path: str, message: str, hint: str = "") -> None:
        """`path`: a pointer from here, without its first slash."""
        self.problems.append(Problem(message, f"{self.pointer}/{path}", hint))

    def get(self, key: str) -> object:
        self.asked.add(key)
        return self.values.get(key)

    def text(self, key: str, *, limit: int, required: bool = False, default: str = "") -> str:
        value = self.get(key)
        if value is None:
            if required:
                self.wrong(key, f"`{key}` is needed", f"give `{key}` as a text")
            return default
        if not isinstance(value, str):
            self.wrong(key, f"`{key}` must be a text")
            return default
        return self._sound(key, value, limit, required=required)

    def _sound(self, key: str, value: str, limit: int, *, required: bool) -> str:
        if required and not value.strip():
            self.wrong(key, f"`{key}` must not be empty")
        if len(value) > limit:
            self.wrong(key, f"`{key}` has {len(value)} characters, at most {limit} are allowed")
        if not storable(value):
            self.wrong(key, f"`{key}` holds a NUL or a lone surrogate", "remove that character")
        return value

    def optional_text(self, key: str, *, limit: int = MAX_NAME) -> str | None:
        return self.text(key, limit=limit) or None if self.get(key) is not None else None

    def whole(
        self, key: str, *, default: int | None, low: int = 0, high: int = 1_000_000_000
    ) -> int | None:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, f"`{key}` must be a whole number")
            return default
        if not low <= value <= high:
            self.wrong(key, f"`{key}` is {value}; it must be from {low} to {high}")
            return default
        return value

    def number(self, key: str) -> float | None:
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, f"`{key}` must be a number")
            return None
        return float(value)

    def boolean(self, key: str, *, default: bool = False) -> bool:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, f"`{key}` must be true or false")
            return default
        return value

    def choice(
        self, key: str, options: type[E], default: E, other: Mapping[str, E] | None = None
    ) -> E:
        """One of an enum's values; `other` are further names that are accepted for them."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            if other and value in other:
                return other[value]
            with suppress(ValueError):
                return options(value)
        names = ", ".join(option.value for option in options)
        self.wrong(key, f"`{key}` is {shown(value)}", f"use one of {names}")
        return default

    def moment(self, key: str) -> datetime | None:
        value = self.get(key)
        if value is None:
            return None
        parsed = read_moment(value)
        if parsed is None:
            self.wrong(key, f"`{key}` must be a time", "write it as 2026-01-31T12:00:00Z")
        return parsed

    def texts(self, key: str, *, most: int = 1000, limit: int = MAX_NAME) -> tuple[str, ...]:
        """A list of distinct non-empty texts, in the order given."""
        kept: dict[str, None] = {}
        for index, value in enumerate(self.sequence(key, most=most)):
            if isinstance(value, str) and value and len(value) <= limit and storable(value):
                kept[value] = None
            else:
                self.wrong(f"{key}/{index}", f"a text of 1 to {limit} characters is needed here")
        return tuple(kept)

    def sequence(self, key: str, *, most: int) -> Sequence[object]:
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.wrong(key, f"`{key}` must be a list")
            return ()
        if len(value) > most:
            self.wrong(key, f"`{key}` has {len(value)} entries, at most {most} are allowed")
            return value[:most]
        return value

    def records(self, key: str, *, most: int) -> tuple[Reader, ...]:
        base = f"{self.pointer}/{key}"
        return tuple(
            Reader(value, f"{base}/{index}", self.problems)
            for index, value in enumerate(self.sequence(key, most=most))
        )

    def record(self, key: str) -> Reader | None:
        """One object under a key; None where there is none."""
        value = self.get(key)
        return None if value is None else Reader(value, f"{self.pointer}/{key}", self.problems)

    def mapping(self, key: str, *, most: int = 100) -> Mapping[str, object]:
        """A JSON object whose keys are texts; its values are JSON, kept as they are."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong(key, f"`{key}` must be an object")
            return {}
        if len(value) > most:
            self.wrong(key, f"`{key}` has {len(value)} keys, at most {most} are allowed")
        if not storable_json(value):
            self.wrong(key, f"`{key}` is too deep, or holds a NUL, a lone surrogate or NaN")
            return {}
        return {str(name): inner for name, inner in value.items()}

    def mappings(self, key: str) -> dict[str, Mapping[str, object]]:
        """An object of objects."""
        kept: dict[str, Mapping[str, object]] = {}
        for name, given in self.mapping(key).items():
            if isinstance(given, Mapping):
                kept[name] = {str(inner): value for inner, value in given.items()}
            else:
                self.wrong(f"{key}/{escape(name)}", "an object is needed here")
        return kept

    def unknown(self) -> None:
        """Reports every key that nobody asked for, with the nearest one that exists."""
        for key in self.values:
            if key in self.asked or key == "schema":
                continue
            near = difflib.get_close_matches(key, sorted(self.asked), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {sorted(self.asked)}"
            self.wrong(escape(key), f"`{key}` is not known here", hint)

    def finish(self, noun: str) -> None:
        """Raises InvalidConfiguration with everything found."""
        self.unknown()
        refuse(noun, self.problems)


def refuse(noun: str, problems: Sequence[Problem]) -> None:
    """Raises InvalidConfiguration if there is any problem."""
    if problems:
        first = problems[0]
        raise InvalidConfiguration(
            f"the {noun} cannot be saved: {first.message}",
            hint=first.hint,
            problems=tuple(problems),
        )


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line of a message


def storable(text: str) -> bool:
    """Whether Postgres and UTF-8 can hold a text exactly."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def storable_json(value: object, depth: int = 32) -> bool:
    """Whether a JSON value can be stored: bounded depth, finite numbers, storable texts."""
    if depth == 0:
        return False
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, Mapping):
        return all(
            storable(str(key)) and storable_json(inner, depth - 1) for key, inner in value.items()
        )
    if isinstance(value, Sequence):
        return all(storable_json(inner, depth - 1) for inner in value)
    return True


def read_moment(value: object) -> datetime | None:
    """An ISO-8601 text as an aware UTC time; a text without an offset is UTC."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
