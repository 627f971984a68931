"""Authors and threads as rules read them: which item types they may be of, and which fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engine.items import Kind
from engine.items.columns import column_type
from engine.language.check import walk
from engine.language.nodes import FieldRead
from engine.language.types import PROFILE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.items import ItemType
    from engine.language import Predicate

KINDS: Final = {"creator": Kind.USER, "thread": Kind.THREAD}


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


def members_read(
    predicates: Iterable[Predicate], word: str, item_types: Iterable[ItemType]
) -> pa.Schema:
    """The fields of a related item that rules read, as columns of the lake."""
    names = dict.fromkeys(
        node.path[1]
        for predicate in predicates
        for node in walk(predicate.tree)
        if isinstance(node, FieldRead) and node.path[0] == PROFILE_COLUMNS[word]
    )
    known = {field.name: column_type(field) for each in item_types for field in each.fields}
    return pa.schema([(name, known[name]) for name in names])
