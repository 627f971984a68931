"""Which parts fields probably play, told by their names and types."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.items.item_type import Field, Kind, Role, Scalar
from engine.items.roles import KINDS, NEEDS, SCALARS, unmet_role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ID_NAME: Final = re.compile(r"(?:^|[^a-z])(?:id|ids|uuid|guid|key|hash|code|zip|phone)$")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_NAMES: Final[Mapping[Role, Sequence[str]]] = {
    Role.CREATOR_ID: (
        "creator",
        "creatorid",
        "author",
        "authorid",
        "userid",
        "user",
        "senderid",
        "sender",
        "postedby",
        "owner",
        "ownerid",
        "accountid",
        "username",
    ),
    Role.THREAD_ID: ("threadid", "thread", "conversationid", "channelid", "roomid", "chatid"),
    Role.PARENT_ID: ("parentid", "parent", "replyto", "inreplyto", "replytoid"),
    Role.CREATED_AT: (
        "createdat",
        "created",
        "timestamp",
        "postedat",
        "publishedat",
        "sentat",
        "createdon",
        "datetime",
        "date",
        "time",
    ),
    Role.DISPLAY_NAME: ("displayname", "title", "name", "subject", "username", "fullname"),
    Role.PROFILE_ICON: ("profileicon", "avatar", "avatarurl", "icon", "profileimage", "picture"),
    Role.BACKGROUND_IMAGE: ("backgroundimage", "banner", "bannerurl", "coverimage", "header"),
    Role.IS_DELETED: ("isdeleted", "deleted"),
    Role.IP_ADDRESS: ("ipaddress", "ip", "clientip", "remoteip", "userip"),
    Role.EMAIL: ("email", "emailaddress", "mail"),
}
"""Lower case without separators; the earlier, the surer."""

_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("user", "account", "profile", "member", "person"), Kind.USER),
    **dict.fromkeys(("thread", "conversation", "channel", "chat", "room"), Kind.THREAD),
}
_REFERENCES: Final = (Role.CREATOR_ID, Role.THREAD_ID, Role.PARENT_ID)
_BARE: Final = frozenset({Scalar.ID, Scalar.STRING, Scalar.NUMBER, Scalar.ENUM})


def looks_like_id(name: str) -> bool:
    return _ID_NAME.search(_CAMEL.sub("_", name).lower()) is not None


def guess_kind(name: str) -> Kind:
    word = name.strip().lower()
    return _KINDS.get(word) or _KINDS.get(word.removesuffix("s"), Kind.CONTENT)


def complete_references(fields: Sequence[Field], kind: Kind) -> tuple[Field, ...]:
    """Columns that name a user, a thread or a parent by a bare id become related items."""
    chosen = {
        name for role in _REFERENCES if (name := _named(role, fields, kind, _BARE)) is not None
    }
    return tuple(
        replace(field, type=Scalar.RELATED_ITEM, options=()) if field.name in chosen else field
        for field in fields
    )


def guess_roles(
    fields: Sequence[Field], kind: Kind, records: Iterable[Mapping[str, object]]
) -> dict[Role, str]:
    """At most one field a role; a role that some record would break is left out."""
    roles: dict[Role, str] = {}
    for role in Role:
        name = _named(role, fields, kind, frozenset({SCALARS[role]}))
        if name is not None and name not in roles.values():
            roles[role] = name
    if kind is Kind.CONTENT:
        _drop_unmet(roles, records)
    return roles


def _named(
    role: Role, fields: Sequence[Field], kind: Kind, scalars: frozenset[Scalar]
) -> str | None:
    if kind not in KINDS[role]:
        return None
    fitting = {
        re.sub("[^a-z0-9]", "", field.name.lower()): field.name
        for field in reversed(fields)
        if field.container is None and field.type in scalars
    }
    return next((fitting[name] for name in _NAMES[role] if name in fitting), None)


def _drop_unmet(roles: dict[Role, str], records: Iterable[Mapping[str, object]]) -> None:
    """From the most demanding role down, so that a parent goes before its thread."""
    for role, needed in NEEDS.items():
        if role not in roles:
            continue
        kept = {each: roles[each] for each in (role, *needed) if each in roles}
        if len(kept) <= len(needed) or any(_breaks(kept, each) for each in records):
            del roles[role]


def _breaks(roles: Mapping[Role, str], record: Mapping[str, object]) -> bool:
    given = {key: value for key, value in record.items() if value not in (None, "")}
    return unmet_role(roles, given) is not None
