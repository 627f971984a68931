"""What items find out about entities: their strikes, reports and labels as they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.language.facts import subject_of
from store import facts
from store.facts import FactAsk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.facts import Subject
    from engine.language.nodes import FactFeature
    from services.context import Context

Answers = tuple[float | bool | None, ...]


@dataclass(frozen=True)
class Asking:
    """An item and what its rules want to know. at_us: its arrival, in microseconds since 1970."""

    features: Sequence[FactFeature]
    row: Mapping[str, object]
    item: Subject
    at_us: int


def fact_answers(context: Context, org_id: int, items: Sequence[Asking]) -> list[Answers]:
    """One answer a feature, for each item; one statement for all, and none where nothing is asked.

    None where there is no entity.
    """
    subjects = [[subject_of(each, item.row, item.item) for each in item.features] for item in items]
    asks = {
        FactAsk(feature.measure.kind, subject, item.at_us, feature.window_us)
        for item, about in zip(items, subjects, strict=True)
        for feature, subject in zip(item.features, about, strict=True)
        if subject is not None
    }
    if not asks:
        return [(None,) * len(item.features) for item in items]
    with context.database.at_once(org_id) as tx:
        known = facts.knowledge(tx, asks)
    return [
        tuple(
            known.answer(feature, subject, item.at_us)
            for feature, subject in zip(item.features, about, strict=True)
        )
        for item, about in zip(items, subjects, strict=True)
    ]
