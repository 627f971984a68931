"""An item type as JSON: the form it is stored in and sent in."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, Literal, TypeVar

from engine.errors import InvalidConfiguration, Problem
from engine.items.item_type import Container, Field, ItemType, Kind, Role, Scalar

SCHEMA_VERSION: Final = 1
MAX_NESTING: Final = 32  # far past what validation allows: only guards the reading itself

TYPE_KEYS: Final = (
    "schema",
    "name",
    "kind",
    "description",
    "fields",
    "roles",
    "hiddenFields",
)
_FIELD_KEYS: Final = (
    "name",
    "type",
    "required",
    "container",
    "options",
    "fields",
    "description",
)
_CONTAINER_KEYS: Final = ("containerType", "keyScalarType", "valueScalarType")
_CONTAINER_KINDS: Final[Mapping[str, Literal["ARRAY", "MAP"]]] = {"ARRAY": "ARRAY", "MAP": "MAP"}

_Choice = TypeVar("_Choice", bound=StrEnum)


def item_type_document(item_type: ItemType) -> dict[str, object]:
    return {
        "schema": SCHEMA_VERSION,
        "name": item_type.name,
        "kind": item_type.kind.value,
        "description": item_type.description,
        "fields": [_field_document(field) for field in item_type.fields],
        "roles": {role.value: name for role, name in sorted(item_type.roles.items())},
        "hiddenFields": sorted(item_type.hidden_fields),
    }


def parse_item_type(type_id: str, version: int, document: object) -> ItemType:
    """Raises InvalidConfiguration with every problem and its JSON pointer.

    Checks shapes only; whether the whole makes sense is for `validate_item_type` to say.
    """
    reading = _Reading()
    item_type = reading.item_type(type_id, version, document)
    if reading.problems:
        raise InvalidConfiguration(
            f"The item type cannot be read: {reading.problems[0].message}",
            hint=reading.problems[0].hint,
            problems=tuple(reading.problems),
        )
    return item_type


def _field_document(field: Field) -> dict[str, object]:
    container = field.container
    document: dict[str, object] = {
        "name": field.name,
        "type": container.kind if container else field.type.value,
        "required": field.required,
        "container": container and _container_document(container),
    }
    if field.options:
        document["options"] = list(field.options)
    if field.fields:
        document["fields"] = [_field_document(each) for each in field.fields]
    if field.description:
        document["description"] = field.description
    return document


def _container_document(container: Container) -> dict[str, object]:
    return {
        "containerType": container.kind,
        "keyScalarType": container.key and container.key.value,
        "valueScalarType": container.value.value,
    }


class _Reading:
    """One pass over a document; what cannot be read becomes a problem and a stand-in."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def item_type(self, type_id: str, version: int, document: object) -> ItemType:
        given = self.members(document, "", TYPE_KEYS)
        if given.get("schema", SCHEMA_VERSION) != SCHEMA_VERSION:
            self.problem(f"This reads item types of schema {SCHEMA_VERSION} only.", "/schema")
        return ItemType(
            type_id=type_id,
            version=version,
            name=self.text(given, "name", "", required=True),
            kind=self.choice(Kind, given.get("kind", Kind.CONTENT), "/kind"),
            fields=self.fields(given.get("fields"), "/fields", 1),
            roles=self.roles(given.get("roles")),
            description=self.text(given, "description", ""),
            hidden_fields=frozenset(self.texts(given.get("hiddenFields"), "/hiddenFields")),
        )

    def fields(self, value: object, pointer: str, depth: int) -> tuple[Field, ...]:
        if depth > MAX_NESTING:
            self.problem("Objects are nested too deeply.", pointer)
            return ()
        return tuple(
            self.field(each, f"{pointer}/{index}", depth)
            for index, each in enumerate(self.sequence(value, pointer))
        )

    def field(self, value: object, pointer: str, depth: int) -> Field:
        given = self.members(value, pointer, _FIELD_KEYS)
        container = self.container(given, pointer)
        return Field(
            name=self.text(given, "name", pointer, required=True),
            type=container.value
            if container
            else self.choice(Scalar, given.get("type"), f"{pointer}/type"),
            required=self.boolean(given.get("required"), f"{pointer}/required"),
            container=container,
            options=self.texts(given.get("options"), f"{pointer}/options"),
            fields=self.fields(given.get("fields"), f"{pointer}/fields", depth + 1),
            description=self.text(given, "description", pointer),
        )

    def container(self, field: Mapping[str, object], pointer: str) -> Container | None:
        """A field of type ARRAY or MAP says in `container` what it holds."""
        written, said = field.get("container"), field.get("type")
        if written is None and not (isinstance(said, str) and said in _CONTAINER_KINDS):
            return None
        at = f"{pointer}/container"
        given = self.members(written, at, _CONTAINER_KEYS)
        kind = _CONTAINER_KINDS.get(str(given.get("containerType", said)))
        if kind is None:
            self.problem("A container is an ARRAY or a MAP.", f"{at}/containerType")
        key = given.get("keyScalarType")
        held = given.get("valueScalarType", said)
        return Container(
            kind or "ARRAY",
            None if key is None else self.choice(Scalar, key, f"{at}/keyScalarType"),
            self.choice(Scalar, held, f"{at}/valueScalarType"),
        )

    def roles(self, value: object) -> dict[Role, str]:
        given = self.members(
            {} if value is None else value, "/roles", [each.value for each in Role]
        )
        known = {role.value for role in Role}
        return {
            Role(name): self.text(given, name, "/roles")
            for name, field in given.items()
            if name in known and field is not None
        }

    def members(self, value: object, pointer: str, keys: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            self.problem("An object is needed here.", pointer)
            return {}
        for key in value:
            if key not in keys:
                self.problem(f"There is no key '{key}' here.", f"{pointer}/{key}", near(key, keys))
        return value

    def sequence(self, value: object, pointer: str) -> Sequence[object]:
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)):
            self.problem("A list is needed here.", pointer)
            return ()
        return value

    def texts(self, value: object, pointer: str) -> tuple[str, ...]:
        kept = []
        for index, each in enumerate(self.sequence(value, pointer)):
            if isinstance(each, str):
                kept.append(each)
            else:
                self.problem("Text is needed here.", f"{pointer}/{index}")
        return tuple(kept)

    def text(
        self, given: Mapping[str, object], key: str, pointer: str, *, required: bool = False
    ) -> str:
        value = given.get(key)
        if isinstance(value, str):
            return value
        if value is not None or required:
            self.problem(f"'{key}' must be text.", f"{pointer}/{key}")
        return ""

    def boolean(self, value: object, pointer: str) -> bool:
        if value is not None and not isinstance(value, bool):
            self.problem("True or false is needed here.", pointer)
        return value is True

    def choice(self, choices: type[_Choice], value: object, pointer: str) -> _Choice:
        names = [each.value for each in choices]
        if isinstance(value, str) and value in names:
            return choices(value)
        self.problem(f"{value!r} is not one of the choices here.", pointer, near(value, names))
        return choices(names[0])

    def problem(self, message: str, pointer: str, hint: str = "") -> None:
        self.problems.append(Problem(message, pointer, hint))


def near(value: object, choices: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(value), choices, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"Choose one of: {', '.join(choices)}."
