"""The parameters an action asks for, and the values that people, keys and rules give.

One judgement of values, `given_values`, on every path: a rule's and a threshold's when they are
saved, a decision's, an API call's. Where nobody is there to be told, `kept_values` falls
back on the defaults instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.reader import Reader, escape, storable
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PARAMETERS = 50
MAX_OPTIONS = 100
MAX_LENGTH = 100_000
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ParameterType(StrEnum):
    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    SELECT = "SELECT"
    MULTISELECT = "MULTISELECT"


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Parameter:
    name: str
    display_name: str
    type: ParameterType
    description: str = ""
    required: bool = False
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    options: tuple[Option, ...] = ()


def read_parameters(reader: Reader) -> tuple[Parameter, ...]:
    found = tuple(_read_one(inner) for inner in reader.records("parameters", most=MAX_PARAMETERS))
    seen: set[str] = set()
    for index, parameter in enumerate(found):
        if parameter.name in seen:
            reader.wrong(f"parameters/{index}/name", f"`{parameter.name}` is used twice")
        seen.add(parameter.name)
    return found


def _read_one(reader: Reader) -> Parameter:
    name = reader.text("name", limit=64, required=True)
    if name and not NAME.fullmatch(name):
        reader.wrong("name", "a name has letters, digits, `_`, `.` and `-` only")
    parameter = Parameter(
        name=name,
        display_name=reader.text("displayName", limit=200) or name,
        type=reader.choice("type", ParameterType, ParameterType.STRING),
        description=reader.text("description", limit=2000),
        required=reader.boolean("required"),
        default=reader.get("defaultValue"),
        minimum=reader.number("min"),
        maximum=reader.number("max"),
        max_length=reader.whole("maxLength", default=None, low=1, high=MAX_LENGTH),
        options=tuple(_read_option(inner) for inner in reader.records("options", most=MAX_OPTIONS)),
    )
    _check_bounds(reader, parameter)
    reader.unknown()
    return parameter


def _read_option(reader: Reader) -> Option:
    value = reader.text("value", limit=200, required=True)
    option = Option(value, reader.text("label", limit=200) or value)
    reader.unknown()
    return option


def _check_bounds(reader: Reader, parameter: Parameter) -> None:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and low > high:
        reader.wrong("min", "`min` is above `max`")
    choices = parameter.type in {ParameterType.SELECT, ParameterType.MULTISELECT}
    if choices and not parameter.options:
        reader.wrong("options", f"a {parameter.type.value} needs options")
    if parameter.default is not None:
        empty = parameter.required and is_blank(parameter.default)
        problem = "a required parameter needs a default that says something" if empty else ""
        problem = problem or _value_problem(parameter, parameter.default)
        if problem:
            reader.wrong("defaultValue", problem)


def parameter_document(parameter: Parameter) -> dict[str, object]:
    """Keys that say nothing are left out."""
    document: dict[str, object] = {
        "name": parameter.name,
        "displayName": parameter.display_name,
        "description": parameter.description,
        "type": parameter.type.value,
        "required": parameter.required,
    }
    optional: dict[str, object] = {
        "defaultValue": parameter.default,
        "min": parameter.minimum,
        "max": parameter.maximum,
        "maxLength": parameter.max_length,
        "options": [{"value": o.value, "label": o.label} for o in parameter.options] or None,
    }
    return document | {key: value for key, value in optional.items() if value is not None}


def given_values(
    parameters: Sequence[Parameter], given: object, pointer: str
) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """The values to use (what was given, else the defaults) and what is wrong with them.

    given: an object, or None for none. A blank text or empty list counts as not given. Unknown
    names are refused.
    """
    if given is not None and not isinstance(given, Mapping):
        return {}, (Problem("parameters are an object: a value by each name", pointer),)
    asked = given or {}
    known = {parameter.name: parameter for parameter in parameters}
    problems = [
        Problem(f"there is no parameter `{name}`", f"{pointer}/{escape(str(name))}")
        for name in asked
        if name not in known
    ]
    values: dict[str, object] = {}
    for name, parameter in known.items():
        value = asked.get(name)
        value = parameter.default if is_blank(value) else value
        if value is not None:
            values[name] = list(value) if isinstance(value, list) else value
        problem = _missing(parameter) if value is None else _value_problem(parameter, value)
        if problem:
            problems.append(Problem(problem, f"{pointer}/{escape(name)}"))
    return values, tuple(problems)


def configured_values(
    parameters: Sequence[Parameter], configured: Mapping[str, object]
) -> dict[str, object]:
    """What an action is sent when nobody is asked: a value that does not fit gives its default."""
    values: dict[str, object] = {}
    for parameter in parameters:
        given = {parameter.name: configured.get(parameter.name)}
        found, wrong = given_values([parameter], given, "")
        values |= found if not wrong else given_values([parameter], None, "")[0]
    return values


def is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _missing(parameter: Parameter) -> str:
    return f"`{parameter.name}` is needed" if parameter.required else ""


def _value_problem(parameter: Parameter, value: object) -> str:
    """What is wrong with a value, or nothing."""
    match parameter.type:
        case ParameterType.STRING:
            return _text_problem(parameter, value)
        case ParameterType.NUMBER:
            return _number_problem(parameter, value)
        case ParameterType.BOOLEAN:
            return "" if isinstance(value, bool) else f"`{parameter.name}` must be true or false"
        case ParameterType.SELECT:
            return _choice_problem(parameter, [value])
        case ParameterType.MULTISELECT:
            if isinstance(value, list):
                return _choice_problem(parameter, value)
            return f"`{parameter.name}` must be a list"


def _text_problem(parameter: Parameter, value: object) -> str:
    if not isinstance(value, str) or not storable(value):
        return f"`{parameter.name}` must be a text"
    limit = parameter.max_length or MAX_LENGTH
    if len(value) > limit:
        return f"`{parameter.name}` has {len(value)} characters, at most {limit} are allowed"
    return ""


def _number_problem(parameter: Parameter, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        return f"`{parameter.name}` must be a number"
    if parameter.minimum is not None and value < parameter.minimum:
        return f"`{parameter.name}` must be at least {parameter.minimum:g}"
    if parameter.maximum is not None and value > parameter.maximum:
        return f"`{parameter.name}` must be at most {parameter.maximum:g}"
    return ""


def _choice_problem(parameter: Parameter, values: Sequence[object]) -> str:
    options = [option.value for option in parameter.options]
    if all(value in options for value in values):
        return ""
    return f"`{parameter.name}` must be one of its options: {', '.join(options)}"
