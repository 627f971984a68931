"""Names as the schema spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language.nodes import Literal, Name, Operation, Syntax

if TYPE_CHECKING:
    from engine.language.types import Schema


def field_path(parts: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """The path to read; `creator` is the field that holds the author."""
    first, *rest = parts
    if _means_creator(first, schema):
        assert schema.creator_field is not None
        return (schema.creator_field, *rest)
    return (_spelled(first, schema), *rest)


def spelled(syntax: Syntax, schema: Schema) -> Syntax:
    """For people: fields as the schema writes them, `creator` stays `creator`."""
    match syntax:
        case Literal():
            return syntax
        case Name():
            first, *rest = syntax.parts
            kept = "creator" if _means_creator(first, schema) else _spelled(first, schema)
            return Name((kept, *rest), syntax.span)
        case Operation():
            arguments = tuple(spelled(each, schema) for each in syntax.arguments)
            return Operation(syntax.name, arguments, syntax.span, syntax.word)


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


def _means_creator(name: str, schema: Schema) -> bool:
    return schema.creator_field is not None and name.casefold() == "creator"


def _spelled(name: str, schema: Schema) -> str:
    if name in schema.fields:
        return name
    alike = [each for each in schema.fields if each.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else name
