"""What is live, as packs: one for the text banks, one for each set of item types with rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.reader import MAX_NAME
from engine.items import ItemType, Kind
from engine.language import check
from engine.packs.names import Names, field_of
from engine.packs.pack import Pack
from engine.packs.profiles import profiles_read, roles_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule
    from engine.language import Predicate

BANKS: Final = "text banks"


def packs_of(configuration: Configuration) -> tuple[Pack, ...]:
    """Policies stay out: packs only ever create them. Actions and item types are named."""
    names, item_types = Names.of(configuration), configuration.item_types
    groups: dict[frozenset[str], list[Rule]] = {}
    for rule in sorted(configuration.rules.values(), key=lambda rule: rule.name):
        groups.setdefault(frozenset(rule.item_type_ids), []).append(names.named(rule))
    taken = {BANKS}
    packs = [_banks(configuration)] if configuration.banks else []
    for type_ids, rules in groups.items():
        name = _free(" and ".join(sorted(names.item_types[each] for each in type_ids)), taken)
        types = [item_types[each] for each in sorted(type_ids)]
        read = profiles_read(_predicates(rules, types, configuration), item_types.values())
        packs.append(Pack(name, _common(name, types), rules=tuple(rules), profiles=read))
    return tuple(packs)


def _predicates(
    rules: Iterable[Rule], item_types: Iterable[ItemType], configuration: Configuration
) -> Iterator[Predicate]:
    environment = environment_of(configuration)
    for item_type in item_types:
        schema = schema_of(configuration, item_type)
        for rule in rules:
            predicate = check(rule.where, schema, environment).predicate
            if predicate is not None:
                yield predicate


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
    """The fields that all of some item types have, as one, with the roles that all agree on."""
    shared = [{field_of(field): None for field in each.fields} for each in item_types]
    fields = tuple(field for field in shared[0] if all(field in other for other in shared))
    same = set.intersection(*(set(each.roles.items()) for each in item_types))
    common = ItemType(name, 1, name, Kind.CONTENT, fields, dict(same))
    return replace(common, roles=roles_read(common))
