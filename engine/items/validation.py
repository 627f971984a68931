"""Whether an item type makes sense: names, containers, options, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import Problem
from engine.items.item_type import Field, ItemType, Role, Scalar
from engine.items.refusal import Refused, storable_text
from engine.items.roles import KINDS, NEEDS, SCALARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NAME: Final = 255
MAX_FIELDS: Final = 500
MAX_OPTIONS: Final = 1_000
MAX_NESTING: Final = 8
KEY_SCALARS: Final = frozenset(
    {
        Scalar.STRING,
        Scalar.ID,
        Scalar.POLICY_ID,
        Scalar.NUMBER,
        Scalar.BOOLEAN,
        Scalar.DATETIME,
        Scalar.URL,
        Scalar.GEOHASH,
        Scalar.IP_ADDRESS,
        Scalar.EMAIL_ADDRESS,
    }
)
"""What the keys of a map may be: scalars that are stored as one text or number."""


def validate_item_type(item_type: ItemType) -> tuple[Problem, ...]:
    """Everything that is wrong, with pointers into the item type's document."""
    return (
        *_name_problems(item_type.name, "/name", "The item type's name"),
        *_description_problems(item_type.description),
        *_fields_problems(item_type.fields, "/fields", 1),
        *_roles_problems(item_type),
        *_hidden_problems(item_type),
    )


def _name_problems(name: str, pointer: str, what: str) -> Iterator[Problem]:
    if not name.strip():
        yield Problem(f"{what} is empty.", pointer)
    elif name != name.strip():
        yield Problem(f"{what} '{name}' starts or ends with a blank.", pointer)
    if len(name) > MAX_NAME:
        yield Problem(f"{what} is longer than {MAX_NAME} characters.", pointer)
    if not name.isprintable():
        yield Problem(f"{what} holds characters that cannot be seen.", pointer)


def _description_problems(description: str) -> Iterator[Problem]:
    if len(description) > MAX_NAME:
        yield Problem(f"The description is longer than {MAX_NAME} characters.", "/description")
    try:
        storable_text(description)
    except Refused as refused:
        yield Problem(refused.reason, "/description")


def _fields_problems(fields: Sequence[Field], pointer: str, depth: int) -> Iterator[Problem]:
    if depth > MAX_NESTING:
        yield Problem(f"Objects are nested more than {MAX_NESTING} deep.", pointer)
        return
    if len(fields) > MAX_FIELDS:
        yield Problem(f"There are more than {MAX_FIELDS} fields.", pointer)
    seen: dict[str, str] = {}
    for index, field in enumerate(fields):
        at = f"{pointer}/{index}"
        yield from _field_name_problems(field, seen, at)
        yield from _container_problems(field, at)
        yield from _enum_problems(field, at)
        yield from _object_problems(field, at, depth)


def _field_name_problems(field: Field, seen: dict[str, str], at: str) -> Iterator[Problem]:
    yield from _name_problems(field.name, f"{at}/name", "The field's name")
    if field.name.startswith("_"):
        yield Problem(
            f"The field's name '{field.name}' starts with an underscore.",
            f"{at}/name",
            hint="Names that start with an underscore are kept for Winnow's own columns.",
        )
    folded = field.name.casefold()
    if folded in seen:
        twin = seen[folded]
        difference = "twice" if twin == field.name else f"beside '{twin}', which differs by case"
        yield Problem(
            f"The field '{field.name}' is given {difference}.",
            f"{at}/name",
            hint="SQL does not tell names apart by case: rename one of them.",
        )
    seen[folded] = field.name


def _container_problems(field: Field, at: str) -> Iterator[Problem]:
    container = field.container
    if container is None:
        return
    if container.value is not field.type:
        yield Problem(
            f"The field '{field.name}' holds {field.type}, its container {container.value}.",
            f"{at}/container/valueScalarType",
        )
    if container.kind == "ARRAY" and container.key is not None:
        yield Problem("An array has no keys.", f"{at}/container/keyScalarType")
    if container.kind == "MAP" and container.key not in KEY_SCALARS:
        yield Problem(
            f"The keys of the map '{field.name}' cannot be {container.key or 'left open'}.",
            f"{at}/container/keyScalarType",
            hint=f"Choose one of: {', '.join(sorted(KEY_SCALARS))}.",
        )


def _enum_problems(field: Field, at: str) -> Iterator[Problem]:
    if field.type is not Scalar.ENUM:
        if field.options:
            yield Problem("Only an ENUM field has options.", f"{at}/options")
        return
    if not field.options:
        yield Problem(f"The ENUM field '{field.name}' has no options.", f"{at}/options")
    if len(field.options) > MAX_OPTIONS:
        yield Problem(f"There are more than {MAX_OPTIONS} options.", f"{at}/options")
    for index, option in enumerate(field.options):
        if option in field.options[:index]:
            yield Problem(f"The option '{option}' is given twice.", f"{at}/options/{index}")
        yield from _name_problems(option, f"{at}/options/{index}", "The option")


def _object_problems(field: Field, at: str, depth: int) -> Iterator[Problem]:
    if field.type is Scalar.OBJECT:
        if not field.fields:
            yield Problem(f"The OBJECT field '{field.name}' has no fields.", f"{at}/fields")
        yield from _fields_problems(field.fields, f"{at}/fields", depth + 1)
    elif field.fields:
        yield Problem("Only an OBJECT field has fields of its own.", f"{at}/fields")


def _roles_problems(item_type: ItemType) -> Iterator[Problem]:
    for role, name in item_type.roles.items():
        at = f"/roles/{role.value}"
        yield from _kind_problems(item_type, role, at)
        yield from _role_field_problems(item_type, role, name, at)
        for needed in NEEDS.get(role, ()):
            if needed not in item_type.roles:
                yield Problem(
                    f"The role {role.value} also needs a field in the role {needed.value}.", at
                )


def _kind_problems(item_type: ItemType, role: Role, at: str) -> Iterator[Problem]:
    if item_type.kind not in KINDS[role]:
        kinds = ", ".join(sorted(KINDS[role]))
        yield Problem(
            f"An item type of kind {item_type.kind} has no role {role.value}.",
            at,
            hint=f"The role {role.value} exists for: {kinds}.",
        )


def _role_field_problems(item_type: ItemType, role: Role, name: str, at: str) -> Iterator[Problem]:
    field = item_type.field(name)
    if field is None:
        yield Problem(f"The role {role.value} names the field '{name}', which does not exist.", at)
    elif field.container is not None or field.type is not SCALARS[role]:
        found = field.container.kind if field.container else field.type
        yield Problem(
            f"The role {role.value} needs a {SCALARS[role]} field, and '{name}' is {found}.", at
        )


def _hidden_problems(item_type: ItemType) -> Iterator[Problem]:
    for name in sorted(item_type.hidden_fields):
        if item_type.field(name) is None:
            yield Problem(f"The hidden field '{name}' does not exist.", "/hiddenFields")
