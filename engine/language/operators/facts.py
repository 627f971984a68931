"""What is known of an entity beside the items it made: strikes, reports, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Never

from engine.language.operator import Operator, Variant
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply


def _has_its_own_node(_emitter: object, node: Apply) -> Never:
    raise AssertionError(f"{node.operator} is never an application")


def _variants(taken: str) -> tuple[Variant, ...]:
    return (Variant(signature(taken), _has_its_own_node, _has_its_own_node),)


OPERATORS: Final = (
    Operator(
        "strikes",
        "facts",
        "The strikes of an entity that counted when the item arrived, by their weight: given "
        "before it, not expired, not taken back; within a length of time none older, and of one "
        "policy, by its name or id, those alone. The entity is creator, item (the item itself) or "
        "a field that holds a related item. A strike that the item itself causes comes after it. 0 "
        "where there are none; NULL if the entity is.",
        _variants(
            "entity ITEM, within literal optional TEXT, policy literal optional TEXT -> NUMBER"
        ),
        cost=20,
    ),
    Operator(
        "reports",
        "facts",
        "How many reports of an entity had been made when the item arrived; otherwise as "
        "strikes(): reports(item), reports(creator, '7 days').",
        _variants(
            "entity ITEM, within literal optional TEXT, policy literal optional TEXT -> NUMBER"
        ),
        cost=20,
    ),
    Operator(
        "has_label",
        "facts",
        "Whether the entity bore the label when the item arrived: has_label(creator, 'trusted'). "
        "NULL if the entity is.",
        _variants("entity ITEM, label literal TEXT -> BOOLEAN"),
        cost=20,
    ),
)
