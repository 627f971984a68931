"""Items looked up by id or author, and everything known about one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented, paging
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import items
from services.context import Caller
from services.items import ItemCard, ItemHistory

router = APIRouter(
    prefix="/items",
    tags=["Investigation"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Investigator = Annotated[Caller, Depends(Needs(Permission.VIEW_INVESTIGATION))]


@router.get("", summary="Submissions of an item, of an author or of anybody, latest first")
def find_items(
    request: Request,
    caller: Investigator,
    page: Annotated[PageRequest, Depends(paging)],
    itemTypeId: str | None = None,  # noqa: N803 - the parameter's name on the wire
    itemId: str | None = None,  # noqa: N803 - the parameter's name on the wire
    creatorId: str | None = None,  # noqa: N803 - the parameter's name on the wire
) -> Reply[Page[ItemCard]]:
    return Reply(
        items.find(
            context_of(request),
            caller,
            page,
            item_type_id=itemTypeId or None,
            item_id=itemId or None,
            creator_id=creatorId or None,
        )
    )


@router.get("/{item_type_id}/{item_id:path}", summary="Everything known about one item")
def read_item(
    request: Request, item_type_id: str, item_id: str, caller: Investigator
) -> Reply[ItemHistory]:
    return Reply(items.history(context_of(request), caller, item_type_id, item_id))
