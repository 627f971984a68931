"""Proposes an item type from examples. A proposal takes the very records it was made from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from engine.items.instants import instant_text
from engine.items.item_type import Container, Field, ItemType, Scalar
from engine.items.refusal import Refused
from engine.items.role_guesses import complete_references, guess_kind, guess_roles, looks_like_id
from engine.items.scalars import geohash, ip_address
from engine.items.urls import is_web_url, media_kind
from engine.items.validation import MAX_FIELDS, MAX_NAME, MAX_NESTING

MAX_RECORDS: Final = 100_000
MAX_OPTIONS: Final = 12
MAX_OPTION_CHARACTERS: Final = 40
EXAMPLES_PER_OPTION: Final = 5
MAX_OBJECT_KEYS: Final = 40

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_BARE_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MEDIA: Final = {"IMAGE": Scalar.IMAGE, "VIDEO": Scalar.VIDEO, "AUDIO": Scalar.AUDIO}

_Values = Sequence[object]


def infer_item_type(
    records: Iterable[Mapping[str, object]], name: str, *, flat: bool = False
) -> ItemType:
    """Looks at the first MAX_RECORDS records; its type id is empty.

    flat: the records are rows of a file. Then a column that names a user or a thread by its bare
    id is proposed as a related item, and bare dates as DATETIME: `winnow import` completes both.
    Fields that hold nothing, or values no one type takes, are left out: unknown keys are kept
    anyway. Nothing is required: that is a promise only the platform can make.
    """
    seen = list(islice(records, MAX_RECORDS))
    columns = {name: values for name, values in _columns(seen).items() if _is_fit(name)}
    kind = guess_kind(name)
    fields = tuple(_fields(columns, flat=flat, depth=1))
    if not flat:
        return ItemType("", 1, name, kind, fields, guess_roles(fields, kind, seen))
    completed = complete_references(fields, kind)
    roles = guess_roles(completed, kind, seen)
    in_a_role = set(roles.values())
    fields = tuple(
        filled if filled.name in in_a_role else field
        for field, filled in zip(fields, completed, strict=True)
    )
    return ItemType("", 1, name, kind, fields, roles)


def left_out(item_type: ItemType, records: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """The keys of the records for which no field was proposed."""
    keys = dict.fromkeys(key for record in islice(records, MAX_RECORDS) for key in record)
    return tuple(key for key in keys if item_type.field(key) is None)


def _columns(records: Iterable[Mapping[str, object]]) -> dict[str, list[object]]:
    """What each key holds, without what counts as not given."""
    columns: dict[str, list[object]] = {}
    for record in records:
        for key, value in record.items():
            values = columns.setdefault(key, [])
            if value is not None and not _is_nan(value):
                values.append(value)
    return columns


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_fit(name: str) -> bool:
    return (
        bool(name)
        and name == name.strip()
        and name.isprintable()
        and not name.startswith("_")
        and len(name) <= MAX_NAME
    )


def _fields(columns: Mapping[str, Sequence[object]], *, flat: bool, depth: int) -> Iterable[Field]:
    taken: set[str] = set()
    for name, values in list(columns.items())[:MAX_FIELDS]:
        if name.casefold() in taken or not _is_fit(name):
            continue
        field = _field(name, values, flat=flat, depth=depth)
        if field is not None:
            taken.add(name.casefold())
            yield field


def _field(name: str, values: _Values, *, flat: bool, depth: int) -> Field | None:
    if not values or depth > MAX_NESTING:
        return None
    if all(isinstance(value, list) for value in values):
        inner = [each for value in values if isinstance(value, list) for each in value]
        return _array(name, inner, flat=flat, depth=depth)
    if all(isinstance(value, dict) for value in values):
        return _from_objects(name, values, flat=flat, depth=depth)
    scalar = _scalar(name, values, flat=flat)
    if scalar is Scalar.ENUM:
        return Field(name, scalar, options=tuple(sorted({str(value) for value in values})))
    return None if scalar is None else Field(name, scalar)


def _array(name: str, elements: _Values, *, flat: bool, depth: int) -> Field | None:
    if any(element is None for element in elements):
        return None
    element = (
        _field(name, elements, flat=flat, depth=depth) if elements else Field(name, Scalar.STRING)
    )
    if element is None or element.container is not None:
        return None
    return Field(
        name,
        element.type,
        container=Container("ARRAY", None, element.type),
        options=element.options,
        fields=element.fields,
    )


def _from_objects(name: str, values: _Values, *, flat: bool, depth: int) -> Field | None:
    """A related item, a map when the keys look like data, else an object."""
    objects = [value for value in values if isinstance(value, dict)]
    if all(_is_reference(each) for each in objects):
        return Field(name, Scalar.RELATED_ITEM)
    columns = _columns(objects)
    if len(columns) > MAX_OBJECT_KEYS:
        return _map(name, columns, flat=flat)
    fields = tuple(_fields(columns, flat=flat, depth=depth + 1))
    return Field(name, Scalar.OBJECT, fields=fields) if fields else None


def _map(name: str, columns: Mapping[str, Sequence[object]], *, flat: bool) -> Field | None:
    values = [value for column in columns.values() for value in column]
    scalar = _scalar(name, values, flat=flat)
    if scalar is None or scalar is Scalar.ENUM:
        return None
    return Field(name, scalar, container=Container("MAP", Scalar.STRING, scalar))


def _is_reference(value: Mapping[str, object]) -> bool:
    return all(isinstance(value.get(key), str) and value[key] for key in ("id", "typeId"))


def _scalar(name: str, values: _Values, *, flat: bool) -> Scalar | None:
    if all(isinstance(value, bool) for value in values):
        return Scalar.BOOLEAN
    if any(isinstance(value, (bool, list, dict)) for value in values):
        return None
    if all(isinstance(value, (int, float)) for value in values):
        return Scalar.ID if looks_like_id(name) else Scalar.NUMBER
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        return Scalar.ID  # texts and numbers: only ids take both
    if all(each.strip() for each in texts):
        return _text_scalar(name, texts, flat=flat)
    return Scalar.STRING  # a blank is a text of its own, and 0 as a number


def _text_scalar(name: str, texts: Sequence[str], *, flat: bool) -> Scalar:
    if looks_like_id(name):
        return Scalar.ID
    for scalar, fits in _TEXT_TESTS.items():
        if all(fits(each) for each in texts):
            return scalar
    if flat and all(_is_date(each) for each in texts):
        return Scalar.DATETIME
    if all(is_web_url(each) and "://" in each for each in texts):
        return _url_scalar(texts)
    if "geohash" in name.casefold() and all(_takes(geohash, each) for each in texts):
        return Scalar.GEOHASH
    return Scalar.ENUM if _are_options(texts) else Scalar.STRING


def _takes(coerce: Callable[[object, Sequence[str]], object], value: str) -> bool:
    try:
        coerce(value, ())
    except Refused:
        return False
    return True


_TEXT_TESTS: Final[Mapping[Scalar, Callable[[str], object]]] = {
    Scalar.BOOLEAN: lambda text: text.casefold() in {"true", "false"},
    Scalar.NUMBER: _NUMBER.fullmatch,
    Scalar.DATETIME: instant_text,
    Scalar.IP_ADDRESS: lambda text: _takes(ip_address, text),
    Scalar.EMAIL_ADDRESS: _EMAIL.fullmatch,
}
"""Tried in this order; a scalar is proposed only when every text passes."""


def _is_date(text: str) -> bool:
    whole = f"{text}T00:00:00Z" if _BARE_DATE.fullmatch(text) else text
    return instant_text(whole) is not None


def _url_scalar(texts: Sequence[str]) -> Scalar:
    kinds = {media_kind(each) for each in texts}
    if None in kinds:
        return Scalar.URL
    return _MEDIA[str(kinds.pop())] if len(kinds) == 1 else Scalar.MEDIA


def _are_options(texts: Sequence[str]) -> bool:
    """A few short texts, again and again."""
    options = set(islice(dict.fromkeys(texts), MAX_OPTIONS + 1))
    return (
        1 < len(options) <= MAX_OPTIONS
        and len(texts) >= EXAMPLES_PER_OPTION * len(options)
        and all(
            len(each) <= MAX_OPTION_CHARACTERS and each.isprintable() and each == each.strip()
            for each in options
        )
    )
