"""What a pack declares of the fields and roles of item types: as far as its rules can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.configuration.related import KINDS, fields_read
from engine.items import ItemType, Role
from engine.items.roles import NEEDS
from engine.packs.names import field_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.items import Field
    from engine.language import Predicate

READ: Final = (Role.CREATED_AT, Role.CREATOR_ID, Role.THREAD_ID)
"""The roles of fields that rules read by another name, and what those need, needed ones first."""


def profiles_read(
    predicates: Iterable[Predicate], item_types: Iterable[ItemType]
) -> tuple[ItemType, ...]:
    """The fields that rules read of `creator` and of `thread`, as item types of those names.

    Of a field that several item types have, the first one's.
    """
    read, known = fields_read(predicates), tuple(item_types)
    return tuple(
        ItemType(word, 1, word, KINDS[word], _fields(names, word, known))
        for word, names in read.items()
        if names
    )


def _fields(names: Sequence[str], word: str, item_types: Sequence[ItemType]) -> tuple[Field, ...]:
    kinds = [each for each in item_types if each.kind is KINDS[word]]
    found = (next((f for t in kinds if (f := t.field(name))), None) for name in names)
    return tuple(field_of(field) for field in found if field is not None)


def roles_read(item_type: ItemType) -> Mapping[Role, str]:
    """The roles that matter to rules, each with those that it needs."""
    kept: dict[Role, str] = {}
    for role in READ:
        name = item_type.roles.get(role, "")
        if item_type.field(name) and all(each in kept for each in NEEDS.get(role, ())):
            kept[role] = name
    return kept
