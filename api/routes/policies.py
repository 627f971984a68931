"""`GET /policies`, as platforms that speak to Coop read it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.requests import Request

from api.auth import Needs, context_of
from api.errors import COOP_TAG
from services.context import Caller
from services.policies import all_policies

router = APIRouter(tags=[COOP_TAG])


@router.get("/policies", summary="List the organisation's policies")
def read_policies(
    request: Request,
    caller: Annotated[Caller, Depends(Needs())],
    language: Annotated[str, Query(max_length=40, description="Names in it, such as `de`")] = "",
) -> dict[str, list[dict[str, str | None]]]:
    return {
        "policies": [
            {
                "id": policy.policy_id,
                "name": policy.wording(language).name,
                "parentId": policy.parent_id,
            }
            for policy in all_policies(context_of(request), caller)
        ]
    }
