"""What a condition reads, as SQL over one item type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.configuration.related import KINDS, ROLES
from engine.coop_import.thresholds import ScoreType
from engine.items import Kind, Role, Scalar
from engine.language.duckdb_sql import quoted

if TYPE_CHECKING:
    from engine.items import Field, ItemType

TEXTS: Final = frozenset(
    {Scalar.STRING, Scalar.ID, Scalar.POLICY_ID, Scalar.URL, Scalar.GEOHASH, Scalar.IP_ADDRESS}
    | {Scalar.EMAIL_ADDRESS, Scalar.ENUM}
)
MEDIA_INPUTS: Final = {
    "Any image": Scalar.IMAGE,
    "Any video": Scalar.VIDEO,
    "Any geohash": Scalar.GEOHASH,
}
SELF: Final = "item"
ALL_TEXT: Final = "All text"
AUTHOR: Final = "Content author (user)"


class Refused(Exception):
    """What cannot be said in a rule. key: the part of the condition that is to blame."""

    def __init__(self, key: str, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True)
class Scope:
    """What a rule's conditions can read.

    asked: the names of all item types that the rule is asked of. others: by id, those of the file
    that it is not asked of. warn: what is said, but works differently or never did.
    """

    item_type: ItemType
    asked: tuple[str, ...] = ()
    others: Mapping[str, ItemType] = field(default_factory=dict)
    warn: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class Value:
    """One value, or a list of them.

    sql: reads it. type: None where it can be asked for, but not compared. listed: any element.
    related: it is a field of the author or the thread.
    """

    sql: str
    type: ScoreType | None
    listed: bool = False
    missing: str = ""
    related: bool = False

    @property
    def absent(self) -> str:
        return self.missing or f"{self.sql} IS NULL"


@dataclass(frozen=True)
class Read:
    """values: none for an input that an item of this type never has.

    whole: the item itself, which is always there. joined: the texts of several fields.
    """

    values: tuple[Value, ...]
    whole: bool = False
    joined: bool = False

    @property
    def absent(self) -> str:
        if self.whole:
            return "FALSE"
        return " AND ".join(value.absent for value in self.values) or "TRUE"


NOTHING: Final = Read(())


def read_input(given: object, scope: Scope) -> Read:
    """Raises Refused."""
    if not isinstance(given, Mapping):
        raise Refused("input", "the condition has no input")
    kind, name, item_type = given.get("type"), given.get("name"), scope.item_type
    if kind == "CONTENT_FIELD":
        return _field(given, scope)
    if kind == "FULL_ITEM":
        types = given.get("contentTypeIds")
        mine = not isinstance(types, list) or item_type.type_id in types
        return Read((), whole=True) if mine else NOTHING
    if kind == "USER_ID" or (kind == "CONTENT_COOP_INPUT" and name == AUTHOR):
        return _author(item_type)
    if kind == "CONTENT_COOP_INPUT" and name == ALL_TEXT:
        return _all_text(item_type)
    if kind == "CONTENT_COOP_INPUT" and name in MEDIA_INPUTS:
        return _all_of(MEDIA_INPUTS[str(name)], item_type)
    shown = name if kind == "CONTENT_COOP_INPUT" else kind
    raise Refused("input", f"the input `{shown}` is not known to rules", _WHY.get(str(shown), ""))


_WHY: Final = {
    "Relevant Policy": "it belongs to routing rules",
    "Source": "it belongs to routing rules",
    "CONTENT_DERIVED_FIELD": "send what is derived, such as a transcript, as a field of its own",
}


def _author(item_type: ItemType) -> Read:
    """Of a user, the user."""
    if item_type.kind is Kind.USER:
        return Read((Value(SELF, None, missing="FALSE"),))
    return Read((Value("creator", None),)) if Role.CREATOR_ID in item_type.roles else NOTHING


def _field(given: Mapping[object, object], scope: Scope) -> Read:
    """A field of another item type: the author's, the thread's, or one that is never there."""
    name, owner = str(given.get("name")), given.get("contentTypeId")
    item_type = scope.item_type
    if owner is not None and owner != item_type.type_id:
        return _related(name, str(owner), scope)
    found = item_type.field(name)
    return NOTHING if found is None else Read((_value(found),))


def _related(name: str, owner: str, scope: Scope) -> Read:
    of = scope.others.get(owner)
    found = of.field(name) if of is not None else None
    for word, kind in KINDS.items():
        related = of is not None and of.kind is kind and ROLES[word] in scope.item_type.roles
        if related and of is not None and found is not None:
            scope.warn(
                f"`{name}` is a field of {of.name}, which Coop never finds on a "
                f"{scope.item_type.name}: here it is that of the item's {word}"
            )
            return Read((_value(found, f"{word}."),))
    return NOTHING


def _value(field: Field, of: str = "") -> Value:
    is_map = field.container is not None and field.container.kind == "MAP"
    return Value(
        f"{of}{quoted(field.name)}",
        None if is_map else _type(field.type),
        listed=field.container is not None and not is_map,
        related=bool(of),
    )


def _type(scalar: Scalar) -> ScoreType | None:
    if scalar in TEXTS:
        return ScoreType.TEXT
    return {Scalar.NUMBER: ScoreType.NUMBER, Scalar.BOOLEAN: ScoreType.BOOLEAN}.get(scalar)


def _all_text(item_type: ItemType) -> Read:
    """All STRING fields: single ones joined by one blank in their order, lists by element."""
    texts = [field for field in item_type.fields if field.type is Scalar.STRING]
    single = [quoted(field.name) for field in texts if field.container is None]
    lists = tuple(_value(field) for field in texts if field.container is not None)
    if any(value.type is None for value in lists):
        raise Refused("input", "`All text` reads a map, whose values rules cannot search")
    if len(single) < 2:  # noqa: PLR2004 - nothing to join
        return Read((*(Value(sql, ScoreType.TEXT) for sql in single), *lists), joined=bool(lists))
    pieces = " || ".join(f"coalesce(' ' || {sql}, '')" for sql in single)
    missing = " AND ".join(f"{sql} IS NULL" for sql in single)
    whole = Value(f"substr({pieces}, 2)", ScoreType.TEXT, missing=missing)
    return Read((whole, *lists), joined=bool(lists))


def _all_of(scalar: Scalar, item_type: ItemType) -> Read:
    fields = [field for field in item_type.fields if field.type is scalar]
    return Read(
        tuple(
            Value(quoted(f.name), None)
            if f.container is None
            else Value(quoted(f.name), None, missing=f"coalesce(len({quoted(f.name)}), 0) = 0")
            for f in fields
        )
    )
