"""A file of Coop's item types, text banks and rules, as packs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engine.configuration.banks import TextBank, parse_bank
from engine.configuration.reader import Reader
from engine.configuration.rules import Rule, Status, parse_rule
from engine.coop_import.conditions import convert
from engine.coop_import.inputs import Scope
from engine.errors import InvalidConfiguration, Problem
from engine.items import ItemType, Kind, Role, parse_item_type
from engine.language import Environment, check, schema_of_item_type
from engine.packs import Pack
from engine.packs.profiles import profiles_read, roles_read
from engine.text import Mode

if TYPE_CHECKING:
    from engine.language import Checked, Predicate
    from engine.text import Bank

MAX_OBJECTS: Final = 10_000
BANKS_PACK: Final = "text banks"
ROLES: Final = frozenset(role.value for role in Role)
_NOTHING_READ: Final = ItemType(BANKS_PACK, 1, BANKS_PACK, Kind.CONTENT, ())


@dataclass(frozen=True)
class Imported:
    """refused: what was left out, and why. Pointers lead into the file."""

    packs: tuple[Pack, ...]
    refused: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class _Given:
    """One rule of the file. document: what our own rules hold of it; names where we keep ids."""

    pointer: str
    name: str
    type_ids: tuple[str, ...]
    condition_set: object
    document: Mapping[str, object]


def import_rules(document: object) -> Imported:
    """document: `itemTypes` with their fields, `textBanks` and `rules` with a `conditionSet`.

    One pack for each item type that a rule applies to, one for the text banks. Raises
    InvalidConfiguration where the file itself is wrong.
    """
    reader = Reader(document)
    types = _item_types(reader)
    banks = _text_banks(reader)
    rules = [_rule(each) for each in reader.records("rules", most=MAX_OBJECTS)]
    reader.finish("file")
    importing = _Importing(types, banks)
    for rule in rules:
        importing.rule(rule)
    return importing.result()


def _item_types(reader: Reader) -> dict[str, ItemType]:
    types: dict[str, ItemType] = {}
    for each in reader.records("itemTypes", most=MAX_OBJECTS):
        type_id = each.text("id", limit=255, required=True)
        kept = {key: each.get(key) for key in ("name", "kind", "description", "fields", "roles")}
        known = {key: value for key, value in kept.items() if value is not None}
        roles = each.get("schemaFieldRoles")
        if isinstance(roles, Mapping):
            known["roles"] = {key: name for key, name in roles.items() if key in ROLES and name}
        try:
            types[type_id] = parse_item_type(type_id, 1, known)
        except InvalidConfiguration as error:
            for problem in error.problems:
                each.wrong(problem.pointer.removeprefix("/"), problem.message, problem.hint)
    return types


def _text_banks(reader: Reader) -> dict[str, TextBank]:
    banks: dict[str, TextBank] = {}
    for each in reader.records("textBanks", most=MAX_OBJECTS):
        bank_id = each.text("id", limit=255, required=True)
        mode = Mode.REGEX if each.get("type") == "REGEX" else Mode.SUBSTRING
        strings = each.texts("strings", most=50_000, limit=2000)
        written = {
            "name": each.text("name", limit=255, required=True),
            "description": each.text("description", limit=10_000),
            "terms": [{"text": text, "mode": mode.value} for text in strings],
        }
        if not each.problems:
            banks[bank_id] = parse_bank("", 0, written)
    return banks


def _rule(each: Reader) -> _Given:
    text = {key: each.get(key) for key in ("name", "description", "status", "tags")}
    document = {
        **text,
        "actionIds": each.get("actions"),
        "policyIds": each.get("policies"),
        "maxDailyActions": each.get("maxDailyActions"),
        "expiresAt": each.get("expirationTime"),
        "where": "TRUE",
    }
    try:
        parse_rule("", 0, document)
    except InvalidConfiguration as error:
        each.problems.extend(replace(p, pointer=each.pointer + p.pointer) for p in error.problems)
    return _Given(
        each.pointer,
        each.text("name", limit=255, required=True),
        each.texts("itemTypes"),
        each.get("conditionSet"),
        document,
    )


class _Importing:
    def __init__(self, types: Mapping[str, ItemType], banks: Mapping[str, TextBank]) -> None:
        self.types = types
        self.text_banks = banks
        self.rules: dict[str, list[Rule]] = {}
        self.made: dict[str, list[Bank]] = {}
        self.read: dict[str, list[Predicate]] = {}
        self.refused: list[Problem] = []
        self.warnings: list[Problem] = []

    def rule(self, given: _Given) -> None:
        if not given.type_ids:
            self.refused.append(
                Problem("the rule names no item type", f"{given.pointer}/itemTypes")
            )
        for place, type_id in enumerate(given.type_ids):
            if type_id in self.types:
                self.converted(given, self.types[type_id])
            else:
                pointer = f"{given.pointer}/itemTypes/{place}"
                self.refused.append(
                    Problem(f"there is no item type `{type_id}` in this file", pointer)
                )

    def converted(self, given: _Given, item_type: ItemType) -> None:
        name = given.name
        if len(given.type_ids) > 1:
            name = f"{name} ({item_type.name})"
        asked = [self.types[each] for each in given.type_ids if each in self.types]
        others = {each: of for each, of in self.types.items() if each not in given.type_ids}
        scope = Scope(item_type, tuple(each.name for each in asked), others)
        label = f"coop/{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}"
        result = convert(given.condition_set, item_type, self.text_banks, label, scope)
        at = f"{given.pointer}/conditionSet"
        self.warnings.extend(replace(w, pointer=at + w.pointer) for w in result.warnings)
        checked = self.checked(result.where, result.banks, item_type)
        problems = result.problems or _unfit(checked)
        if problems or checked.predicate is None:
            self.refused.extend(replace(p, pointer=at + p.pointer) for p in problems)
            return
        self.read.setdefault(item_type.type_id, []).append(checked.predicate)
        rule = parse_rule("", 0, {**given.document, "name": name, "where": result.where})
        status = Status.SHADOW if rule.status is Status.LIVE else rule.status
        rule = replace(rule, status=status, item_type_ids=(item_type.name,))
        self.rules.setdefault(item_type.type_id, []).append(rule)
        self.made.setdefault(item_type.type_id, []).extend(result.banks)

    def checked(self, where: str, banks: tuple[Bank, ...], item_type: ItemType) -> Checked:
        known = {bank.name: bank.matcher() for bank in self.text_banks.values()}
        environment = Environment({**known, **{bank.name: bank for bank in banks}})
        return check(where, schema_of_item_type(item_type, self.types.values()), environment)

    def result(self) -> Imported:
        packs = [self.pack(type_id) for type_id in self.rules]
        if self.text_banks and packs:
            banks = tuple(self.text_banks.values())
            packs.append(Pack(BANKS_PACK, _NOTHING_READ, banks=banks))
        return Imported(tuple(packs), tuple(self.refused), tuple(self.warnings))

    def pack(self, type_id: str) -> Pack:
        item_type = self.types[type_id]
        made = self.made.get(type_id, [])
        declared = replace(
            item_type, type_id=item_type.name, kind=Kind.CONTENT, roles=roles_read(item_type)
        )
        return Pack(
            name=item_type.name,
            item_type=declared,
            banks=tuple(TextBank("", 0, bank.name, terms=bank.terms) for bank in made),
            rules=tuple(self.rules[type_id]),
            profiles=profiles_read(self.read[type_id], self.types.values()),
        )


def _unfit(checked: Checked) -> tuple[Problem, ...]:
    """What the language itself says against a condition."""
    return tuple(Problem(each.message, "", each.hint) for each in checked.diagnostics)
