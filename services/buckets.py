"""Which items of a batch found no token in the buckets that rules hold them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import buckets
from store.buckets import BucketAsk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.measures import Measured
    from services.context import Context
    from services.live_configuration import Evaluator

Row = tuple["Evaluator", "Mapping[str, object]", int]
"""An item's evaluator, its values, and its arrival in microseconds since 1970."""


def answer_buckets(
    context: Context, org_id: int, rows: Sequence[Row], slots: Sequence[list[Measured]]
) -> None:
    """Puts the answers of all rows into their slots; one statement, and none if nothing is asked.

    A slot stays None where the item has no key.
    """
    asks: list[BucketAsk] = []
    places: list[tuple[list[Measured], int]] = []
    for (evaluator, row, at_us), mine in zip(rows, slots, strict=True):
        if evaluator.buckets:
            keys = evaluator.bucket_keys(row)
            for bucket, key in zip(evaluator.buckets, keys, strict=True):
                if key is not None:
                    asks.append(BucketAsk(bucket.counter_id, key, bucket.rate, at_us))
                    places.append((mine, bucket.slot))
    if not asks:
        return
    with context.database.transaction(org_id) as tx:
        found = buckets.answers(tx, asks)
    for (mine, slot), answer in zip(places, found, strict=True):
        mine[slot] = answer
