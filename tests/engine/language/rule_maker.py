"""Random rules, made from the registry's own signatures, so that a new function is fuzzed at once.

`Choice` is where chance comes from: hypothesis (which shrinks) or a seeded generator (which is
fast).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from hypothesis import strategies as st

from engine.language.nodes import Literal, LiteralKind, Name, Operation, Syntax
from engine.language.registry import REGISTRY
from engine.language.types import (
    BOOLEAN,
    DURATION,
    ITEM,
    NUMBER,
    TEXT,
    TIME,
    Base,
    Type,
    list_of,
    map_of,
)
from tests.engine.language.world import SCHEMA

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from engine.language.operator import Operator, Variant
    from engine.language.signature import Parameter, Slot

T = TypeVar("T")

TEXTS = (
    "", " ", "a", "A", "b", "free", "Free money", "ß", "İ", "ı", "Σ", "ς", "ǅ", "ŉ", "é", "e\u0301",
    "👍", "👍🏽", "日本", "%", "_", "50% off_", "a.b.c", "it's", '"', "\\", "\n", "\t a \n",
    "\u00a0x",
    "{0}", "__import__", "zz\U0010ffff", "\uffee", "mon", "123", "12 345", "true", "1",
)  # fmt: skip
NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 0.2, 0.3, 7.0, 100.0,
    0.49999999999999994, 1e15, 4503599627370497.5, 9007199254740993.0, 1e18, 1e154, -1e155,
    1e300, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 1e-200,
)  # fmt: skip
COUNTERS = frozenset(name for name, each in REGISTRY.items() if each.group == "counters")
DAY = 86_400_000_000
TIMES = (
    -62_135_596_800_000_000, -1, 0, 951_782_400_000_000, 1_772_357_400_000_000,
    1_772_271_000_000_000, 253_402_300_799_999_999,
)  # fmt: skip
INTERVALS = (0, 1, 1_000_000, 3_600_000_000, DAY, 7 * DAY, 36_500 * DAY)
PATTERNS = ("%", "", "_", "a%", "%a", "%a%", "%free%", "%é_", "a_b%", "%%", "50!%%", "%m%o%", "_%_")
REGEXES = (
    ".", "^a", "(?i)FREE", "[0-9]+", "\\bmon", "(a|b)*$", "\\p{L}", "[^a-z]", "é", "\\\\", "$^",
)  # fmt: skip
PARTS = (
    "year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute", "second",
    "epoch",
)  # fmt: skip
BANK_NAMES = ("scam", "it's", "empty")
WINDOWS = ("1 microsecond", "90 seconds", "1 hour", "1 day")
LITERALS: dict[tuple[str, str], Sequence[str | float]] = {
    ("like", "pattern"): PATTERNS,
    ("like", "escape"): ("!",),
    ("ilike", "pattern"): PATTERNS,
    ("ilike", "escape"): ("!",),
    ("regexp_matches", "pattern"): REGEXES,
    ("date_part", "part"): PARTS,
    ("round", "digits"): (0.0, 1.0, 2.0, 7.0, 15.0),
    ("split_part", "place"): (1.0, 2.0, -1.0, -2.0, 5.0),
    ("regexp_extract", "pattern"): ("[0-9]+", "(?i)m(.)", ".", "^(a)|b"),
    ("regexp_extract", "group"): (0.0,),
    ("phone_numbers", "country"): ("US", "de"),
    ("similarity", "term"): ("free", "money", "a", ""),
    ("near_duplicate_of", "example"): ("free money", "", "123"),
    ("matches", "bank"): BANK_NAMES,
    ("matches_variant", "bank"): BANK_NAMES,
    ("matches", "mode"): ("word", "substring", "phrase", "variant"),
    ("[]", "key"): ("k", "", "none", "it's"),
}

TYPES = (BOOLEAN, NUMBER, TEXT, TIME, DURATION)
ANY_TYPES = (*TYPES, list_of(TEXT), list_of(NUMBER), map_of(TEXT), map_of(NUMBER), ITEM)
FIELDS: dict[Type, list[tuple[str, ...]]] = {
    BOOLEAN: [("verified",), ("__class__",)],
    NUMBER: [("score",), ("size",), ("address", "zip")],
    TEXT: [("text",), ("other",), ("link",), ("class",), ("author", "id"), ("address", "city")],
    TIME: [("created_at",), ("seen_at",)],
    list_of(TEXT): [("tags",)],
    list_of(NUMBER): [("scores",)],
    map_of(TEXT): [("labels",)],
    map_of(NUMBER): [("weights",)],
    ITEM: [("author",), ("creator",)],
}
NEGATABLE = {"in", "like", "ilike", "between"}


class Choice(Protocol):
    def pick(self, options: Sequence[T]) -> T: ...

    def often(self, percent: int) -> bool: ...


@dataclass(frozen=True)
class Seeded:
    generator: random.Random

    def pick(self, options: Sequence[T]) -> T:
        return self.generator.choice(options)

    def often(self, percent: int) -> bool:
        return self.generator.randrange(100) < percent


@dataclass(frozen=True)
class Drawn:
    data: st.DataObject

    def pick(self, options: Sequence[T]) -> T:
        return options[self.data.draw(st.integers(0, len(options) - 1))]

    def often(self, percent: int) -> bool:
        return self.data.draw(st.integers(0, 99)) >= 100 - percent


def make_rule(choice: Choice, depth: int = 4) -> Syntax:
    return _make(choice, BOOLEAN, depth, pure=False)


def _make(choice: Choice, wanted: Type, depth: int, *, pure: bool) -> Syntax:
    if depth <= 0 or choice.often(15):
        return _leaf(choice, wanted)
    if wanted == BOOLEAN and choice.often(25):
        name = choice.pick(("and", "or"))
        count = choice.pick((2, 3))
        parts = tuple(_make(choice, BOOLEAN, depth - 1, pure=pure) for _ in range(count))
        return _flat(name, parts)
    fitting = _fitting(wanted, pure=pure)
    if not fitting:
        return _leaf(choice, wanted)
    operator, variant = choice.pick(fitting)
    return _application(choice, operator, variant, wanted, depth, pure=pure)


def _leaf(choice: Choice, wanted: Type) -> Syntax:
    fields = FIELDS.get(wanted, [])
    if fields and choice.often(70):
        return Name(choice.pick(fields))
    if choice.often(8):
        return Literal(LiteralKind.NULL, None)
    match wanted.base:
        case Base.BOOLEAN:
            return Literal(LiteralKind.BOOLEAN, choice.pick((True, False)))
        case Base.NUMBER:
            return Literal(LiteralKind.NUMBER, choice.pick(NUMBERS))
        case Base.TEXT:
            return Literal(LiteralKind.TEXT, choice.pick(TEXTS))
        case Base.TIME:
            return Literal(LiteralKind.TIME, choice.pick(TIMES))
        case Base.DURATION:
            return Literal(LiteralKind.INTERVAL, choice.pick(INTERVALS))
        case Base.LIST if wanted.element and choice.often(60):
            members = tuple(_leaf(choice, wanted.element) for _ in range(choice.pick((1, 2, 3))))
            return Operation("[...]", (_leaf_literal(choice, wanted.element), *members))
        case _:
            return Name(choice.pick(fields))


def _leaf_literal(choice: Choice, wanted: Type) -> Syntax:
    if wanted == NUMBER:
        return Literal(LiteralKind.NUMBER, choice.pick(NUMBERS))
    return Literal(LiteralKind.TEXT, choice.pick(TEXTS))


def _fitting(wanted: Type, *, pure: bool) -> list[tuple[Operator, Variant]]:
    impure = {"matches", "matches_variant", "age", "arrived_at", *COUNTERS} if pure else set()
    return [
        (operator, variant)
        for name, operator in REGISTRY.items()
        if name not in impure | {"and", "or", "[...]"}
        for variant in operator.variants
        if _returns(variant.signature.returns, wanted)
    ]


def _returns(slot: Slot, wanted: Type) -> bool:
    if slot.container:
        return str(slot) == "LIST(TEXT)" and wanted == list_of(TEXT)
    if slot.name == "T":
        return True
    if slot.name in {"C", "O"}:
        return wanted in TYPES and (slot.name == "C" or wanted != BOOLEAN)
    return wanted.base == slot.name


def _application(
    choice: Choice, operator: Operator, variant: Variant, wanted: Type, depth: int, *, pure: bool
) -> Syntax:
    if operator.name in COUNTERS:
        return _count(choice, operator.name, depth)
    if operator.name == "[]" and map_of(wanted) not in FIELDS:
        return _leaf(choice, wanted)
    if operator.name in {"list_min", "list_max"} and list_of(wanted) not in FIELDS:
        return _leaf(choice, wanted)
    bound = {"T": choice.pick(ANY_TYPES), "C": choice.pick(TYPES), "O": choice.pick(TYPES[1:])}
    if any("LIST(C)" in str(each.slot) for each in variant.signature.parameters):
        bound["C"] = choice.pick((TEXT, NUMBER))
    if any("LIST(T)" in str(each.slot) for each in variant.signature.parameters):
        bound["T"] = choice.pick((TEXT, NUMBER))
    if any("MAP(TEXT, T)" in str(each.slot) for each in variant.signature.parameters):
        bound["T"] = choice.pick((TEXT, NUMBER))
    if variant.signature.returns.name in bound:
        bound[variant.signature.returns.name] = wanted
    arguments = tuple(
        _argument(choice, operator.name, each, bound, depth, pure=pure)
        for each in _parameters(choice, variant)
    )
    if operator.name == "-x":
        return _negated(arguments[0])
    if operator.name == "||":
        return _flat("||", arguments)
    return Operation(_spelling(choice, operator.name), arguments)


def _negated(number: Syntax) -> Syntax:
    """As the parser reads a minus before a number."""
    if isinstance(number, Literal) and isinstance(number.value, float):
        return Literal(LiteralKind.NUMBER, -number.value)
    return Operation("-x", (number,))


def _spelling(choice: Choice, name: str) -> str:
    if name in NEGATABLE and choice.often(30):
        return f"not {name}"
    if name.startswith("is ") and choice.often(50):
        return f"is not {name.removeprefix('is ')}"
    return name


def _parameters(choice: Choice, variant: Variant) -> tuple[Parameter, ...]:
    signature = variant.signature
    count = signature.fewest
    if signature.cycles:
        count = choice.pick((2, 3, 4, 5))
    elif signature.parameters and signature.parameters[-1].repeats:
        count += choice.pick((1, 1, 2))
    elif count < len(signature.parameters) and choice.often(30):
        count = len(signature.parameters)
    return signature.expand(count)


def _argument(
    choice: Choice,
    operator: str,
    parameter: Parameter,
    bound: dict[str, Type],
    depth: int,
    *,
    pure: bool,
) -> Syntax:
    wanted = parameter.slot.resolve(bound)
    if not parameter.literal:
        return _make(choice, wanted, depth - 1, pure=pure)
    pool = LITERALS.get((operator, parameter.name))
    if pool is None:
        return _literal_member(choice, wanted)
    kind = LiteralKind.NUMBER if wanted == NUMBER else LiteralKind.TEXT
    return Literal(kind, choice.pick(pool))


def _literal_member(choice: Choice, wanted: Type) -> Syntax:
    """A member of IN: a literal of the type, or NULL."""
    for _ in range(20):
        leaf = _leaf(choice, wanted)
        if isinstance(leaf, Literal):
            return leaf
    return Literal(LiteralKind.NULL, None)


def _count(choice: Choice, function: str, depth: int) -> Syntax:
    keys = [("creator",), ("author", "id"), ("text",), ("size",), ("verified",)]
    parts: list[Syntax] = [Name(choice.pick(keys)) for _ in range(choice.pick((1, 1, 1, 2)))]
    if function == "first_seen":
        return Operation(function, tuple(parts))
    if function == "distinct_recent":
        parts.append(_make(choice, choice.pick((TEXT, NUMBER, BOOLEAN)), depth - 2, pure=True))
    elif function != "count_recent":
        parts.append(_make(choice, NUMBER, depth - 2, pure=True))
    parts.append(Literal(LiteralKind.TEXT, choice.pick(WINDOWS)))
    if choice.often(50):
        parts.append(_make(choice, BOOLEAN, depth - 2, pure=True))
    return Operation(function, tuple(parts))


def _flat(name: str, parts: tuple[Syntax, ...]) -> Operation:
    """As the parser builds a chain: a chain at its head is the same chain."""
    first, *rest = parts
    if isinstance(first, Operation) and first.name == name:
        return Operation(name, (*first.arguments, *rest))
    return Operation(name, parts)


assert set(SCHEMA.fields) >= {path[0] for paths in FIELDS.values() for path in paths} - {"creator"}
