"""A configuration as one document that another organisation can take: names for ids, no secrets.

What is referred to is written `@<kind>/<name>`, such as `@action/Remove`, wherever its id stands:
as a value, as a key, and as a literal in a rule's condition. A text that only looks like that is
written with one more `@`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.configuration.reader import escape
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = "winnow-configuration"
SCHEMA: Final = 1
KINDS: Final = ("item-type", "policy", "queue", "action", "bank", "rule", "routing-rule")
CONDITION: Final = "where"
_ALIKE: Final = re.compile(rf"@+(?:{'|'.join(KINDS)})/", re.DOTALL)
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'")

Swap = Callable[[str, str], str]
"""(a text, its pointer) -> what stands in its place."""


@dataclass(frozen=True)
class Known:
    """An object that others may refer to. kind: one of KINDS."""

    kind: str
    name: str
    object_id: str


def exported(document: Mapping[str, object], known: Sequence[Known]) -> dict[str, object]:
    """A stored document with names for ids."""
    names = {each.object_id: f"@{each.kind}/{each.name}" for each in known}

    def name(text: str, _pointer: str) -> str:
        return names.get(text) or (f"@{text}" if _ALIKE.match(text) else text)

    whole = {key: value for key, value in document.items() if key != "schema"}
    return _mapping(whole, name, "")


def imported(
    document: Mapping[str, object], known: Sequence[Known], pointer: str
) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """As it is stored, and a problem for each name that nothing has. pointer: of the document."""
    ids = {f"@{each.kind}/{each.name}": each.object_id for each in known}
    problems: list[Problem] = []

    def resolve(text: str, place: str) -> str:
        if not _ALIKE.match(text):
            return text
        if text.startswith("@@"):
            return text[1:]
        if text not in ids:
            kind, _, name = text[1:].partition("/")
            said = f"there is no {kind.replace('-', ' ')} `{name}`"
            problems.append(Problem(said, place, "add it to the document, or take it out"))
        return ids.get(text, text)

    return _mapping(document, resolve, pointer), tuple(problems)


def _mapping(document: Mapping[str, object], swap: Swap, at: str) -> dict[str, object]:
    return {
        swap(key, at): _condition(value, swap, f"{at}/{key}")
        if key == CONDITION and isinstance(value, str)
        else _value(value, swap, f"{at}/{escape(key)}")
        for key, value in document.items()
    }


def _value(value: object, swap: Swap, at: str) -> object:
    if isinstance(value, str):
        return swap(value, at)
    if isinstance(value, Mapping):
        return _mapping({str(key): each for key, each in value.items()}, swap, at)
    if isinstance(value, list | tuple):
        return [_value(each, swap, f"{at}/{place}") for place, each in enumerate(value)]
    return value


def _condition(text: str, swap: Swap, at: str) -> str:
    """Literals alone: nothing else in a condition can hold an id."""

    def literal(found: re.Match[str]) -> str:
        swapped = swap(found[1].replace("''", "'"), at)
        return "'" + swapped.replace("'", "''") + "'"

    return _LITERAL.sub(literal, text)


# -- secrets --------------------------------------------------------------------------------------


def without_secrets(document: Mapping[str, object]) -> dict[str, object]:
    """An action or settings, with NULL for the value of every header."""
    return _headers_changed(document, lambda headers, _pointer: dict.fromkeys(headers))


def with_secrets(
    document: Mapping[str, object], current: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Headers without a value have the one they have now; the names of those that have none."""
    now: dict[str, Mapping[str, object]] = {}
    _headers_changed(current, lambda headers, at: now.setdefault(at, headers))
    missing: list[str] = []

    def filled(headers: Mapping[str, object], at: str) -> Mapping[str, object]:
        known = now.get(at, {})
        missing.extend(n for n, value in headers.items() if value is None and not known.get(n))
        return {n: known.get(n) or "" if v is None else v for n, v in headers.items()}

    return _headers_changed(document, filled), tuple(missing)


def _headers_changed(
    document: Mapping[str, object],
    change: Callable[[Mapping[str, object], str], Mapping[str, object]],
) -> dict[str, object]:
    """The headers of an action, and of every callback among settings, changed."""
    changed = dict(document)
    for key, value in document.items():
        if not isinstance(value, Mapping):
            continue
        inner = value.get("headers")
        if key == "callbackUrlHeaders":
            changed[key] = change(value, key)
        elif "url" in value and isinstance(inner, Mapping):
            changed[key] = {**value, "headers": change(inner, key)}
    return changed
