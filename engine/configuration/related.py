"""Authors and threads as rules read them: which item types they may be of, and which fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engine.items import Kind, RawItem, Role, coerce_item, row_values
from engine.items.columns import column_type
from engine.language.check import walk
from engine.language.nodes import FieldRead
from engine.language.types import PROFILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.items import ItemType
    from engine.language import Predicate

KINDS: Final = {"creator": Kind.USER, "thread": Kind.THREAD}
ROLES: Final = {"creator": Role.CREATOR_ID, "thread": Role.THREAD_ID}
_REFERENCE: Final = frozenset({"id", "typeId"})


def related_fields(predicates: Iterable[Predicate]) -> dict[str, str]:
    """By `creator` or `thread`, where a rule reads what that item is: the field that names it."""
    found = (
        (word, each.schema.related_field(word)) for each in predicates for word in each.related
    )
    return {word: field for word, field in found if field is not None}


def related_types(
    predicates: Iterable[Predicate], item_types: Mapping[str, ItemType]
) -> dict[str, tuple[ItemType, ...]]:
    """By `creator` or `thread`, where a rule reads what that item is: the types it may be of."""
    return {
        word: tuple(each for each in item_types.values() if each.kind is KINDS[word])
        for word in related_fields(predicates)
    }


def fields_read(predicates: Iterable[Predicate]) -> dict[str, list[str]]:
    """By `creator` and `thread`: the names of the fields that rules read of them."""
    reads = [
        node.path
        for predicate in predicates
        for node in walk(predicate.tree)
        if isinstance(node, FieldRead)
    ]
    return {
        word: list(dict.fromkeys(path[1] for path in reads if path[0] == column))
        for word, column in PROFILE_COLUMNS.items()
    }


def members_read(
    predicates: Iterable[Predicate], word: str, item_types: Iterable[ItemType]
) -> pa.Schema:
    """The fields of a related item that rules read, as columns of the lake."""
    names = fields_read(predicates)[word]
    known = {field.name: column_type(field) for each in item_types for field in each.fields}
    return pa.schema([(name, known[name]) for name in names])


def example_profiles(
    data: Mapping[str, object], item_type: ItemType, item_types: Mapping[str, ItemType]
) -> dict[str, object] | str:
    """What an example says of its author and its thread, as the columns that a rule reads.

    It says so in the field that names them, or beside it under `creator` and `thread`. A text
    says why no item type of theirs takes it.
    """
    columns: dict[str, object] = {}
    for word, column in PROFILE_COLUMNS.items():
        field = item_type.roles.get(ROLES[word])
        given = [data.get(name) for name in (field, word) if field and name]
        objects = [each for each in given if isinstance(each, Mapping)]
        told = {key: value for each in objects for key, value in each.items()}
        if told.keys() - _REFERENCE:
            profile = _profile(told, word, item_types)
            if isinstance(profile, str):
                return profile
            columns[column] = profile
    return columns


def _profile(
    told: Mapping[str, object], word: str, item_types: Mapping[str, ItemType]
) -> dict[str, object] | str:
    """Of the type that it names, else of the one that knows the most of its fields."""
    named = item_types.get(str(told.get("typeId")))
    kinds = [each for each in item_types.values() if each.kind is KINDS[word]]
    members = {name: value for name, value in told.items() if name not in _REFERENCE}
    fitting = [named] if named in kinds else kinds
    if not fitting:
        return f"/{word} no item type can be a {word}"
    chosen = max(fitting, key=lambda each: sum(each.field(name) is not None for name in members))
    raw = RawItem(word, chosen.type_id, None, "partial", members)
    item = coerce_item(raw, chosen, item_types)
    if isinstance(item, tuple):
        return "; ".join(f"/{word}{problem.pointer} {problem.message}" for problem in item)
    return row_values(chosen)(item.data)
