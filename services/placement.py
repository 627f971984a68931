"""Items that services place themselves, in the transaction of whatever they came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.errors import NotFound, Problem
from engine.items import coerce_item
from services.intake import current_intake, load_item_type
from store import clock, placing
from store.placing import Counted, Unplaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from engine.items import Item, ItemType, RawItem
    from services.context import Context
    from services.intake import Intake
    from store.submissions import Submission

NO_TYPE_TITLE = "No item type of this id exists in your organisation."
NO_VERSION_TITLE = "This item type has no such version."
MOST_DIGITS = 9
ENCODE = msgspec.json.Encoder().encode


def coerced(context: Context, intake: Intake, raw: RawItem) -> Item | tuple[Problem, ...]:
    """The item as its type, in the version it names, wants it; or what is wrong with it."""
    item_type = intake.item_types.get(raw.type_id)
    if item_type is None:
        known = f"No item type with the id {raw.type_id[:200]!r} exists."
        return (Problem(known, title=NO_TYPE_TITLE),)
    version = raw.type_version
    if version is not None and version != str(item_type.version):
        try:
            item_type = _past_type(context, intake, raw.type_id, version)
        except NotFound as error:
            return (Problem(error.message, title=NO_VERSION_TITLE),)
    return coerce_item(raw, item_type, intake.item_types)


def _past_type(context: Context, intake: Intake, type_id: str, version: str) -> ItemType:
    digits = version.isascii() and version.isdigit() and len(version) <= MOST_DIGITS
    if not digits or not int(version):
        raise NotFound(f"{version[:200]!r} is not a version of this item type.")
    return load_item_type(context, intake.org_id, type_id, int(version))


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
