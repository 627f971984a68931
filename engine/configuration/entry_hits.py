"""Which entries of banks an item holds, in what a matching rule asked the banks about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from engine.configuration.rules import Status
from engine.language.check import walk
from engine.language.matching import AskedBank, in_mode
from engine.language.nodes import Apply, BankMatch, Element, Node, Quantified
from engine.language.ruleset import compile_values
from engine.text.spans import BankSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.configuration.compiled import TypeRuleset
    from engine.language import Counter, Environment
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
class EntryFinders:
    """Of one item type. values: everything that LIVE rules ask banks about, each thing once.

    asked: which bank is asked about each of them. places: those of each rule, by its id.
    """

    values: Callable[..., Any]
    asked: tuple[AskedBank, ...]
    places: Mapping[str, tuple[int, ...]]

    def found(
        self,
        rule_ids: Iterable[str],
        row: Mapping[str, object],
        counts: Sequence[Measured],
        arrived_at: datetime,
    ) -> dict[str, frozenset[Entry]]:
        """By rule, of those rules that ask a bank. The same question is answered once."""
        wanted = {rule_id: self.places[rule_id] for rule_id in rule_ids if rule_id in self.places}
        if not wanted:
            return {}
        subjects = self.values(row, counts, arrived_at)
        answers = {
            place: frozenset(_entries(*self._searches[place], subjects[place]))
            for place in {each for places in wanted.values() for each in places}
        }
        return {
            rule_id: frozenset[Entry]().union(*(answers[place] for place in places))
            for rule_id, places in wanted.items()
        }

    @cached_property
    def _searches(self) -> tuple[tuple[Bank, BankSearch], ...]:
        return tuple((each.bank, _search(each)) for each in self.asked)


def entry_finders(rules: TypeRuleset, environment: Environment) -> EntryFinders | None:
    """None where no LIVE rule asks a bank about anything."""
    questions: dict[tuple[AskedBank, Node], int] = {}
    places: dict[str, tuple[int, ...]] = {}
    for rule in rules.rules:
        if rule.status is Status.LIVE:
            tree = rules.predicates[rule.rule_id].tree
            asked = [(AskedBank(environment.banks[b], m), s) for b, m, s in _questions(tree, ())]
            numbers = (questions.setdefault(each, len(questions)) for each in asked)
            places[rule.rule_id] = tuple(dict.fromkeys(numbers))
    if not questions:
        return None
    counters: list[Counter | FactFeature] = [*rules.ruleset.counters, *rules.ruleset.facts]
    values, _ = compile_values([subject for _, subject in questions], counters, environment)
    return EntryFinders(values, tuple(bank for bank, _ in questions), places)


def _questions(node: Node, lists: tuple[Node, ...]) -> Iterator[tuple[str, str, Node]]:
    """(bank, mode, what it is asked about). lists: what the quantifiers around it look through.

    Of an element that a quantifier looks at, all elements of its list are asked about. What is made
    from an element first, or lies within one, is left out.
    """
    match node:
        case BankMatch(subject=Element(level=level, path=())):
            if level < len(lists) and not _reads_element(lists[level]):
                yield node.bank, node.mode, lists[level]
        case BankMatch():
            if not _reads_element(node.subject):
                yield node.bank, node.mode, node.subject
        case Quantified():
            yield from _questions(node.subject, lists)
            yield from _questions(node.condition, (*lists, node.subject))
        case Apply():
            for argument in node.arguments:
                yield from _questions(argument, lists)


def _reads_element(node: Node) -> bool:
    return any(isinstance(each, Element) for each in walk(node))


def _entries(bank: Bank, search: BankSearch, subject: object) -> Iterator[Entry]:
    texts = subject if isinstance(subject, list | tuple) else (subject,)
    for text in texts:
        if isinstance(text, str):
            for number in search.found(text):
                term = bank.terms[number]
                yield bank.bank_id, entry_key(term.text, term.mode)
