"""What a name in a rule reads: a field, a field of a related item, an element of a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from engine.language.format import quoted_name, quoted_text
from engine.language.nodes import Constant, Element, FieldRead, Name, Node, Operation
from engine.language.registry import REGISTRY
from engine.language.spelling import field_path, profile_read, resolved
from engine.language.types import Base, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.language.nodes import Span
    from engine.language.types import Profile, Schema

_SHOWN: Final = 8
_ROLES: Final = {"creator": "author", "thread": "thread"}
_CURLY: Final = tuple("‘’“”„‚«»")  # noqa: RUF001 quotes of word processors
Path = tuple[str, ...]


@dataclass(frozen=True)
class Bound:
    """A list whose elements are being looked at. subject: its path, or the call that makes it."""

    subject: Path | Operation
    element: Type
    level: int


class Reader(Protocol):
    """Who asks what a name reads. bounds: the lists looked at here, the outermost first."""

    schema: Schema
    bounds: list[Bound]

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """A hint that names what may have been meant."""

    def refuse(self, code: str, message: str, hint: str, span: Span) -> Constant:
        """What stands for a name that leads nowhere."""


def read_name(reader: Reader, name: Name) -> Node:
    """Reports a name that leads nowhere."""
    path = field_path(name.parts, reader.schema)
    start = _start(reader, name, path)
    if start is None:
        return _unknown(reader, name, path[0])
    used, node = start
    for part in path[used:]:
        member = node.type.member(part)
        if member is None:
            return _no_member(reader, name, node.type, part)
        node = replace(node, type=member, path=(*node.path, part))
    return node


def read_call(reader: Reader, call: Operation) -> Element | None:
    """The element, where the call makes the list that is being looked at."""
    if not any(isinstance(each.subject, Operation) for each in reader.bounds):
        return None
    wanted = resolved(call, reader.schema)
    for bound in reversed(reader.bounds):
        if bound.subject == wanted:
            return Element(bound.element, bound.level, (), call.span)
    return None


def list_in(reader: Reader, name: Name) -> tuple[Path, Name] | None:
    """The first list or map on the way that a name leads, its path and how it is written."""
    path = field_path(name.parts, reader.schema)
    start = _start(reader, name, path)
    if start is None:
        return None
    used, node = start
    current: Type | None = node.type
    while current is not None:
        if current.many:
            return path[:used], Name(name.parts[:used], name.span)
        current = current.member(path[used]) if used < len(path) else None
        used += 1
    return None


def _start(reader: Reader, name: Name, path: Path) -> tuple[int, Element | FieldRead] | None:
    """What the beginning of a path means, and how many of its parts that takes."""
    for bound in reversed(reader.bounds):
        if isinstance(bound.subject, tuple) and path[: len(bound.subject)] == bound.subject:
            return len(bound.subject), Element(bound.element, bound.level, (), name.span)
    profile = profile_read(name.parts, reader.schema)
    known = reader.schema.fields if profile is None else profile.fields
    used = 1 if profile is None else 2
    found = known.get(path[used - 1])
    return None if found is None else (used, FieldRead(found, path[:used], name.span))


# -- names that lead nowhere ----------------------------------------------------------------------


def _unknown(reader: Reader, name: Name, first: str) -> Node:
    profile = profile_read(name.parts, reader.schema)
    if profile is not None:
        return _unknown_of_related(reader, name, profile)
    fields = reader.schema.fields
    words = [word for word in ("creator", "thread") if reader.schema.related_field(word)]
    hint = reader.nearest(first, [*fields, *words])
    if first.lower() in REGISTRY and len(name.parts) == 1:
        hint = f"It is a function: write {first.lower()}(...)."
    if first.casefold() in _ROLES and len(name.parts) > 1:
        hint = f"This item type says of no field that it is the {_ROLES[first.casefold()]}."
    if first.startswith(_CURLY):
        hint = "Quotes are straight in a rule: 'text'."
    quoted = f"A text stands in single quotes: {quoted_text(first)}."
    hint = hint or f"{_listed('The fields are', fields)} {quoted}"
    return reader.refuse("unknown-field", f"There is no field {first!r}.", hint, name.span)


def _unknown_of_related(reader: Reader, name: Name, profile: Profile) -> Node:
    word, field = name.parts[0].casefold(), name.parts[1]
    if field in profile.differing:
        return reader.refuse(
            "bad-field",
            f"{word}.{field} is not of one type: {profile.differing[field]}.",
            "Give the field the same type in all of them, or another name in one.",
            name.span,
        )
    known = ["id", "typeId", *profile.fields]
    hint = reader.nearest(field, known) or _listed(f"A {word} has", dict.fromkeys(known))
    return reader.refuse("unknown-member", f"No {word} has {field!r}.", hint, name.span)


def _listed(opening: str, names: Mapping[str, object]) -> str:
    more = ", ..." if len(names) > _SHOWN else "."
    return f"{opening} {', '.join(list(names)[:_SHOWN])}{more}"


def _of_related(reader: Reader, name: Name, part: str) -> str:
    """The word by which more is known of the item that a field names."""
    for word in reader.schema.profiles:
        if field_path((word,), reader.schema) == field_path(name.parts[:1], reader.schema):
            return f"What the item was then is {word}.{quoted_name(part)}."
    return ""


def _no_member(reader: Reader, name: Name, owner: Type, part: str) -> Node:
    known = [each for each, _ in owner.fields]
    hint = reader.nearest(part, known) or (f"It has {', '.join(known)}." if known else "")
    if owner.many and owner.element is not None and owner.element.member(part):
        written = ".".join(map(quoted_name, name.parts[: name.parts.index(part)]))
        hint = f"Ask about its elements: any({written} ...), all(...) or count(...)."
    if owner.base is Base.ITEM:
        hint = _of_related(reader, name, part) or hint
    return reader.refuse("unknown-member", f"{owner} has no {part!r}.", hint, name.span)
