"""From what a platform sent to what is kept: every value coerced by its field's type."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from engine.errors import Problem
from engine.items.instants import instant_of
from engine.items.item import Item, ItemRef, RawItem, Variant
from engine.items.item_type import Field, ItemType, Kind, Role, Scalar
from engine.items.numbers import number_text
from engine.items.refusal import (
    MAX_ID_CHARACTERS,
    MISSING,
    Refused,
    check_storable,
    echo,
    json_pointer,
    storable_text,
)
from engine.items.roles import KINDS, NEEDS, unmet_role
from engine.items.scalars import Coercer, scalar_coercers

DATA_SLUG: Final = "data-invalid-for-item-type"
DATA_TITLE: Final = "Invalid Data for Item"
ROLES_SLUG: Final = "field-roles-invalid-for-item-type"
ROLES_TITLE: Final = "Invalid field roles for Item"

Coercion = Callable[[RawItem, Container[str]], Item | tuple[Problem, ...]]
_Step = tuple[str, Coercer, bool]  # name, coercer, required


def coerce_item(
    raw: RawItem, item_type: ItemType, known_type_ids: Container[str]
) -> Item | tuple[Problem, ...]:
    """The item as it is kept, or everything that is wrong with it, in the order of the fields.

    Pointers start at the item: `/data/<field>/...`.
    """
    return compiled(item_type, raw.variant)(raw, known_type_ids)


@lru_cache(maxsize=4096)
def compiled(
    item_type: ItemType, variant: Variant = "original", *, allow_localhost: bool = False
) -> Coercion:
    """The same judgement, prepared once for a type: the hot path of ingest."""
    fields = item_type.fields if variant == "original" else _optional(item_type.fields)
    steps = _steps(fields, scalar_coercers(allow_localhost=allow_localhost))
    type_id, version = item_type.type_id, item_type.version
    kind, roles = item_type.kind, item_type.roles
    creator_field = _field_in_role(item_type, Role.CREATOR_ID)
    thread_field = _field_in_role(item_type, Role.THREAD_ID)
    time_field = _field_in_role(item_type, Role.CREATED_AT)
    read_time = _time_reader(item_type, time_field)
    related = kind is Kind.CONTENT and not roles.keys().isdisjoint(NEEDS)

    def coerce(raw: RawItem, known: Container[str]) -> Item | tuple[Problem, ...]:
        data = dict(raw.data)
        try:
            _check_item_id(raw.item_id)
            _coerce_members(data, steps, known)
        except Refused:
            return _problems(raw, steps, known)
        if related and (lacking := unmet_role(roles, data)) is not None:
            return (Problem(lacking, "/data", slug=ROLES_SLUG, title=ROLES_TITLE),)
        return Item(
            raw.item_id,
            type_id,
            version,
            data,
            _reference(data.get(creator_field)) if creator_field else None,
            read_time(data.get(time_field)) if time_field else None,
            _reference(data.get(thread_field)) if thread_field else None,
        )

    return coerce


def coerce_value(value: object, field: Field, known_type_ids: Container[str]) -> object:
    """One value by its field's type. Raises Refused; MISSING for what counts as not given."""
    return _field_coercer(field, scalar_coercers())(value, known_type_ids)


def creator_of(item_type: ItemType, data: Mapping[str, object]) -> ItemRef | None:
    field = _field_in_role(item_type, Role.CREATOR_ID)
    return _reference(data.get(field)) if field else None


def _steps(fields: Sequence[Field], scalars: Mapping[Scalar, Coercer]) -> tuple[_Step, ...]:
    return tuple((each.name, _field_coercer(each, scalars), each.required) for each in fields)


