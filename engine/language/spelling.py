"""Names as the schema spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language.nodes import Literal, Name, Operation, Syntax
from engine.language.types import ITEM, PROFILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.language.types import Profile, Schema


def field_path(parts: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """The path to read; `creator` is the field that holds the author, or the author's profile."""
    first, *rest = parts
    field = schema.related_field(first)
    if field is None:
        return (_spelled(first, schema.fields), *rest)
    profile = profile_read(parts, schema)
    if profile is None:
        return (field, *rest)
    member, *below = rest
    return (PROFILE_COLUMNS[first.casefold()], _spelled(member, profile.fields), *below)


def profile_read(parts: tuple[str, ...], schema: Schema) -> Profile | None:
    """What is known of the related item; None of a name that leads to its id and type alone."""
    first, *rest = parts
    if schema.related_field(first) is None or not rest or ITEM.member(rest[0]) is not None:
        return None
    return schema.profiles.get(first.casefold())


def spelled(syntax: Syntax, schema: Schema) -> Syntax:
    """For people: fields as the schema writes them, `creator` stays `creator`."""
    match syntax:
        case Literal():
            return syntax
        case Name():
            return Name(_shown(syntax.parts, schema), syntax.span)
        case Operation():
            arguments = tuple(spelled(each, schema) for each in syntax.arguments)
            return Operation(syntax.name, arguments, syntax.span, syntax.word)


def _shown(parts: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    path = field_path(parts, schema)
    if schema.related_field(parts[0]) is None:
        return path
    return (parts[0].casefold(), *path[1:])


def resolved(syntax: Syntax, schema: Schema) -> Syntax:
    """For identity: the fields really read."""
    match syntax:
        case Literal():
            return syntax
        case Name():
            return Name(field_path(syntax.parts, schema), syntax.span)
        case Operation():
            arguments = tuple(resolved(each, schema) for each in syntax.arguments)
            return Operation(syntax.name, arguments, syntax.span, syntax.word)


def _spelled(name: str, known: Iterable[str]) -> str:
    names = list(known)
    if name in names:
        return name
    alike = [each for each in names if each.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else name
