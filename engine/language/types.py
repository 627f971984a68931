"""What an expression can be, and how item types and Arrow schemas map onto it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Base(StrEnum):
    BOOLEAN = "BOOLEAN"
    NUMBER = "NUMBER"
    TEXT = "TEXT"
    TIME = "TIME"
    DURATION = "DURATION"
    LIST = "LIST"
    MAP = "MAP"
    STRUCT = "STRUCT"
    ITEM = "ITEM"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    URL = "URL"
    GEOHASH = "GEOHASH"
    IP = "IP"
    EMAIL = "EMAIL"
    ID = "ID"
    NULL = "NULL"  # the bare word NULL: fits every type
    ERROR = "ERROR"  # already reported: fits every type, so that one mistake is told once


@dataclass(frozen=True)
class Type:
    """`element` of LIST and MAP (whose keys are TEXT); `fields` of STRUCT, ITEM and media."""

    base: Base
    element: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        if self.base is Base.LIST:
            return f"LIST({self.element})"
        if self.base is Base.MAP:
            return f"MAP(TEXT, {self.element})"
        return str(self.base)

    @property
    def textual(self) -> bool:
        """Held as a string, so usable wherever TEXT is."""
        return self.base in _TEXTUAL

    @property
    def wild(self) -> bool:
        return self.base in {Base.NULL, Base.ERROR}

    @property
    def many(self) -> bool:
        """Holds elements that a quantifier can look at; of a map, its values."""
        return self.base in {Base.LIST, Base.MAP}

    def member(self, name: str) -> Type | None:
        return dict(self.fields).get(name)


_TEXTUAL = frozenset({Base.TEXT, Base.URL, Base.GEOHASH, Base.IP, Base.EMAIL, Base.ID})

BOOLEAN = Type(Base.BOOLEAN)
NUMBER = Type(Base.NUMBER)
TEXT = Type(Base.TEXT)
TIME = Type(Base.TIME)
DURATION = Type(Base.DURATION)
URL = Type(Base.URL)
GEOHASH = Type(Base.GEOHASH)
IP = Type(Base.IP)
EMAIL = Type(Base.EMAIL)
ID = Type(Base.ID)
NULL = Type(Base.NULL)
ERROR = Type(Base.ERROR)
ITEM = Type(Base.ITEM, fields=(("id", ID), ("typeId", ID)))
IMAGE = Type(Base.IMAGE, fields=(("url", URL),))
VIDEO = Type(Base.VIDEO, fields=(("url", URL),))
AUDIO = Type(Base.AUDIO, fields=(("url", URL),))
MEDIA = Type(Base.STRUCT, fields=(("url", URL), ("mediaType", TEXT)))


def list_of(element: Type) -> Type:
    return Type(Base.LIST, element=element)


def map_of(element: Type) -> Type:
    return Type(Base.MAP, element=element)


def struct_of(fields: Mapping[str, Type]) -> Type:
    return Type(Base.STRUCT, fields=tuple(fields.items()))


PROFILE_COLUMNS: Final = {"creator": "_creator", "thread": "_thread"}
"""Where a row, and a relation, hold what the related item was when the item arrived."""


@dataclass(frozen=True)
class Profile:
    """What a related item may be: the fields of every item type that it may have.

    differing: those that are of another type in another item type, in words.
    """

    fields: Mapping[str, Type] = field(default_factory=dict)
    differing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Schema:
    """What a rule may read.

    name: the item type's id; part of every counter's identity.
    creator_field, thread_field: the fields that hold the author and the thread; the words
        `creator` and `thread` always mean them.
    profiles: by those words, what may be read of the related item itself.
    reads: field -> SQL that reads it from the relation, where a plain quoted name would not give
        the value that ingest would have stored (integers, naive times, renamed columns).
    """

    name: str
    fields: Mapping[str, Type]
    creator_field: str | None = None
    reads: Mapping[str, str] = field(default_factory=dict)
    thread_field: str | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def related_field(self, word: str) -> str | None:
        """The field that `creator` or `thread`, in any case, means; None for other words."""
        match word.casefold():
            case "creator":
                return self.creator_field
            case "thread":
                return self.thread_field
            case _:
                return None
