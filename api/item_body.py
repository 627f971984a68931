"""The body of `POST /items/async`: decoded at speed when it is right, explained when it is not.

msgspec answers for the common case. Whatever it refuses is looked at again, slowly: that decides
what the body means, and lists everything that is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine.errors import InvalidInput, Problem, TooLarge
from engine.items import RawItem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SCHEMA_TITLE = "Request body failed schema validation."
VARIANTS = ("original", "partial")
MOST_NAMED = 100
MOST_VALUES = 4_000_000


class TypeRef(msgspec.Struct, frozen=True):
    id: str
    version: str | UnsetType = UNSET
    schemaVariant: Literal["original", "partial"] | UnsetType = UNSET  # noqa: N815


class WireItem(msgspec.Struct, frozen=True, gc=False):
    id: str
    data: dict[str, Any]
    typeId: str | UnsetType = UNSET  # noqa: N815
    typeVersion: str | UnsetType = UNSET  # noqa: N815
    typeSchemaVariant: Literal["original", "partial"] | UnsetType = UNSET  # noqa: N815
    type: TypeRef | UnsetType = UNSET


class Body(msgspec.Struct, frozen=True):
    items: list[WireItem]


DECODER = msgspec.json.Decoder(Body)


@dataclass(frozen=True)
class Fault:
    """path: JSON pointer; empty for the body itself."""

    path: str
    message: str


def read_items(body: bytes) -> list[RawItem]:
    """Raises InvalidInput, with one problem, for a body that is no JSON or not of this shape.

    Raises TooLarge for one that holds more values than fit in memory.
    """
    check_values(body)
    try:
        return [_raw_item(item) for item in DECODER.decode(body).items]
    except msgspec.ValidationError:
        return _read_slowly(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error


def read_each(body: bytes, most: int) -> list[RawItem | tuple[Problem, ...]]:
    """As `read_items`, but for an item of another shape, what is wrong with it stands in its place.

    Raises InvalidInput when there are no items to speak of, TooLarge for more than `most`.
    """
    check_values(body)
    try:
        found = DECODER.decode(body).items
        check_count(found, most)
        return [_raw_item(item) for item in found]
    except msgspec.ValidationError:
        items = read_object(body, list_faults)["items"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error
    check_count(items, most)
    each: list[RawItem | tuple[Problem, ...]] = []
    for index, item in enumerate(items):
        faults = item_faults(item, f"/items/{index}")
        each.append(tuple(Problem(f.message, f.path) for f in faults) or raw_mapping(item))
    return each


def check_count(items: Sequence[object], most: int) -> None:
    if len(items) > most:
        raise TooLarge(f"A batch has at most {most} items.", hint="Send them in several batches.")


def check_values(body: bytes) -> None:
    """Raises TooLarge for a body that would be many times its size once it is read.

    Counts what may begin another value, in texts too: text alone never comes near the limit.
    """
    if len(body) <= MOST_VALUES:
        return
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise TooLarge(
            f"The body holds more than {MOST_VALUES} values.",
            hint="Send the items in smaller batches.",
        )


def _raw_item(item: WireItem) -> RawItem:
    kind = item.type
    if kind is UNSET and item.typeId is not UNSET:
        return RawItem(
            item.id,
            item.typeId,
            None if item.typeVersion is UNSET else item.typeVersion,
            "original" if item.typeSchemaVariant is UNSET else item.typeSchemaVariant,
            item.data,
        )
    if kind is UNSET or item.typeId is not UNSET:
        raise msgspec.ValidationError("exactly one of typeId and type")
    return RawItem(
        item.id,
        kind.id,
        None if kind.version is UNSET else kind.version,
        "original" if kind.schemaVariant is UNSET else kind.schemaVariant,
        item.data,
    )


def not_json(error: Exception) -> InvalidInput:
    why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return InvalidInput(
        "The request body is not JSON.",
        problems=(
            Problem(
                f"The body is not JSON in UTF-8: {why[:300]}",
                hint="Send one JSON object.",
                title="Request body is not valid JSON.",
            ),
        ),
    )


def _read_slowly(body: bytes) -> list[RawItem]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error
    faults = body_faults(decoded)
    if faults:
        raise not_of_shape(faults)
    return [raw_mapping(item) for item in decoded["items"]]


def read_object(body: bytes, faults_of: Callable[[object], list[Fault]]) -> dict[str, Any]:
    """A JSON object without faults. Raises InvalidInput, with one problem."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error
    faults = faults_of(decoded)
    if faults or not isinstance(decoded, dict):
        raise not_of_shape(faults or [Fault("", "must be object")])
    return decoded