def _optional(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(replace(each, required=False, fields=_optional(each.fields)) for each in fields)


def _coerce_members(
    data: dict[str, object], steps: tuple[_Step, ...], known: Container[str]
) -> None:
    """Coerces in place. Raises at the first value refused."""
    present = 0
    for name, coerce, required in steps:
        value = data.get(name)
        if value is not None:
            stored = coerce(value, known)
            if stored is value:
                present += 1
                continue
            if stored is not MISSING:
                data[name] = stored
                present += 1
                continue
        if required:
            raise Refused(_required(name))
        data.pop(name, None)
    if present != len(data):
        _check_unknown(data, steps)


def _check_unknown(data: dict[str, object], steps: tuple[_Step, ...]) -> None:
    """Keys that the type does not know are kept as they came; nulls are not given."""
    for name in data.keys() - {step[0] for step in steps}:
        if data[name] is None:
            del data[name]
        else:
            check_storable({name: data[name]})


def _problems(raw: RawItem, steps: tuple[_Step, ...], known: Container[str]) -> tuple[Problem, ...]:
    """The slow path, for an item that is refused: everything that is wrong, not the first only."""
    problems = []
    try:
        _check_item_id(raw.item_id)
    except Refused as refused:
        problems.append(_problem(refused.reason, "/id"))
    for step in steps:
        problems.extend(_member_problem(raw.data, step, known))
    try:
        _check_unknown(dict(raw.data), steps)
    except Refused as refused:
        problems.append(_problem(refused.explained(), "/data" + json_pointer(refused.path)))
    return tuple(problems)


def _member_problem(
    data: Mapping[str, object], step: _Step, known: Container[str]
) -> tuple[Problem, ...]:
    name, coerce, required = step
    value = data.get(name)
    try:
        stored = MISSING if value is None else coerce(value, known)
    except Refused as refused:
        message = (
            f"The field '{name}' has an invalid value. "
            f"The value you provided was: {echo(value)}. {refused.explained()}"
        )
        return (_problem(message, "/data" + json_pointer((name, *refused.path))),)
    if stored is MISSING and required:
        return (_problem(_required(name), "/data" + json_pointer((name,))),)
    return ()


def _problem(message: str, pointer: str) -> Problem:
    return Problem(message, pointer, slug=DATA_SLUG, title=DATA_TITLE)


def _required(name: str) -> str:
    return f"The field '{name}' is required, but was not provided."


def _check_item_id(item_id: str) -> None:
    if item_id.isalnum() and len(item_id) <= MAX_ID_CHARACTERS:
        return
    if not item_id:
        raise Refused("The item's id is empty.")
    if len(item_id) > MAX_ID_CHARACTERS:
        raise Refused(f"The item's id is longer than {MAX_ID_CHARACTERS} characters.")
    storable_text(item_id)


def _field_coercer(field: Field, scalars: Mapping[Scalar, Coercer]) -> Coercer:
    if field.type is Scalar.ENUM:
        element = _enum_coercer(field.options)
    elif field.type is Scalar.OBJECT:
        element = _object_coercer(field, scalars)
    else:
        element = scalars[field.type]
    container = field.container
    if container is None:
        return element
    if container.kind == "ARRAY" or container.key is None:
        return _array_coercer(element)
    return _map_coercer(scalars[container.key], element)


def _enum_coercer(options: tuple[str, ...]) -> Coercer:
    allowed = frozenset(options)
    reason = f"It must be one of: {', '.join(options)}."

    def coerce(value: object, _known: Container[str]) -> object:
        if not isinstance(value, str) or value not in allowed:
            raise Refused(reason)
        return value

    return coerce


def _object_coercer(field: Field, scalars: Mapping[Scalar, Coercer]) -> Coercer:
    steps = _steps(field.fields, scalars)

    def coerce(value: object, known: Container[str]) -> object:
        if not isinstance(value, dict):
            raise Refused("It must be an object.")
        members = dict(value)
        for name, coerce_member, required in steps:
            given = members.pop(name, None)
            try:
                stored = MISSING if given is None else coerce_member(given, known)
            except Refused as refused:
                raise refused.at(name) from None
            if stored is not MISSING:
                members[name] = stored
            elif required:
                raise Refused(_required(name)).at(name)
        _check_unknown(members, steps)
        return members

    return coerce


def _array_coercer(coerce_element: Coercer) -> Coercer:
    def coerce(value: object, known: Container[str]) -> object:
        if not isinstance(value, (list, tuple)):
            raise Refused("It must be a list.")
        kept = []
        for index, element in enumerate(value):
            try:
                stored = coerce_element(element, known)
            except Refused as refused:
                raise refused.at(index) from None
            if stored is not MISSING:
                kept.append(stored)
        return kept

    return coerce


def _map_coercer(coerce_key: Coercer, coerce_element: Coercer) -> Coercer:
    def coerce(value: object, known: Container[str]) -> object:
        if not isinstance(value, dict):
            raise Refused("It must be an object.")
        kept = {}
        for key, element in value.items():
            try:
                stored = coerce_element(element, known)
                if stored is not MISSING:
                    stored_key = coerce_key(key, known)
                    if stored_key is not MISSING:
                        kept[_key_text(stored_key)] = stored
            except Refused as refused:
                raise refused.at(str(key)) from None
        return kept

    return coerce


def _key_text(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return number_text(key) if isinstance(key, (int, float)) else str(key)


def _field_in_role(item_type: ItemType, role: Role) -> str | None:
    return item_type.roles.get(role) if item_type.kind in KINDS[role] else None


def _time_reader(item_type: ItemType, name: str | None) -> Callable[[object], datetime | None]:
    """A coerced DATETIME reads back at once; in any other field a time may be spelled freely."""
    field = item_type.field(name) if name else None
    if field is None or field.type is not Scalar.DATETIME:
        return instant_of
    return lambda stored: datetime.fromisoformat(stored) if isinstance(stored, str) else None


def _reference(value: object) -> ItemRef | None:
    return ItemRef(value["typeId"], value["id"]) if isinstance(value, dict) else None
