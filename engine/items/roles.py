"""The parts that fields play: which kinds have which roles, on which scalar, and what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.items.item_type import Kind, Role, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY_KIND: Final = frozenset(Kind)
_USERS: Final = frozenset({Kind.USER})
_CONTENT: Final = frozenset({Kind.CONTENT})

KINDS: Final[Mapping[Role, frozenset[Kind]]] = {
    Role.CREATOR_ID: frozenset({Kind.CONTENT, Kind.THREAD}),
    Role.THREAD_ID: _CONTENT,
    Role.PARENT_ID: _CONTENT,
    Role.CREATED_AT: _EVERY_KIND,
    Role.DISPLAY_NAME: _EVERY_KIND,
    Role.PROFILE_ICON: _USERS,
    Role.BACKGROUND_IMAGE: _USERS,
    Role.IS_DELETED: _EVERY_KIND,
    Role.IP_ADDRESS: _EVERY_KIND,
    Role.EMAIL: _USERS,
}

SCALARS: Final[Mapping[Role, Scalar]] = {
    Role.CREATOR_ID: Scalar.RELATED_ITEM,
    Role.THREAD_ID: Scalar.RELATED_ITEM,
    Role.PARENT_ID: Scalar.RELATED_ITEM,
    Role.CREATED_AT: Scalar.DATETIME,
    Role.DISPLAY_NAME: Scalar.STRING,
    Role.PROFILE_ICON: Scalar.IMAGE,
    Role.BACKGROUND_IMAGE: Scalar.IMAGE,
    Role.IS_DELETED: Scalar.BOOLEAN,
    Role.IP_ADDRESS: Scalar.IP_ADDRESS,
    Role.EMAIL: Scalar.EMAIL_ADDRESS,
}

NEEDS: Final[Mapping[Role, tuple[Role, ...]]] = {
    Role.PARENT_ID: (Role.THREAD_ID, Role.CREATED_AT),
    Role.THREAD_ID: (Role.CREATED_AT,),
}
"""In the order they are checked: of an item that breaks both, the parent is spoken of."""


def unmet_role(roles: Mapping[Role, str], data: Mapping[str, object]) -> str | None:
    """What a content item lacks: a parent asks for a thread and a time, a thread for a time."""
    for role, needed in NEEDS.items():
        if role not in roles or not data.get(roles[role]):
            continue
        lacking = [each for each in needed if each not in roles or data.get(roles[each]) is None]
        if lacking:
            return _lacking_message(role, lacking, roles)
    return None


def _lacking_message(role: Role, lacking: list[Role], roles: Mapping[Role, str]) -> str:
    wanted = " and ".join(
        f"a value for '{roles[each]}' (its {each.value})"
        if each in roles
        else f"a field in the role {each.value}"
        for each in NEEDS[role]
    )
    missing = ", ".join(each.value for each in lacking)
    return (
        f"The field '{roles[role]}' (its {role.value}) may only be given together with {wanted}."
        f" Missing: {missing}."
    )
