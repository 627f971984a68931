from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented
from engine.errors import NotAuthenticated
from services import organisations, signing_keys
from services.context import Caller

router = APIRouter(tags=["Access"], responses=documented(NotAuthenticated))


@dataclass(frozen=True)
class OrganisationView:
    """signing_public_key_pem: verifies the signature of every webhook."""

    org_id: str
    name: str
    config_version: int
    signing_public_key_pem: str


@router.get("/org", summary="The caller's organisation")
def read_organisation(
    request: Request, caller: Annotated[Caller, Depends(Needs())]
) -> Reply[OrganisationView]:
    context = context_of(request)
    organisation = organisations.get_organisation(context, caller)
    return Reply(
        OrganisationView(
            org_id=str(organisation.org_id),
            name=organisation.name,
            config_version=organisation.config_version,
            signing_public_key_pem=signing_keys.public_key_pem(context, caller),
        )
    )
