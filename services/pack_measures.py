"""How good the rules of packs are on labelled files; each file by itself, never pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InvalidInput
from engine.language.types import Base
from engine.statistics.classification import Confusion, Quality, quality
from services.rule_files import FileSource, OpenSource, RuleEngine, evaluate, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from engine.configuration.rules import Rule
    from engine.language import Predicate
    from engine.packs import Pack
    from services.rule_files import Outcomes

FLOOR = 1  # files are labelled on purpose: the interval tells how little a figure rests on


@dataclass(frozen=True)
class Measured:
    """rule: None for the pack as a whole, which matches what any of its rules matches."""

    pack: str
    rule: str | None
    confusion: Confusion

    @property
    def quality(self) -> Quality:
        return quality(self.confusion, floor=FLOOR)


@dataclass(frozen=True)
class FileMeasure:
    """labelled: rows with a truth. left_out: rules that read what the file does not hold."""

    file: str
    labelled: int
    violating: int
    measured: tuple[Measured, ...]
    left_out: tuple[str, ...]


def measure(packs: Sequence[Pack], path: Path, truth: str, rows: str | None) -> FileMeasure:
    """truth: a column of TRUE and FALSE, or of 1 and 0. rows: a condition on those that count."""
    banks = tuple(bank.matcher() for pack in packs for bank in pack.banks)
    with opened(FileSource((path,), banks=banks)) as source:
        judged = source.predicate(rows or "TRUE", "the condition on rows")
        known = source.predicate(_truth(source, truth), "the truth")
        sound, left_out = _readable(source, packs)
        if not sound:
            return FileMeasure(path.stem, 0, 0, (), left_out)
        predicates = [judged, known, *(predicate for _, _, predicate in sound)]
        outcomes = evaluate(source, predicates, RuleEngine.DUCKDB)
        columns = [answers[1:] for answers in outcomes if answers[0] is True]
    truths = [answers[0] for answers in columns]
    measured = tuple(
        Measured(pack.name, None if rule is None else rule.name, _confusion(columns, places))
        for pack, rule, places in _groups(sound)
    )
    labelled = sum(each is not None for each in truths)
    return FileMeasure(path.stem, labelled, truths.count(True), measured, left_out)


def _truth(source: OpenSource, column: str) -> str:
    found = source.schema.fields.get(column)
    if found is None or found.base not in {Base.BOOLEAN, Base.NUMBER}:
        raise InvalidInput(
            f"The truth cannot be read from '{column}'.",
            hint="Name a column of TRUE and FALSE, or of 1 and 0.",
        )
    quoted = '"' + column.replace('"', '""') + '"'
    return quoted if found.base is Base.BOOLEAN else f"{quoted} = 1"


def _readable(
    source: OpenSource, packs: Sequence[Pack]
) -> tuple[list[tuple[Pack, Rule, Predicate]], tuple[str, ...]]:
    sound: list[tuple[Pack, Rule, Predicate]] = []
    left_out: list[str] = []
    for pack in packs:
        for rule in pack.rules:
            predicate = source.check(rule.where).predicate
            if predicate is None:
                left_out.append(rule.name)
            else:
                sound.append((pack, rule, predicate))
    return sound, tuple(left_out)


def _groups(
    sound: Sequence[tuple[Pack, Rule, Predicate]],
) -> Iterable[tuple[Pack, Rule | None, list[int]]]:
    """What is measured, and the places of the rules that make it up; a pack before its rules."""
    for pack in {id(pack): pack for pack, _, _ in sound}.values():
        places = [place for place, (owner, _, _) in enumerate(sound, 1) if owner is pack]
        yield pack, None, places
        yield from ((pack, sound[place - 1][1], [place]) for place in places)


def _confusion(rows: Sequence[Outcomes], places: Sequence[int]) -> Confusion:
    """rows: truth first, then the answer of each rule."""
    counts = {(truth, match): 0 for truth in (True, False) for match in (True, False)}
    for answers in rows:
        truth = answers[0]
        if truth is not None:
            counts[truth, any(answers[place] is True for place in places)] += 1
    return Confusion(
        true_positive=counts[True, True],
        false_positive=counts[False, True],
        false_negative=counts[True, False],
        true_negative=counts[False, False],
    )
