from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audit import Event
from engine.configuration.references import users_of_item_type
from engine.configuration.rule_check import check_rule
from engine.configuration.rules import EVALUATED
from engine.errors import Conflict, InvalidInput
from engine.items import (
    ItemType,
    infer_item_type,
    item_type_document,
    parse_item_type,
    validate_item_type,
)
from engine.permissions import Permission
from services.configuration import Events, Noun, Saving, refuse
from services.context import Caller, require
from store import organisations
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_RECORDS = 1000


def proposed_type(
    caller: Caller, records: Iterable[Mapping[str, object]], name: str
) -> Mapping[str, object]:
    """The document of an item type that these records would fit; nothing is saved."""
    require(caller, Permission.MANAGE_ORG)
    return item_type_document(infer_item_type(records, name))


def _settle(saving: Saving, item_type: ItemType) -> ItemType:
    """A type must make sense by itself and leave every rule that is evaluated its meaning."""
    refuse("item type", list(validate_item_type(item_type)))
    before = saving.configuration.item_types.get(saving.object_id)
    if before is not None and before.kind is not item_type.kind:
        raise InvalidInput(
            f"the kind of `{before.name}` is {before.kind} and stays so",
            hint="make a new item type",
        )
    _check_rules(saving, item_type)
    return item_type


def _check_rules(saving: Saving, item_type: ItemType) -> None:
    type_id = saving.object_id
    types = {**saving.configuration.item_types, type_id: item_type}
    changed = replace(saving.configuration, item_types=types)
    for rule in changed.rules.values():
        if type_id not in rule.item_type_ids or rule.status not in EVALUATED:
            continue
        broken = check_rule(rule, changed).problems
        if broken:
            raise Conflict(
                f"the rule `{rule.name}` would no longer hold: {broken[0].message}",
                hint="change or pause that rule first",
            )


def _users(saving: Saving) -> tuple[str, ...]:
    if organisations.get(saving.tx).settings.default_user_type_id == saving.object_id:
        return ("the organisation: it is the default type of its users",)
    return users_of_item_type(saving.configuration, saving.object_id)


ITEM_TYPES = Noun(
    kind=ConfigKind.ITEM_TYPE,
    title="item type",
    events=Events(
        Event.ITEM_TYPE_CREATE,
        Event.ITEM_TYPE_UPDATE,
        Event.ITEM_TYPE_DELETE,
        Event.ITEM_TYPE_ROLLBACK,
    ),
    parse=parse_item_type,
    document=item_type_document,
    name=lambda item_type: item_type.name,
    select=lambda configuration: configuration.item_types,
    needs=lambda _before, _after: Permission.MANAGE_ORG,
    settle=_settle,
    users=_users,
)
