"""`POST /items/evaluate`: one item in, and what the rules say of it in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from api.in_time import in_time
from api.ingest import once_of
from api.item_body import Fault, item_faults, raw_mapping, read_object, required_faults
from api.routes.items import ITEM_EXAMPLE, ITEM_SCHEMA, NATIVE, Endpoint, described
from api.wire import Reply
from engine.errors import InvalidInput, Problem
from engine.items import Item
from engine.permissions import Permission
from services.context import require
from services.dry_runs import dry_run
from services.verdicts import Verdict, evaluate_item, keep_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.ingest import Ingest
    from engine.idempotency import Once
    from engine.items import RawItem
    from services.context import Caller
    from services.synchronous_evaluation import SynchronousEvaluation

EVALUATE = "/items/evaluate"
USUAL_DEADLINE_MS = 5_000
MOST_DEADLINE_MS = 24_000
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["item"],
    "properties": {
        "item": ITEM_SCHEMA,
        "deadlineMs": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_DEADLINE_MS,
            "default": USUAL_DEADLINE_MS,
            "description": "Past it the item is kept, and the answer is a 202 without a verdict.",
        },
        "dryRun": {
            "type": "boolean",
            "default": False,
            "description": "Judge the item as if it arrived now, and keep nothing of it.",
        },
        "trace": {
            "type": "boolean",
            "default": False,
            "description": "Every condition of every rule with what it saw; for those who may see "
            "rules.",
        },
    },
    "examples": [{"item": ITEM_EXAMPLE, "deadlineMs": 500}],
}


@dataclass(frozen=True)
class Asked:
    item: RawItem
    deadline_s: float
    dry: bool
    traced: bool


def read_asked(body: bytes) -> Asked:
    """Raises InvalidInput."""
    found = read_object(body, _faults)
    return Asked(
        raw_mapping(found["item"]),
        found.get("deadlineMs", USUAL_DEADLINE_MS) / 1000,
        found.get("dryRun", False),
        found.get("trace", False),
    )


def _faults(decoded: object) -> list[Fault]:
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    missing = required_faults(decoded, "", "item")
    item = [] if missing else item_faults(decoded["item"], "/item")
    return [*missing, *item, *_deadline_faults(decoded), *_flag_faults(decoded)]


def _deadline_faults(decoded: Mapping[str, object]) -> list[Fault]:
    given = decoded.get("deadlineMs", USUAL_DEADLINE_MS)
    if type(given) is int and 1 <= given <= MOST_DEADLINE_MS:
        return []
    return [Fault("/deadlineMs", f"must be an integer from 1 to {MOST_DEADLINE_MS}")]


def _flag_faults(decoded: Mapping[str, object]) -> list[Fault]:
    return [
        Fault(f"/{name}", "must be true or false")
        for name in ("dryRun", "trace")
        if not isinstance(decoded.get(name, False), bool)
    ]


def evaluation(ingest: Ingest, desk: SynchronousEvaluation) -> Endpoint:
    async def evaluate(request: Request) -> Response:
        """The item is kept, and its actions are executed, as if it had been sent for evaluation."""
        async with ingest.body.held(request) as body:
            asked = read_asked(body)
            caller = await ingest.caller(request)
            once = None if asked.dry else once_of(request, "items/evaluate", body)
            if asked.traced:
                require(caller, Permission.VIEW_RULES_DASHBOARD)
            await ingest.admit(caller, 1, stored=False)
            intake = await ingest.intakes.get(caller.org_id)
            item = await ingest.coerced(intake, asked.item)
            if not isinstance(item, Item):
                raise InvalidInput("The item is not valid.", problems=_in_body(item))
        verdict = await _judged(desk, caller, item, asked, once)
        body = Reply[Verdict](verdict).model_dump_json(by_alias=True).encode()
        return Response(body, 200 if verdict.finished else 202, media_type="application/json")

    return evaluate


def evaluations_router(evaluate: Endpoint) -> APIRouter:
    router = APIRouter(tags=["Items"])
    router.post(
        EVALUATE,
        summary="Judge one item now",
        response_model=Reply[Verdict],
        openapi_extra=described(SCHEMA),
        responses={
            202: {"description": "Kept; its verdict comes later.", "model": Reply[Verdict]},
            **NATIVE,
        },
    )(evaluate)
    return router


async def _judged(
    desk: SynchronousEvaluation, caller: Caller, item: Item, asked: Asked, once: Once | None
) -> Verdict:
    if asked.dry:
        return await to_thread.run_sync(partial(dry_run, traced=asked.traced), desk, caller, item)
    deadline_s = asked.deadline_s

    def judge(kept: Callable[[Verdict], None]) -> Verdict:
        return evaluate_item(
            desk, caller, item, deadline_s=deadline_s, kept=kept, once=once, traced=asked.traced
        )

    return await in_time(
        desk.threads, deadline_s, judge, lambda: keep_item(desk, caller, item, once)
    )


def _in_body(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(
        Problem(each.message, f"/item{each.pointer}", each.hint, each.slug, each.title)
        for each in problems
    )
