"""Items that services place themselves, in the transaction of whatever they came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.intake import current_intake
from store import clock, placing
from store.placing import Counted, Unplaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from engine.items import Item
    from services.intake import Intake
    from store.submissions import Submission

ENCODE = msgspec.json.Encoder().encode


def place_items(
    tx: Connection,
    intake: Intake,
    items: Sequence[Item],
    *,
    source: str,
    new_id: Callable[[], str],
    judged: bool = True,
) -> list[Submission]:
    """At the next places, for any worker to evaluate once the transaction commits.

    Holds the organisation's clock until then: take every other lock before. intake: what the items
    were coerced with; its counters are read again if they have changed. judged: False keeps rules
    from looking at them.
    """
    held = clock.lock(tx)
    if intake.counters_version != held.counters_version:
        intake = current_intake(tx, intake.org_id)
    waiting = [unplaced(item, intake, new_id(), judged=judged) for item in items]
    return placing.place(tx, held, waiting, source=source)


def unplaced(item: Item, intake: Intake, submission_id: str, *, judged: bool = True) -> Unplaced:
    """The item as it waits for its place, with the events that it is to the running counters."""
    creator = item.creator
    return Unplaced(
        submission_id=submission_id,
        type_id=item.type_id,
        type_version=item.type_version,
        item_id=item.item_id,
        creator=(creator.type_id, creator.item_id) if creator else None,
        data=ENCODE(item.data).decode(),
        events=_counted(item, intake),
        judged=judged,
    )


def _counted(item: Item, intake: Intake) -> tuple[Counted, ...]:
    counters = intake.counters.get(item.type_id)
    if counters is None:
        return ()
    events = counters.events_of(counters.row(item.data))
    return tuple(
        Counted(counter_id, event.key, event.number, event.member)
        for counter_id, event in zip(counters.counter_ids, events, strict=True)
        if event is not None
    )
