"""What a condition reads, as SQL over one item type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.coop_import.thresholds import ScoreType
from engine.items import Role, Scalar
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
class Value:
    """One value, or a list of them.

    sql: reads it. type: None where it can be asked for, but not compared. listed: any element.
    """

    sql: str
    type: ScoreType | None
    listed: bool = False
    missing: str = ""

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


def read_input(given: object, item_type: ItemType) -> Read:
    """Raises Refused."""
    if not isinstance(given, Mapping):
        raise Refused("input", "the condition has no input")
    kind, name = given.get("type"), given.get("name")
    if kind == "CONTENT_FIELD":
        return _field(given, item_type)
    if kind == "FULL_ITEM":
        types = given.get("contentTypeIds")
        mine = not isinstance(types, list) or item_type.type_id in types
        return Read((), whole=True) if mine else NOTHING
    if kind == "USER_ID" or (kind == "CONTENT_COOP_INPUT" and name == AUTHOR):
        authored = item_type.roles.get(Role.CREATOR_ID)
        return Read((Value("creator", None),)) if authored else NOTHING
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


def _field(given: Mapping[object, object], item_type: ItemType) -> Read:
    name, owner = given.get("name"), given.get("contentTypeId")
    field = item_type.field(str(name))
    if field is None or (owner is not None and owner != item_type.type_id):
        return NOTHING
    return Read((_value(field),))


def _value(field: Field) -> Value:
    if field.container is not None and field.container.kind == "MAP":
        return Value(quoted(field.name), None)
    return Value(quoted(field.name), _type(field.type), listed=field.container is not None)


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
