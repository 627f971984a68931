"""Real texts with judgements, played as items, and the rules that fit them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from engine.configuration.banks import TextBank
from engine.configuration.policies import Policy
from engine.configuration.rules import Example, Rule, Status
from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.simulation.events import Ref, Thing, Written
from engine.simulation.telling_words import is_unspaced, telling_words
from engine.text import Mode, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from engine.simulation.blueprint import Blueprint

RECORDED: Final = "Recorded text"
TRUTH: Final = "violating"
_MOST_POLICIES: Final = 4
_BANK_SIZE: Final = 120
_LEARNING_FOLDS: Final = range(8)

ITEM_TYPE: Final = ItemType(
    "",
    0,
    RECORDED,
    Kind.CONTENT,
    (
        Field("text", Scalar.STRING, required=True),
        Field("author", Scalar.RELATED_ITEM),
        Field("created_at", Scalar.DATETIME),
        Field("thread_id", Scalar.ID),
        Field("language", Scalar.STRING),
        Field("dataset", Scalar.STRING, description="The file it comes from."),
        Field("judged_against", Scalar.STRING, description="The policy the annotators had."),
        Field(TRUTH, Scalar.BOOLEAN, description="What the annotators said; no rule reads it."),
    ),
    {Role.CREATOR_ID: "author", Role.CREATED_AT: "created_at"},
    "A text that somebody really wrote, with the judgement of annotators.",
    frozenset({"judged_against", TRUTH}),
)


@dataclass(frozen=True)
class Recording:
    """One labelled row. violating: None where the annotators were split."""

    record_id: str
    text: str
    dataset: str
    violating: bool | None = None
    policy: str | None = None
    created_at: datetime | None = None
    user_id: str | None = None
    thread_id: str | None = None
    language: str | None = None
    fold: int | None = None


def written(recording: Recording, at: datetime) -> Written:
    """Sent at `at`; `created_at` says when it was really written, where that is known."""
    created = recording.created_at
    data = {
        "text": recording.text,
        "created_at": created.isoformat() if created else None,
        "thread_id": recording.thread_id,
        "language": recording.language,
        "dataset": recording.dataset,
        "judged_against": recording.policy,
        TRUTH: recording.violating,
    }
    refs = {"author": Ref(Thing.ACCOUNT, recording.user_id)} if recording.user_id else {}
    return Written(Ref(RECORDED, recording.record_id), at, data, refs, None)


def spread(datasets: Sequence[Sequence[Recording]], most: int) -> Iterator[Recording]:
    """At most `most` recordings, each set thinned alike and all of them mingled evenly."""
    thinned = [
        _thin(rows, size) for rows, size in zip(datasets, _sizes(datasets, most), strict=True)
    ]
    places = [
        ((index + 0.5) / len(rows), number, row)
        for number, rows in enumerate(thinned)
        for index, row in enumerate(rows)
    ]
    places.sort(key=lambda place: place[:2])
    return (row for _, _, row in places)


def _sizes(datasets: Sequence[Sequence[Recording]], most: int) -> list[int]:
    """How many to take of each set: in proportion, the rounding settled as it goes along."""
    total = sum(len(rows) for rows in datasets)
    wanted = min(most, total)
    ends = [0]
    seen = 0
    for rows in datasets:
        seen += len(rows)
        ends.append(seen * wanted // total if total else 0)
    return [end - begin for begin, end in pairwise(ends)]


def _thin(rows: Sequence[Recording], size: int) -> list[Recording]:
    return [rows[index * len(rows) // size] for index in range(size)]


def with_recordings(base: Blueprint, recordings: Sequence[Recording]) -> Blueprint:
    """The blueprint with the item type, policies, banks and rules that these texts need."""
    counted = Counter(row.policy for row in recordings if row.policy and row.violating)
    names = [name for name, _ in counted.most_common(_MOST_POLICIES)]
    fitted = [(name, _bank(name, recordings)) for name in names]
    useful = [(name, bank) for name, bank in fitted if bank.terms]
    known = {policy.name.casefold(): policy.name for policy in base.policies}
    policies = [
        Policy("", 0, name.capitalize()) for name, _ in useful if name.casefold() not in known
    ]
    rules = [
        _rule(name, known.get(name.casefold(), name.capitalize()), bank, _sets(name, recordings))
        for name, bank in useful
    ]
    return replace(
        base,
        item_types=(*base.item_types, ITEM_TYPE),
        policies=(*base.policies, *policies),
        banks=(*base.banks, *(bank for _, bank in useful)),
        rules=(*base.rules, *rules),
    )


def _sets(policy: str, recordings: Iterable[Recording]) -> set[str]:
    return {row.dataset for row in recordings if row.policy == policy}


def _bank_name(policy: str) -> str:
    return f"telling words: {policy}"


def where_of(policy: str, datasets: Iterable[str]) -> str:
    """Words learned from some sets say little about others, so the rule keeps to those sets."""
    names = ", ".join(_quoted(name) for name in sorted(datasets))
    return f"dataset IN ({names}) AND matches(text, {_quoted(_bank_name(policy))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bank(policy: str, recordings: Sequence[Recording]) -> TextBank:
    """Violating rows of the policy against clean rows of the same sets.

    Learned on folds 0 to 7 where the rows name a fold, else on four rows in five.
    """
    datasets = _sets(policy, recordings)
    learned = [
        (row.text, row.violating)
        for number, row in enumerate(recordings)
        if row.violating is not None
        and row.dataset in datasets
        and (row.policy == policy or not row.violating)
        and _is_for_learning(row, number)
    ]
    words = telling_words(learned, _BANK_SIZE)
    terms = tuple(Term(w, Mode.SUBSTRING if is_unspaced(w) else Mode.WORD) for w in words)
    return TextBank("", 0, _bank_name(policy), "Learned from the labelled texts.", terms)


def _is_for_learning(row: Recording, number: int) -> bool:
    return row.fold in _LEARNING_FOLDS if row.fold is not None else number % 5 != 0


def _rule(policy: str, policy_name: str, bank: TextBank, datasets: set[str]) -> Rule:
    example = {"text": bank.terms[0].text, "dataset": min(datasets)}
    return Rule(
        rule_id="",
        version=0,
        name=f"Telling words for {policy}",
        where=where_of(policy, datasets),
        description="Words that tell violating texts from clean ones, learned from the labels.",
        status=Status.LIVE,
        item_type_ids=(RECORDED,),
        action_ids=("Send to review",),
        policy_ids=(policy_name,),
        tags=("learned",),
        examples=(
            Example(example, matches=True, note="the most telling word"),
            Example({**example, "text": "12 + 30 = 42"}, matches=False, note="no word at all"),
        ),
    )
