"""The signals that rules may ask, and the packages that offer them."""

from fastapi import APIRouter, Depends

from api.auth import Needs
from api.wire import Reply, documented
from engine.errors import NotAuthenticated, PermissionDenied
from engine.permissions import Permission
from services.signal_views import SignalList, list_of
from services.signals import installed

router = APIRouter(
    prefix="/signals", tags=["Rules"], responses=documented(NotAuthenticated, PermissionDenied)
)


@router.get(
    "",
    summary="Every signal: what it takes and gives, its cost, thresholds and model card",
    dependencies=[Depends(Needs(Permission.VIEW_RULES_DASHBOARD))],
)
def read_signals() -> Reply[SignalList]:
    return Reply(list_of(installed()))
