"""Appeals taken in: each kept, linked to what it is against, and put before another reviewer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.actions.execution import Source
from engine.audit import Entry, Event
from engine.casework.appeals import (
    Against,
    NewAppeal,
    barred_reviewers,
    check_appeal,
    done_document,
)
from engine.errors import Conflict, InvalidInput
from engine.items import Item, RawItem
from engine.permissions import Permission
from services import idempotency
from services.context import Caller, Context, require
from services.intake import load_intake
from services.job_openings import Opening, open_routed
from services.placement import coerced, place_items
from services.rulesets import known_configuration
from store import appeals, audit, decisions, executions, items_lookup
from store.appeals import AppealRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.idempotency import Once
    from engine.items import ItemRef
    from services.intake import Intake

MICROSECOND = timedelta(microseconds=1)
KIND = "APPEAL"


@dataclass(frozen=True)
class AskedAppeal:
    """As a platform sends it, in our words."""

    appeal_id: str
    appealed_by: ItemRef
    appealed_at: datetime
    item: RawItem
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...] = ()
    reason: str = ""
    additional_items: tuple[RawItem, ...] = ()


def submit(context: Context, caller: Caller, asked: AskedAppeal, once: Once | None = None) -> None:
    """Stored, with its job open, when this returns. One sent twice is kept once.

    Raises InvalidInput and KeyReused.
    """
    require(caller, Permission.SUBMIT_ITEMS)
    intake = load_intake(context, caller.org_id)
    appeal = _coerced(context, asked, intake)
    with context.database.transaction(caller.org_id) as tx:
        if idempotency.begin(tx, once) is not None:
            return
        configuration = known_configuration(tx)
        check_appeal(appeal, configuration.item_types, configuration.actions)
        item = appeal.item
        appeals.lock_item(tx, item.type_id, item.item_id)
        if appeals.same(tx, appeal.appeal_id, item.type_id, item.item_id) is None:
            _take_in(context, caller, tx, configuration, intake, appeal)


def _coerced(context: Context, asked: AskedAppeal, intake: Intake) -> NewAppeal:
    """Raises InvalidInput with every problem of every item; they carry no pointers."""
    raws = (asked.item, *asked.additional_items)
    found = [coerced(context, intake, raw) for raw in raws]
    items = [one for one in found if isinstance(one, Item)]
    if len(items) < len(found):
        problems = [one for each in found if not isinstance(each, Item) for one in each]
        said = tuple(replace(one, pointer="") for one in problems)
        raise InvalidInput("Some items are not valid.", problems=said)
    return NewAppeal(
        appeal_id=asked.appeal_id,
        appealed_by=asked.appealed_by,
        appealed_at=asked.appealed_at,
        item=items[0],
        action_ids=asked.action_ids,
        policy_ids=asked.policy_ids,
        reason=asked.reason,
        additional_items=tuple(items[1:]),
    )


def _take_in(
    context: Context,
    caller: Caller,
    tx: Connection,
    configuration: Configuration,
    intake: Intake,
    appeal: NewAppeal,
) -> None:
    """An item that was never sent before is kept too, unjudged, so that it can be looked at."""
    item, now, identity = appeal.item, context.clock(), context.new_id()
    stored = items_lookup.latest(tx, item.type_id, item.item_id)
    against = Against(tuple(executions.done_to(tx, item.type_id, item.item_id, appeal.action_ids)))
    earlier = appeals.latest(tx, item.type_id, item.item_id)
    place = against.latest or stored
    opening = Opening(
        type_id=item.type_id,
        item_id=item.item_id,
        sources=[_source(identity, appeal)],
        origin=Source.SUBMIT_APPEAL.value,
        kind=KIND,
        seq=place.seq if place else None,
        arrived_at=place.arrived_at if place else None,
        policy_ids=appeal.policy_ids or against.policy_ids,
        data=item.data,
        barred=barred_reviewers(against, _judges(tx, earlier)),
    )
    (job_id,) = open_routed(tx, configuration, [opening], now=now, new_id=context.new_id)
    if job_id is None:
        raise Conflict("there is no queue for appeals", hint="create a queue")
    row = _row(identity, appeal, opening, against, _after(earlier, now))
    appeals.insert(tx, _linked(row, job_id, earlier))
    detail = {"appealId": appeal.appeal_id, "jobId": job_id, "itemId": item.item_id}
    audit.append(tx, Entry(now, caller.actor, Event.APPEAL_CREATE, "appeal", identity, detail))
    if stored is None:
        source = Source.SUBMIT_APPEAL.value
        place_items(tx, intake, [item], source=source, new_id=context.new_id, judged=False)


def _after(earlier: AppealRow | None, now: datetime) -> datetime:
    """Appeals of an item are told apart, and put in order, by when they were received."""
    return now if earlier is None else max(now, earlier.received_at + MICROSECOND)


def _judges(tx: Connection, earlier: AppealRow | None) -> list[str]:
    if earlier is None or earlier.decision_id is None:
        return []
    decided = decisions.decision(tx, earlier.decision_id)
    return [decided.decided_by] if decided else []


def _source(identity: str, appeal: NewAppeal) -> dict[str, object]:
    by = appeal.appealed_by
    return {
        "kind": KIND,
        "id": identity,
        "appealId": appeal.appeal_id,
        "appealedBy": {"typeId": by.type_id, "id": by.item_id},
        "reason": appeal.reason,
        "actionIds": list(appeal.action_ids),
        "policyIds": list(appeal.policy_ids),
    }


def _row(
    identity: str, appeal: NewAppeal, opening: Opening, against: Against, now: datetime
) -> AppealRow:
    return AppealRow(
        id=identity,
        appeal_id=appeal.appeal_id,
        type_id=opening.type_id,
        item_id=opening.item_id,
        seq=opening.seq,
        arrived_at=opening.arrived_at,
        appealed_by_type_id=appeal.appealed_by.type_id,
        appealed_by_id=appeal.appealed_by.item_id,
        appealed_at=appeal.appealed_at,
        received_at=now,
        reason=appeal.reason,
        action_ids=appeal.action_ids,
        policy_ids=tuple(opening.policy_ids),
        item=_document(appeal.item),
        additional_items=[_document(one) for one in appeal.additional_items],
        against=[done_document(one) for one in against.told],
        earlier_id=None,
        job_id="",
    )


def _linked(row: AppealRow, job_id: str, earlier: AppealRow | None) -> AppealRow:
    return AppealRow(**vars(row) | {"job_id": job_id, "earlier_id": earlier and earlier.id})


def _document(item: Item) -> Mapping[str, object]:
    return {
        "id": item.item_id,
        "typeId": item.type_id,
        "typeVersion": item.type_version,
        "data": item.data,
    }
