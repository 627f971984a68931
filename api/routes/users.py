"""The organisation's people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Words, documented, whole
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page
from engine.permissions import Permission, UserRole
from services import users
from services.context import Caller
from services.users import UserChange
from store.users import User

router = APIRouter(
    prefix="/users",
    route_class=OnceRoute,
    tags=["Access"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_USERS))]
Role = Annotated[UserRole, Field(strict=False)]


NEW_USER: JsonDict = {"email": "ann@platform.example", "name": "Ann", "role": "MODERATOR"}


class NewUser(Body):
    """password: made and answered once when it is left out."""

    model_config = ConfigDict(json_schema_extra={"example": NEW_USER})

    email: Words
    name: Words = ""
    role: Role
    password: Words | None = None


class Changes(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"role": "ANALYST"}})

    name: Words | None = None
    role: Role | None = None
    disabled: bool | None = None
    password: Words | None = None


@dataclass(frozen=True)
class UserView:
    """password: given once, when the user is made without one."""

    user_id: str
    email: str
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    password: str | None = None


def _view(user: User, password: str | None = None) -> UserView:
    return UserView(
        user_id=user.user_id,
        email=user.email,
        name=user.name,
        role=user.role.value,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        password=password,
    )


@router.get("", summary="Everybody in the organisation")
def list_users(request: Request, caller: Administrator) -> Reply[Page[UserView]]:
    return Reply(whole(_view(user) for user in users.list_users(context_of(request), caller)))


@router.post("", status_code=201, summary="Add a person")
def create_user(request: Request, body: NewUser, caller: Administrator) -> Reply[UserView]:
    new = users.create_user(
        context_of(request),
        caller,
        email=body.email,
        role=body.role,
        name=body.name,
        password=body.password,
    )
    return Reply(_view(new.user, new.password if body.password is None else None))


@router.put("/{user_id}", summary="Change a name, a role or a password; disable, enable")
def update_user(
    request: Request, user_id: str, body: Changes, caller: Administrator
) -> Reply[UserView]:
    change = UserChange(body.name, body.role, body.disabled, body.password)
    return Reply(_view(users.update_user(context_of(request), caller, user_id, change)))
