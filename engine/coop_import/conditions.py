"""Trees of conditions: AND, OR and XOR over TRUE, FALSE and NULL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.coop_import.inputs import Refused
from engine.coop_import.leaves import leaf_sql
from engine.errors import Problem
from engine.text import Bank, Mode, Term

if TYPE_CHECKING:
    from engine.items import ItemType

MAX_DEPTH: Final = 20
EMPTY: Final = {"AND": "TRUE", "OR": "FALSE", "XOR": "FALSE"}
_OTHER_VALUES: Final = ("locations", "locationBankIds", "imageBankIds")


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
    condition_set: object, item_type: ItemType, text_banks: Mapping[str, str], label: str = "coop"
) -> Converted:
    """text_banks: Coop's bank ids -> the names they have here. label: begins new banks' names."""
    tree = _Tree(item_type, text_banks, label)
    where = tree.node(condition_set, "", 0)
    return Converted(where, tuple(tree.banks), tuple(tree.problems), tuple(tree.warnings))


@dataclass
class _Tree:
    item_type: ItemType
    text_banks: Mapping[str, str]
    label: str
    banks: list[Bank] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def node(self, given: object, pointer: str, depth: int) -> str:
        if not isinstance(given, Mapping) or depth > MAX_DEPTH:
            return self.refused("a condition is an object, nested at most 20 deep", pointer)
        if "conditions" in given or "conjunction" in given:
            return self.conjunction(given, pointer, depth)
        try:
            return leaf_sql(
                given,
                self.item_type,
                self.names_of,
                lambda message: self.warnings.append(Problem(message, pointer)),
            )
        except Refused as refused:
            return self.refused(refused.reason, f"{pointer}/{refused.key}", refused.hint)

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

    def names_of(self, matching: Mapping[object, object], mode: Mode) -> tuple[str, ...]:
        """The banks to look in; texts written in the condition become a bank of their own."""
        other = [key for key in _OTHER_VALUES if matching.get(key)]
        if other:
            raise Refused("matchingValues", f"`{other[0]}` is nothing to look for in a text")
        names = [self._known(each) for each in _listed(matching, "textBankIds")]
        strings = _listed(matching, "strings")
        if strings:
            names.append(self._made(strings, mode))
        return tuple(names)

    def _known(self, bank_id: str) -> str:
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


def _listed(matching: Mapping[object, object], key: str) -> tuple[str, ...]:
    value = matching.get(key) or ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Refused(f"matchingValues/{key}", "a list of texts is needed")
    if not all(isinstance(each, str) for each in value):
        raise Refused(f"matchingValues/{key}", "a list of texts is needed")
    return tuple(str(each) for each in value)


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
