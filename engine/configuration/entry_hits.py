"""Which entries of banks an item holds, in what a matching rule asked the banks about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from engine.configuration.rules import Status
from engine.language.check import walk
from engine.language.matching import AskedBank, in_mode
from engine.language.nodes import BankMatch
from engine.language.ruleset import compile_values
from engine.text.spans import BankSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.configuration.compiled import TypeRuleset
    from engine.language import Counter, Environment, Predicate
    from engine.language.measures import Measured
    from engine.language.nodes import FactFeature
    from engine.text import Bank, Mode

Entry = tuple[str, bytes]
"""Id of a bank, and `entry_key` of one of its entries."""


def entry_key(text: str, mode: Mode) -> bytes:
    """The same for an entry whatever its place in the bank, its note or its bank's version."""
    return hashlib.blake2b(f"{mode}\0{text}".encode(), digest_size=16).digest()


@lru_cache(maxsize=32)
def _search(asked: AskedBank) -> BankSearch:
    """Kept over changes of configuration that leave the bank as it is."""
    return BankSearch(in_mode(asked.bank, asked.mode))


@dataclass(frozen=True)
class EntryFinder:
    """One rule's. values: what the rule asks its banks about, in the order of `asked`."""

    values: Callable[..., Any]
    asked: tuple[AskedBank, ...]

    def found(
        self, row: Mapping[str, object], counts: Sequence[Measured], arrived_at: datetime
    ) -> frozenset[Entry]:
        subjects = self.values(row, counts, arrived_at)
        return frozenset(
            entry
            for (bank, search), subject in zip(self._searches, subjects, strict=True)
            for entry in _entries(bank, search, subject)
        )

    @cached_property
    def _searches(self) -> tuple[tuple[Bank, BankSearch], ...]:
        return tuple((each.bank, _search(each)) for each in self.asked)


def entry_finders(rules: TypeRuleset, environment: Environment) -> dict[str, EntryFinder]:
    """By rule id, of the LIVE rules that ask a bank about anything."""
    counters: list[Counter | FactFeature] = [*rules.ruleset.counters, *rules.ruleset.facts]
    found = {
        rule.rule_id: _finder(rules.predicates[rule.rule_id], counters, environment)
        for rule in rules.rules
        if rule.status is Status.LIVE and rules.predicates[rule.rule_id].banks
    }
    return {rule_id: finder for rule_id, finder in found.items() if finder is not None}


def _finder(
    predicate: Predicate, counters: Sequence[Counter | FactFeature], environment: Environment
) -> EntryFinder | None:
    matches = [node for node in walk(predicate.tree) if isinstance(node, BankMatch)]
    if not matches:
        return None
    values, _ = compile_values([node.subject for node in matches], counters, environment)
    asked = tuple(AskedBank(environment.banks[node.bank], node.mode) for node in matches)
    return EntryFinder(values, asked)


def _entries(bank: Bank, search: BankSearch, subject: object) -> Iterator[Entry]:
    texts = subject if isinstance(subject, list | tuple) else (subject,)
    for text in texts:
        if isinstance(text, str):
            for number in search.found(text):
                term = bank.terms[number]
                yield bank.bank_id, entry_key(term.text, term.mode)
