"""What is live, as packs: one for the text banks, one for each set of item types with rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.configuration.reader import MAX_NAME
from engine.items import ItemType, Kind, Role
from engine.packs.names import Names, field_of
from engine.packs.pack import Pack

if TYPE_CHECKING:
    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule

BANKS: Final = "text banks"


def packs_of(configuration: Configuration) -> tuple[Pack, ...]:
    """Policies stay out: packs only ever create them. Actions and item types are named."""
    names = Names.of(configuration)
    groups: dict[frozenset[str], list[Rule]] = {}
    for rule in sorted(configuration.rules.values(), key=lambda rule: rule.name):
        groups.setdefault(frozenset(rule.item_type_ids), []).append(names.named(rule))
    taken = {BANKS}
    packs = [_banks(configuration)] if configuration.banks else []
    for type_ids, rules in groups.items():
        name = _free(" and ".join(sorted(names.item_types[each] for each in type_ids)), taken)
        item_type = _common(name, [configuration.item_types[each] for each in sorted(type_ids)])
        packs.append(Pack(name, item_type, rules=tuple(rules)))
    return tuple(packs)


def _banks(configuration: Configuration) -> Pack:
    banks = sorted(configuration.banks.values(), key=lambda bank: bank.name)
    return Pack(
        BANKS,
        ItemType(BANKS, 1, BANKS, Kind.CONTENT, ()),
        banks=tuple(replace(bank, bank_id="", version=0) for bank in banks),
    )


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no other pack has, and that is not too long for one."""
    name, number = wanted[: MAX_NAME - 10].strip(), 1
    while name in taken:
        number += 1
        name = f"{wanted[: MAX_NAME - 10].strip()} {number}"
    taken.add(name)
    return name


def _common(name: str, item_types: list[ItemType]) -> ItemType:
    """The fields that all of some item types have, as one item type; the creator's role if kept."""
    shared = [{field_of(field): None for field in each.fields} for each in item_types]
    fields = tuple(field for field in shared[0] if all(field in other for other in shared))
    creators = {each.roles.get(Role.CREATOR_ID) for each in item_types}
    creator = creators.pop() if len(creators) == 1 else None
    kept = creator is not None and any(field.name == creator for field in fields)
    roles = {Role.CREATOR_ID: str(creator)} if kept else {}
    return ItemType(name, 1, name, Kind.CONTENT, fields, roles)
