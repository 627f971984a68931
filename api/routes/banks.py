"""Trying a text against a bank."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.auth import Needs, context_of
from api.wire import Body, Reply, Text, documented
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.permissions import Permission
from services import banks
from services.banks import BankTest
from services.context import Caller

router = APIRouter(
    prefix="/config/banks",
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)


class TriedText(Body):
    text: Text


@router.post("/{bank_id}/try", summary="What a text matches in a bank, and by which entries")
def try_bank(
    request: Request,
    bank_id: str,
    body: TriedText,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))],
) -> Reply[BankTest]:
    return Reply(banks.try_bank(context_of(request), caller, bank_id, body.text))