def not_of_shape(faults: Sequence[Fault]) -> InvalidInput:
    """One problem, at the first fault, that names them all."""
    detail = "; ".join(f"{f.path}: {f.message}".strip(": ") for f in faults[:MOST_NAMED])
    problem = Problem(detail, faults[0].path, title=SCHEMA_TITLE)
    return InvalidInput(SCHEMA_TITLE, problems=(problem,))


def raw_mapping(item: Mapping[str, Any]) -> RawItem:
    """Of an item without faults: exactly one of the two forms holds."""
    if not _flat_faults(item, ""):
        version, variant = item.get("typeVersion"), item.get("typeSchemaVariant", "original")
        return RawItem(item["id"], item["typeId"], version, variant, item["data"])
    kind = item["type"]
    version, variant = kind.get("version"), kind.get("schemaVariant", "original")
    return RawItem(item["id"], kind["id"], version, variant, item["data"])


def body_faults(decoded: object) -> list[Fault]:
    """What is wrong with the body, as much as is told; properties nobody asked for are not."""
    faults = list_faults(decoded)
    if faults or not isinstance(decoded, dict):
        return faults
    for index, item in enumerate(decoded["items"]):
        faults += item_faults(item, f"/items/{index}")
        if len(faults) >= MOST_NAMED:
            break
    return faults


def list_faults(decoded: object) -> list[Fault]:
    """What keeps the body from being a list of items at all."""
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    if "items" not in decoded:
        return [Fault("", "must have required property 'items'")]
    return [] if isinstance(decoded["items"], list) else [Fault("/items", "must be array")]


def item_faults(item: object, path: str) -> list[Fault]:
    """Everything wrong with the shape of one item, found at this path of its body."""
    if not isinstance(item, dict):
        return [Fault(path, "must be object")]
    flat, nested = _flat_faults(item, path), _nested_faults(item, path)
    if not flat and not nested:
        return [Fault(path, "must give either 'typeId' or 'type', not both")]
    if not flat or not nested:
        return []
    return nested if "type" in item and "typeId" not in item else flat


def _flat_faults(item: Mapping[str, Any], path: str) -> list[Fault]:
    return [
        *required_faults(item, path, "id", "data", "typeId"),
        *text_faults(item, path, "id", "typeId", "typeVersion"),
        *object_faults(item, path, "data"),
        *_variant(item, path, "typeSchemaVariant"),
    ]


def _nested_faults(item: Mapping[str, Any], path: str) -> list[Fault]:
    faults = [
        *required_faults(item, path, "id", "data", "type"),
        *text_faults(item, path, "id"),
        *object_faults(item, path, "data"),
        *object_faults(item, path, "type"),
    ]
    kind = item.get("type")
    if not isinstance(kind, dict):
        return faults
    inner = f"{path}/type"
    return [
        *faults,
        *required_faults(kind, inner, "id"),
        *text_faults(kind, inner, "id", "version"),
        *_variant(kind, inner, "schemaVariant"),
    ]


def required_faults(item: Mapping[str, Any], path: str, *names: str) -> list[Fault]:
    return [
        Fault(path, f"must have required property '{name}'") for name in names if name not in item
    ]


def text_faults(item: Mapping[str, Any], path: str, *names: str) -> list[Fault]:
    return [
        Fault(f"{path}/{name}", "must be string")
        for name in names
        if name in item and not isinstance(item[name], str)
    ]


def object_faults(item: Mapping[str, Any], path: str, name: str) -> list[Fault]:
    wrong = name in item and not isinstance(item[name], dict)
    return [Fault(f"{path}/{name}", "must be object")] if wrong else []


def _variant(item: Mapping[str, Any], path: str, name: str) -> list[Fault]:
    wrong = name in item and item[name] not in VARIANTS
    return [Fault(f"{path}/{name}", "must be one of original, partial")] if wrong else []
