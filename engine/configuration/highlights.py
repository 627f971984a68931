"""Where the banks that a rule names are found in an item's texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.configuration.compiled import environment_of, schema_of
from engine.language import check
from engine.language.nodes import Apply, BankMatch, FieldRead
from engine.text import Automaton

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.configuration.configuration import Configuration
    from engine.items import ItemType
    from engine.language import Environment, Predicate
    from engine.language.nodes import Node

Spans = tuple[tuple[int, int], ...]


def highlighter(
    predicates: tuple[Predicate, ...], environment: Environment
) -> Callable[[Mapping[str, object]], dict[str, Spans]]:
    """From an item's data to what the rules' banks match in its texts, by field.

    Spans are code points, end exclusive, in order and without repeats.
    """
    found = {pair for predicate in predicates for pair in _bank_reads(predicate.tree)}
    pairs = sorted(pair for pair in found if pair[1] in environment.banks)
    names = sorted({bank for _, bank in pairs})
    automaton = Automaton.build([environment.banks[name] for name in names])

    def highlight(data: Mapping[str, object]) -> dict[str, Spans]:
        spans: dict[str, set[tuple[int, int]]] = {}
        for field, bank in pairs:
            value = data.get(field)
            if isinstance(value, str):
                matched = automaton.spans(value, names.index(bank))
                spans.setdefault(field, set()).update((span.start, span.end) for span in matched)
        return {field: tuple(sorted(places)) for field, places in spans.items() if places}

    return highlight


def _bank_reads(node: Node) -> Iterator[tuple[str, str]]:
    """(field, bank) for each bank that is asked about a field as it is."""
    match node:
        case BankMatch(subject=FieldRead(path=(field,)), bank=bank):
            yield field, bank
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _bank_reads(argument)


def highlights(
    configuration: Configuration,
    item_type: ItemType,
    rule_ids: set[str],
    data: Mapping[str, object],
) -> dict[str, Spans]:
    """What these rules' banks match in one item; a rule that is gone or broken says nothing."""
    environment = environment_of(configuration)
    schema = schema_of(configuration, item_type)
    checked = [
        check(configuration.rules[rule_id].where, schema, environment).predicate
        for rule_id in sorted(rule_ids)
        if rule_id in configuration.rules
    ]
    predicates = tuple(predicate for predicate in checked if predicate is not None)
    return highlighter(predicates, environment)(data) if predicates else {}
