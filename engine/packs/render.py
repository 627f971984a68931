"""A pack as the text of its file. Defaults are left out; reading it back gives the same pack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from engine.configuration.banks import TextBank, bank_document
from engine.configuration.policies import Policy, policy_document
from engine.configuration.reader import SCHEMA
from engine.configuration.rules import Rule, rule_document
from engine.items import ItemType, item_type_document
from engine.packs.pack import NAMED
from engine.text import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.packs.pack import Pack

WIDTH: Final = 100
_FIELD_DEFAULTS: Final = {"required": False, "container": None}
_TERM_DEFAULTS: Final = ("", None, Mode.WORD.value)
_PLAIN_POLICY: Final = policy_document(Policy("", 0, ""))
_PLAIN_BANK: Final = bank_document(TextBank("", 0, ""))
_PLAIN_RULE: Final = rule_document(Rule("", 0, "", ""))


class _Dumper(yaml.SafeDumper):
    """Lists are set off from their keys; texts of several lines are written as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Escapes wherever YAML's own idea of a line or a blank could change the text."""
    lines = text.split("\n")
    if not all(line.isprintable() for line in lines):
        return '"'
    if len(lines) == 1:
        return None
    block = all(line == line.rstrip() for line in lines) and not text.startswith((" ", "\n"))
    return "|" if block else '"'


_Dumper.add_representer(str, _text)


def render_pack(pack: Pack) -> str:
    document: dict[str, object] = {"schema": SCHEMA, "name": pack.name}
    if pack.description:
        document["description"] = pack.description
    if pack.item_type.fields:
        document["fields"] = _fields(pack.item_type)
    if pack.item_type.roles:
        document["roles"] = {str(role.value): name for role, name in pack.item_type.roles.items()}
    if pack.profiles:
        document["profiles"] = {each.type_id: _fields(each) for each in pack.profiles}
    parts: dict[str, Sequence[object]] = {
        "policies": [_short(policy_document(each), _PLAIN_POLICY) for each in pack.policies],
        "banks": [_bank(each) for each in pack.banks],
        "rules": [_rule(each) for each in pack.rules],
    }
    return write_yaml(document | {key: part for key, part in parts.items() if part})


def write_yaml(document: Mapping[str, object]) -> str:
    """`read_source` reads it back as it was."""
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH
    )
    return text


def _short(document: Mapping[str, object], plain: Mapping[str, object]) -> dict[str, object]:
    """Without what every other object of its noun has too; the name always stays."""
    return {
        key: value
        for key, value in document.items()
        if key == "name" or (key in plain and plain[key] != value)
    }


def _fields(item_type: ItemType) -> dict[str, object]:
    written: dict[str, object] = {}
    documents = item_type_document(item_type)["fields"]
    for document in documents if isinstance(documents, list) else ():
        rest = {k: v for k, v in document.items() if _FIELD_DEFAULTS.get(k, "") != v}
        name = str(rest.pop("name"))
        written[name] = rest["type"] if set(rest) == {"type"} else rest
    return written


def _bank(bank: TextBank) -> dict[str, object]:
    written = bank_document(bank)
    document = _short(written, _PLAIN_BANK)
    terms = written["terms"]
    if isinstance(terms, list) and terms:
        document["terms"] = [_term(term) for term in terms]
    return document


def _term(written: Mapping[str, object]) -> object:
    """The text alone where it says everything."""
    kept = {k: v for k, v in written.items() if k == "text" or v not in _TERM_DEFAULTS}
    return written["text"] if set(kept) == {"text"} else kept


def _rule(rule: Rule) -> dict[str, object]:
    document = _short(rule_document(rule), _PLAIN_RULE)
    if rule.examples:
        document["examples"] = [_example(each) for each in rule_examples(rule)]
    words = {stored: word for word, stored in NAMED.items()}
    return {words.get(key, key): value for key, value in document.items()}


def rule_examples(rule: Rule) -> list[dict[str, object]]:
    return [
        {"matches": each.matches, "note": each.note, "data": dict(each.data)}
        for each in rule.examples
    ]


def _example(written: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in written.items() if value != ""}
