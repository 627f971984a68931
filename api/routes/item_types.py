"""Proposing an item type from records as they are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs
from api.wire import Body, Document, Words, documented
from engine.errors import InvalidInput, NotAuthenticated, PermissionDenied
from engine.permissions import Permission
from services import item_types
from services.context import Caller
from services.item_types import MAX_RECORDS

router = APIRouter(
    prefix="/config/item-types",
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied),
)


RECORDS: JsonDict = {"name": "Post", "records": [{"text": "hello", "likes": 3}]}


class Records(Body):
    model_config = ConfigDict(json_schema_extra={"example": RECORDS})

    name: Annotated[Words, Field(min_length=1)]
    records: Annotated[list[Document], Field(min_length=1, max_length=MAX_RECORDS)]


@router.post("/infer", summary="Propose an item type from sample records")
def infer(
    body: Records, caller: Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
) -> dict[str, Any]:
    proposed = item_types.proposed_type(caller, body.records, body.name)
    return {key: value for key, value in proposed.items() if key != "schema"}
