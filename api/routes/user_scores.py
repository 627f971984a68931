"""`GET /user_scores`, as platforms that speak to Coop read it: a bare number from 1 to 5."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.errors import COOP_TAG
from engine.errors import InvalidInput, Problem
from engine.items import ItemRef
from engine.permissions import Permission
from services.context import Caller
from services.reputations import reputation_of

router = APIRouter(tags=[COOP_TAG])
Asked = Annotated[str | None, Query(max_length=512)]


@router.get(
    "/user_scores",
    summary="How good a user's name is: 5 is the best, and what a user nobody knows has",
    responses={400: {"description": "`id` and `typeId` are both needed."}},
)
def read_user_score(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_INVESTIGATION))],
    id: Asked = None,  # noqa: A002 - the parameter's name on the wire
    typeId: Asked = None,  # noqa: N803 - the same
) -> int:
    lacking = [name for name, value in (("id", id), ("typeId", typeId)) if not value]
    if lacking or not id or not typeId:
        problems = tuple(Problem(f"The query parameter `{name}` is needed.") for name in lacking)
        raise InvalidInput("A user is named by `id` and `typeId`.", problems=problems)
    return reputation_of(context_of(request), caller, ItemRef(typeId, id)).whole
