"""What an organisation says its items look like: kinds, scalars, containers, field roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    CONTENT = "CONTENT"
    USER = "USER"
    THREAD = "THREAD"


class Scalar(StrEnum):
    STRING = "STRING"
    ID = "ID"
    POLICY_ID = "POLICY_ID"
    USER_ID = "USER_ID"
    RELATED_ITEM = "RELATED_ITEM"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATETIME = "DATETIME"
    URL = "URL"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    MEDIA = "MEDIA"
    GEOHASH = "GEOHASH"
    IP_ADDRESS = "IP_ADDRESS"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    ENUM = "ENUM"
    OBJECT = "OBJECT"


class Role(StrEnum):
    CREATOR_ID = "creatorId"
    THREAD_ID = "threadId"
    PARENT_ID = "parentId"
    CREATED_AT = "createdAt"
    DISPLAY_NAME = "displayName"
    PROFILE_ICON = "profileIcon"
    BACKGROUND_IMAGE = "backgroundImage"
    IS_DELETED = "isDeleted"
    IP_ADDRESS = "ipAddress"
    EMAIL = "email"


@dataclass(frozen=True)
class Container:
    """key: the scalar of a map's keys; None for an array."""

    kind: Literal["ARRAY", "MAP"]
    key: Scalar | None
    value: Scalar


@dataclass(frozen=True)
class Field:
    """type: the field's scalar; inside a container, the scalar of its elements or values.

    options: what an ENUM may hold. fields: what an OBJECT holds.
    """

    name: str
    type: Scalar
    required: bool = False
    container: Container | None = None
    options: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class ItemType:
    """roles: which field plays which role."""

    type_id: str
    version: int
    name: str
    kind: Kind
    fields: tuple[Field, ...]
    roles: Mapping[Role, str] = field(default_factory=dict)
    description: str = ""
    hidden_fields: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash((self.type_id, self.version))

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)
