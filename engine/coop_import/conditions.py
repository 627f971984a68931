"""Trees of conditions: AND, OR and XOR over TRUE, FALSE and NULL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.coop_import.aggregations import Count, clause_of, count_of
from engine.coop_import.inputs import Refused, Scope
from engine.coop_import.leaves import Around, Search, leaf_sql
from engine.coop_import.searches import in_bank, in_counter, listed
from engine.errors import Problem
from engine.text import Bank, Mode, Term

if TYPE_CHECKING:
    from engine.configuration.banks import TextBank
    from engine.coop_import.leaves import TextSignal
    from engine.items import ItemType

MAX_DEPTH: Final = 20
EMPTY: Final = {"AND": "TRUE", "OR": "FALSE", "XOR": "FALSE"}


@dataclass(frozen=True)
class Converted:
    """banks: made from the matching values written in conditions.

    problems: what cannot be said in a rule, with pointers; then `where` means nothing.
    warnings: what is said, but works differently or never did.
    """

    where: str
    banks: tuple[Bank, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def convert(
    condition_set: object,
    item_type: ItemType,
    text_banks: Mapping[str, TextBank],
    label: str = "coop",
    asked: Scope | None = None,
) -> Converted:
    """text_banks: by Coop's ids. label: begins new banks' names. asked: what else can be read."""
    tree = _Tree(asked or Scope(item_type), text_banks, label)
    where = tree.node(condition_set, "", 0)
    return Converted(where, tuple(tree.banks), tuple(tree.problems), tuple(tree.warnings))


@dataclass
class _Tree:
    """counting: within a counter, which sees fields alone."""

    scope: Scope
    text_banks: Mapping[str, TextBank]
    label: str
    counting: bool = False
    banks: list[Bank] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def node(self, given: object, pointer: str, depth: int) -> str:
        if not isinstance(given, Mapping) or depth > MAX_DEPTH:
            return self.refused("a condition is an object, nested at most 20 deep", pointer)
        if "conditions" in given or "conjunction" in given:
            return self.conjunction(given, pointer, depth)
        try:
            return leaf_sql(given, self.around(pointer, depth))
        except Refused as refused:
            return self.refused(refused.reason, f"{pointer}/{refused.key}", refused.hint)

    def around(self, pointer: str, depth: int) -> Around:
        scope = replace(self.scope, warn=lambda said: self.warned(Problem(said, pointer)))
        count = None if self.counting else partial(self.count, scope, pointer, depth)
        return Around(scope, self.searches, count)

    def warned(self, problem: Problem) -> None:
        if problem not in self.warnings:
            self.warnings.append(problem)

    def count(self, scope: Scope, pointer: str, depth: int, signal: object) -> Count:
        clause = clause_of(signal)
        where = "TRUE"
        if clause.condition_set is not None:
            inner = replace(self, counting=True)
            at = f"{pointer}/{clause.key}/conditionSet"
            where = inner.node(clause.condition_set, at, depth + 1)
        return count_of(clause, where, scope)

    def refused(self, reason: str, pointer: str, hint: str = "") -> str:
        self.problems.append(Problem(reason, pointer, hint))
        return "NULL"

    def conjunction(self, given: Mapping[object, object], pointer: str, depth: int) -> str:
        word, inner = str(given.get("conjunction")), given.get("conditions")
        if word not in EMPTY:
            return self.refused(f"{word!r} is none of AND, OR and XOR", f"{pointer}/conjunction")
        if not isinstance(inner, Sequence) or isinstance(inner, str):
            return self.refused("a list of conditions is needed", f"{pointer}/conditions")
        sets = [isinstance(each, Mapping) and "conditions" in each for each in inner]
        if any(sets) and not all(sets):
            reason = "a set holds either conditions or sets of them"
            return self.refused(reason, f"{pointer}/conditions")
        parts = [
            self.node(each, f"{pointer}/conditions/{place}", depth + 1)
            for place, each in enumerate(inner)
        ]
        return joined(word, parts)

    def searches(self, matching: Mapping[object, object], signal: TextSignal) -> tuple[Search, ...]:
        """In the banks named; texts written in the condition become a bank of their own."""
        strings = listed(matching, "strings")
        banks = [self._known(each) for each in listed(matching, "textBankIds")]
        if self.counting:
            return in_counter(strings, banks, signal.mode)
        names = [bank.name for bank in banks]
        if strings:
            names.append(self._made(strings, signal.mode))
        return tuple(in_bank(name, signal.mode) for name in names)

    def _known(self, bank_id: str) -> TextBank:
        if bank_id not in self.text_banks:
            raise Refused(
                "matchingValues/textBankIds",
                f"there is no text bank {bank_id!r}",
                "export the banks together with the rules",
            )
        return self.text_banks[bank_id]

    def _made(self, strings: Sequence[str], mode: Mode) -> str:
        terms = tuple(Term(text, mode) for text in dict.fromkeys(strings))
        same = next((bank for bank in self.banks if bank.terms == terms), None)
        if same is not None:
            return same.name
        name = f"{self.label}/{len(self.banks) + 1}"
        self.banks.append(Bank(name, name, terms))
        return name


def joined(word: str, parts: Sequence[str]) -> str:
    """XOR: two that are TRUE make it FALSE; else an unknown leaves it unknown; else one is TRUE."""
    if not parts:
        return EMPTY[word]
    if len(parts) == 1:
        return parts[0]
    if word != "XOR":
        return f" {word} ".join(f"({part})" for part in parts)
    true = " + ".join(f"CASE WHEN {part} THEN 1 ELSE 0 END" for part in parts)
    unknown = " OR ".join(f"({part}) IS NULL" for part in parts)
    return f"CASE WHEN {true} >= 2 THEN FALSE WHEN {unknown} THEN NULL ELSE {true} = 1 END"
