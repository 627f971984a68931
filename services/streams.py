"""Items from a message stream, each taken in once.

How far a stream was read moves in the transaction that gives its items their places: what was
committed is never taken again, what was not is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from engine.errors import NotFound
from engine.items import Item, RawItem
from engine.paging import Page, PageRequest, Position, page_of
from engine.permissions import Permission
from services.context import require
from services.intake import load_intake
from services.placement import coerced, place_items
from store import organisations, streams
from store.streams import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.errors import Problem
    from services.context import Caller, Context
    from services.intake import Intake
    from store.streams import StreamPosition

MOST_KEPT = 1_000_000
log = structlog.get_logger()


@dataclass(frozen=True)
class Message:
    """seq: as the stream numbers it. each: its items, or what is wrong where one should be."""

    seq: int
    subject: str
    body: bytes
    each: tuple[RawItem | tuple[Problem, ...], ...]


@dataclass(frozen=True)
class Taken:
    """repeated: messages that had been taken in before. seq: how far the stream is read now."""

    accepted: int
    refused: int
    repeated: int
    seq: int


def take_in(context: Context, org_id: int, stream: str, messages: Sequence[Message]) -> Taken:
    """messages: in the order of the stream, and without a gap from where it was read to.

    Items that cannot be taken in are kept as refusals, with their reasons.
    """
    intake = load_intake(context, org_id)
    judged = {message.seq: _judged(context, intake, message) for message in messages}
    now = context.clock()
    with context.database.transaction(org_id) as tx:
        before = streams.lock(tx, stream, now)
        new = [message for message in messages if message.seq > before]
        items = [item for message in new for item in judged[message.seq] if isinstance(item, Item)]
        refused = [
            _refusal(stream, message, position, problems, now)
            for message in new
            for position, problems in enumerate(judged[message.seq])
            if not isinstance(problems, Item)
        ]
        last = max((message.seq for message in new), default=before)
        if new:
            streams.refuse(tx, refused)
            streams.move(tx, stream, last, accepted=len(items), refused=len(refused), now=now)
            place_items(tx, intake, items, source="stream", new_id=context.new_id)
    for refusal in refused:
        log.warning("message_refused", stream=stream, seq=refusal.seq, problems=refusal.problems)
    return Taken(len(items), len(refused), len(messages) - len(new), last)


def _judged(context: Context, intake: Intake, message: Message) -> list[Item | tuple[Problem, ...]]:
    return [
        coerced(context, intake, one) if isinstance(one, RawItem) else one for one in message.each
    ]


def _refusal(
    stream: str, message: Message, position: int, problems: Sequence[Problem], now: datetime
) -> Refusal:
    told = [{"message": p.message, "pointer": p.pointer, "hint": p.hint} for p in problems]
    body = message.body[:MOST_KEPT]
    return Refusal(stream, message.seq, position, message.subject, body, told, now)


def read_to(context: Context, org_id: int, stream: str) -> int:
    """The number of the last message that was taken in; 0 before the first."""
    with context.database.transaction(org_id) as tx:
        found = {each.stream: each.seq for each in streams.streams(tx)}
    return found.get(stream, 0)


def check_organisation(context: Context, org_id: int) -> None:
    """Raises NotFound."""
    with context.database.system() as tx:
        known = org_id in organisations.ids(tx)
    if not known:
        raise NotFound(f"There is no organisation {org_id}.", hint="`winnow org list` shows them.")


def list_streams(context: Context, caller: Caller) -> tuple[StreamPosition, ...]:
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        return tuple(streams.streams(tx))


def list_refusals(context: Context, caller: Caller, page: PageRequest) -> Page[Refusal]:
    """Latest first."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        found = streams.refusals(tx, page)
    return page_of(found, page, lambda one: Position(one.refused_at, one.refusal_id))
