"""Routing rules beside their saving: their order, a trial, and why jobs went where they went."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.wire import Body, Document, Reply, Text, Words, documented, paging
from engine.actions.execution import Source
from engine.configuration.routing_rules import RoutingKind
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import routing, routing_log
from services.context import Caller
from services.routing import RouteView, Trial
from services.routing_log import RoutingView

router = APIRouter(
    prefix="/routing-rules",
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
TRIAL: JsonDict = {
    "itemTypeId": "<id of Post>",
    "data": {"text": "hello"},
    "policyIds": ["<id of Scams>"],
    "source": "submit-report",
}
ORDER: JsonDict = {"kind": "DEFAULT", "ruleIds": ["<the first>", "<the second>"]}


class TrialBody(Body):
    """data, or the id of an item that was sent before."""

    model_config = ConfigDict(json_schema_extra={"example": TRIAL})

    item_type_id: Words
    data: Document | None = None
    item_id: Words | None = None
    kind: Annotated[RoutingKind, Field(strict=False)] = RoutingKind.DEFAULT
    policy_ids: Annotated[list[Words], Field(max_length=100, default_factory=list)]
    source: Annotated[Source, Field(strict=False)] = Source.POST_ITEMS

    def trial(self) -> Trial:
        return Trial(
            item_type_id=self.item_type_id,
            data=self.data,
            item_id=self.item_id,
            kind=self.kind,
            policy_ids=tuple(self.policy_ids),
            source=self.source.value,
        )


class OrderBody(Body):
    """Every routing rule of the kind, once."""

    model_config = ConfigDict(json_schema_extra={"example": ORDER})

    kind: Annotated[RoutingKind, Field(strict=False)] = RoutingKind.DEFAULT
    rule_ids: Annotated[list[Words], Field(max_length=1000)]
    reason: Annotated[Text, Field(max_length=2000)] = ""


class Ordered(Body):
    rule_ids: list[str]


@router.post("/test", summary="Where a job about an item would go, and what each rule says")
def try_out(
    request: Request,
    body: TrialBody,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))],
) -> Reply[RouteView]:
    return Reply(routing.try_out(context_of(request), caller, body.trial()))


@router.put("/order", summary="Put the routing rules of one kind in order")
def reorder(
    request: Request,
    body: OrderBody,
    caller: Annotated[Caller, Depends(Needs(Permission.MANAGE_ROUTING_RULES))],
) -> Ordered:
    context = context_of(request)
    return Ordered(rule_ids=routing.reorder(context, caller, body.kind, body.rule_ids, body.reason))


@router.get("/log", summary="Why jobs went to their queues, latest first")
def read_log(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_MRT_DATA))],
    page: Annotated[PageRequest, Depends(paging)],
    queueId: str | None = None,  # noqa: N803 - the parameter's name on the wire
    ruleId: str | None = None,  # noqa: N803 - the parameter's name on the wire
) -> Reply[Page[RoutingView]]:
    found = routing_log.log(context_of(request), caller, page, queueId or None, ruleId or None)
    return Reply(found)
