"""The way in for items: what a process keeps between requests, and the order of its checks.

The order is part of the contract: the body's shape, the key, the limits, then each item. What is
acknowledged is committed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from api.auth import authenticate as authenticate_request
from api.batch_results import Taken, batch_answer
from api.batcher import Batcher
from api.cached import Cached
from api.item_body import read_each, read_items
from api.limits import GATE_KEPT_S, Admission, BodyReader, Limits
from api.new_ids import new_id
from api.turns import Turns
from api.waiting import Accepted, Keyed, Place, Repeated
from engine.errors import InvalidInput, NotFound, Problem
from engine.idempotency import HEADER, once
from engine.items import Item, coerce_item
from engine.permissions import Permission
from services.api_keys import authenticate
from services.context import require
from services.idempotency import answered
from services.intake import Intake, load_intake, load_item_type
from store.submissions import copy_tail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from engine.admission import Gate
    from engine.idempotency import Once
    from engine.items import ItemType, RawItem
    from services.context import Caller, Context

KEY_KEPT_S = 1.0
INTAKE_KEPT_S = 0.5
FOR_EVER_S = float("inf")
A_TURNS_WORK = 16
MOST_PROBLEMS = 1000
MOST_BATCH = 10_000
SOURCE = b"post-items"
ENCODER = msgspec.json.Encoder()
NO_TYPE_TITLE = "No item type of this id exists in your organisation."
NO_VERSION_TITLE = "This item type has no such version."

PastType = tuple[int, str, int]
Judged = Item | tuple[Problem, ...]


@dataclass
class _Sorted:
    """The items of one request: those to be placed, and what becomes of each of them."""

    accepted: list[Accepted] = field(default_factory=list)
    outcomes: list[Taken | tuple[Problem, ...]] = field(default_factory=list)

    def take(self, item: Item, intake: Intake) -> None:
        submission_id = new_id()
        self.accepted.append(accept_item(item, intake, submission_id))
        self.outcomes.append(Taken(item.item_id, item.type_id, submission_id))


class Ingest:
    """What the endpoints keep between requests: caches, limits, and the batcher."""

    def __init__(self, context: Context, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.context = context
        self.body = BodyReader(limits)
        self.admission = Admission(context, limits)
        self.callers: Cached[str, Caller] = Cached(
            lambda secret, _: authenticate(context, secret), KEY_KEPT_S
        )
        self.intakes: Cached[int, Intake] = Cached(
            lambda org_id, known: load_intake(context, org_id, known), INTAKE_KEPT_S
        )
        self.gates: Cached[int, Gate] = Cached(
            lambda org_id, _: self.admission.read_gate(org_id), GATE_KEPT_S
        )
        self.past_types: Cached[PastType, ItemType] = Cached(
            lambda key, _: load_item_type(context, *key), FOR_EVER_S
        )
        self.turns = Turns()
        self.batcher = Batcher(context.database.url, self.intakes.fresh)

    async def close(self) -> None:
        await self.batcher.close()

    async def accept_all(self, request: Request) -> None:
        """All items of the body or none. Raises InvalidInput with a pointer for each problem."""
        async with self.body.held(request) as body:
            await self.turns.next(len(body))
            raws = read_items(body)
            caller = await self.callers.get(request.headers.get("x-api-key", ""))
            asked = once_of(request, "items/async", body)
            await self.admit(caller, len(raws))
            if await self.answered(caller, asked) is not None:
                return
            intake = await self.intakes.get(caller.org_id)
            sorted_ = await self._sort(intake, raws, len(body))
            problems = _in_batch(sorted_.outcomes)
            if problems:
                raise InvalidInput("Some items are not valid.", problems=problems)
            if sorted_.accepted:
                keyed = Keyed(asked, lambda _: b"") if asked else None
                await self.batcher.submit(caller.org_id, sorted_.accepted, keyed)

    async def accept_each(self, request: Request) -> bytes:
        """What became of each item, as JSON. Raises InvalidInput when none was accepted."""
        async with self.body.held(request) as body:
            await self.turns.next(len(body))
            raws = read_each(body, MOST_BATCH)
            caller = await self.caller(request)
            asked = once_of(request, "items/batch", body)
            await self.admit(caller, len(raws))
            known = await self.answered(caller, asked)
            if known is not None:
                return known
            return await self._place_each(caller, raws, asked, len(body))

    async def _place_each(
        self,
        caller: Caller,
        raws: Sequence[RawItem | tuple[Problem, ...]],
        asked: Once | None,
        size: int,
    ) -> bytes:
        intake = await self.intakes.get(caller.org_id)
        sorted_ = await self._sort(intake, raws, size)
        outcomes = [
            each if isinstance(each, Taken) else _pointed(index, each)
            for index, each in enumerate(sorted_.outcomes)
        ]
        problems = tuple(p for each in outcomes if not isinstance(each, Taken) for p in each)
        if problems and not sorted_.accepted:
            raise InvalidInput("No item of the batch is valid.", problems=problems[:MOST_PROBLEMS])
        answer: Callable[[Place], bytes] = partial(batch_answer, outcomes)
        keyed = Keyed(asked, answer) if asked else None
        placed = await self.batcher.submit(caller.org_id, sorted_.accepted, keyed)
        return placed.answer if isinstance(placed, Repeated) else answer(placed)

    async def caller(self, request: Request) -> Caller:
        """Whoever may send items: a key, as a rule. Raises NotAuthenticated, PermissionDenied."""
        key = request.headers.get("x-api-key")
        if key is not None:
            caller = await self.callers.get(key)
        else:
            caller = await asyncio.to_thread(authenticate_request, self.context, request)
        require(caller, Permission.SUBMIT_ITEMS)
        return caller

    async def admit(self, caller: Caller, items: int, *, stored: bool = True) -> None:
        """Raises PermissionDenied, RateLimited or Unavailable."""
        require(caller, Permission.SUBMIT_ITEMS)
        gate = await self.gates.get(caller.org_id)
        if not self.admission.at_once(gate, caller, items, stored=stored):
            await asyncio.to_thread(self.admission.draw, gate, caller, items)

    async def answered(self, caller: Caller, asked: Once | None) -> bytes | None:
        """The answer to a request that was done before. Raises KeyReused."""
        if asked is None:
            return None
        return await asyncio.to_thread(answered, self.context, caller, asked)

    async def _sort(
        self, intake: Intake, raws: Sequence[RawItem | tuple[Problem, ...]], size: int
    ) -> _Sorted:
        """size: of the body, in bytes."""
        found = _Sorted()
        for index, raw in enumerate(raws):
            if index % A_TURNS_WORK == A_TURNS_WORK - 1:
                await self.turns.next(size * (len(raws) - index) // len(raws))
            judged = raw if isinstance(raw, tuple) else await self.coerced(intake, raw)
            if isinstance(judged, Item):
                found.take(judged, intake)
            elif len(found.outcomes) - len(found.accepted) < MOST_BATCH:
                found.outcomes.append(judged)
        return found

    async def coerced(self, intake: Intake, raw: RawItem) -> Judged:
        """The item as it is kept, judged by the version of its type that it names."""
        item_type = intake.item_types.get(raw.type_id)
        if item_type is None:
            known = f"No item type with the id {raw.type_id[:200]!r} exists."
            return (Problem(known, title=NO_TYPE_TITLE),)
        if raw.type_version is not None and raw.type_version != str(item_type.version):
            try:
                item_type = await self._past_type(intake, raw.type_id, raw.type_version)
            except NotFound as error:
                return (Problem(error.message, title=NO_VERSION_TITLE),)
        return coerce_item(raw, item_type, intake.item_types)

    async def _past_type(self, intake: Intake, type_id: str, version: str) -> ItemType:
        if not version.isascii() or not version.isdigit() or not 0 < int(version[:12]) < 1 << 31:
            raise NotFound(f"{version[:200]!r} is not a version of this item type.")
        return await self.past_types.get((intake.org_id, type_id, int(version)))


def once_of(request: Request, endpoint: str, body: bytes) -> Once | None:
    """None without the header. Raises InvalidInput for a key that is none."""
    key = request.headers.get(HEADER)
    return None if key is None else once(key, endpoint, body)


def accept_item(item: Item, intake: Intake, submission_id: str) -> Accepted:
    creator = item.creator
    tail = copy_tail(
        submission_id=submission_id,
        type_id=item.type_id,
        type_version=item.type_version,
        item_id=item.item_id,
        creator=(creator.type_id, creator.item_id) if creator else None,
        data=ENCODER.encode(item.data),
        source=SOURCE,
    )
    events = intake.events(item.type_id, item.data)
    return Accepted(tail, item.type_id, item.data, events, intake.counters_version)


def _in_batch(outcomes: Sequence[Taken | tuple[Problem, ...]]) -> tuple[Problem, ...]:
    """Of the items that are refused, each at its item's place; where inside goes into the words."""
    problems = [
        Problem(
            f"{problem.message} (at {problem.pointer})" if problem.pointer else problem.message,
            f"/items/{index}",
            problem.hint,
            problem.slug,
            problem.title,
        )
        for index, each in enumerate(outcomes)
        if not isinstance(each, Taken)
        for problem in each
    ]
    return tuple(problems[:MOST_PROBLEMS])


def _pointed(index: int, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """With pointers that begin at the body, not at the item."""
    start = f"/items/{index}"
    return tuple(
        problem
        if problem.pointer.startswith(start)
        else Problem(
            problem.message,
            f"{start}{problem.pointer}",
            problem.hint,
            problem.slug,
            problem.title,
        )
        for problem in problems
    )
