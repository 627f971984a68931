"""Random rules, made from the registry's own signatures, so that a new function is fuzzed at once.

`Choice` is where chance comes from: hypothesis (which shrinks) or a seeded generator (which is
fast).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from hypothesis import strategies as st

from engine.language.nodes import Literal, LiteralKind, Name, Operation, Syntax
from engine.language.quantifiers import DEEPEST_LISTS
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
from tests.engine.language.fact_world import LABELS
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
FACT_FUNCTIONS = frozenset(name for name, each in REGISTRY.items() if each.group == "facts")
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
RATES = (1.0, 2.0, 3.0, 7.0)
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
    ("near_duplicate_key", "key"): (1.0, 2.0, 8.0),
    ("matches", "bank"): BANK_NAMES,
    ("matches_variant", "bank"): BANK_NAMES,
    ("matches", "mode"): ("word", "substring", "phrase", "variant"),
    ("[]", "key"): ("k", "", "none", "it's"),
}

TYPES = (BOOLEAN, NUMBER, TEXT, TIME, DURATION)
ANY_TYPES = (*TYPES, list_of(TEXT), list_of(NUMBER), map_of(TEXT), map_of(NUMBER), ITEM)
FIELDS: dict[Type, list[tuple[str, ...]]] = {
    BOOLEAN: [("verified",), ("__class__",), ("thread", "open")],
    NUMBER: [
        ("score",),
        ("size",),
        ("address", "zip"),
        ("creator", "karma"),
        ("thread", "members"),
    ],
    TEXT: [
        ("text",),
        ("other",),
        ("link",),
        ("class",),
        ("select",),
        ("we \"ird'\\ name",),
        ("author", "id"),
        ("address", "city"),
        ("creator", "bio"),
        ("thread", "topic"),
    ],
    TIME: [("created_at",), ("seen_at",), ("creator", "joined")],
    list_of(TEXT): [("tags",), ("creator", "badges")],
    list_of(NUMBER): [("scores",)],
    map_of(TEXT): [("labels",)],
    map_of(NUMBER): [("weights",), ("thread", "votes")],
    ITEM: [("author",), ("creator",), ("channel",), ("thread",)],
}
NEGATABLE = {"in", "like", "ilike", "between"}


RELATED = {
    *(("creator", name) for name in ("bio", "karma", "joined", "badges")),
    *(("thread", name) for name in ("topic", "members", "open", "votes")),
}
QUANTIFIERS = frozenset({"any", "all", "count"})
ELEMENTS: dict[tuple[str, ...], dict[Type, list[tuple[str, ...]]]] = {
    ("tags",): {TEXT: [("tags",)]},
    ("scores",): {NUMBER: [("scores",)]},
    ("labels",): {TEXT: [("labels",)]},
    ("weights",): {NUMBER: [("weights",)]},
    ("pages",): {
        TEXT: [("pages", "link")],
        NUMBER: [("pages", "size")],
        list_of(TEXT): [("pages", "tags")],
    },
    ("pages", "tags"): {TEXT: [("pages", "tags")]},
    ("creator", "badges"): {TEXT: [("creator", "badges")]},
    ("thread", "votes"): {NUMBER: [("thread", "votes")]},
}
"""What can be looked through element by element, and what may be read of an element."""


@dataclass(frozen=True)
class Scope:
    """pure: inside a counter. lists: those whose elements are being looked at."""

    pure: bool = False
    lists: tuple[tuple[str, ...], ...] = ()

    def looking_at(self, subject: tuple[str, ...]) -> Scope:
        return replace(self, lists=(*self.lists, subject))

    def may_look_at(self, subject: tuple[str, ...]) -> bool:
        """A list inside an element is there while the element is looked at."""
        inside = subject[0] != "pages" or len(subject) == 1 or subject[:1] in self.lists
        pure = not self.pure or subject not in RELATED
        return pure and inside and subject not in self.lists and len(self.lists) < DEEPEST_LISTS

    def fields(self, wanted: Type) -> list[tuple[str, ...]]:
        """Of elements first; a list that is looked through is no list."""
        outer = [path for path in FIELDS.get(wanted, []) if path not in self.lists]
        inner = [
            path
            for subject in self.lists
            for path in ELEMENTS[subject].get(wanted, [])
            if path == subject or path not in self.lists
        ]
        reach = [path for path in outer if not self.pure or path not in RELATED]
        return [*inner, *inner, *reach]


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
    return _make(choice, BOOLEAN, depth, scope=Scope())


def _make(choice: Choice, wanted: Type, depth: int, *, scope: Scope) -> Syntax:
    if depth <= 0 or choice.often(15):
        return _leaf(choice, wanted, scope)
    if wanted == BOOLEAN and choice.often(25):
        name = choice.pick(("and", "or"))
        count = choice.pick((2, 3))
        parts = tuple(_make(choice, BOOLEAN, depth - 1, scope=scope) for _ in range(count))
        return _flat(name, parts)
    fitting = _fitting(wanted, scope=scope)
    if not fitting:
        return _leaf(choice, wanted, scope)
    operator, variant = choice.pick(fitting)
    return _application(choice, operator, variant, wanted, depth, scope=scope)


def _leaf(choice: Choice, wanted: Type, scope: Scope) -> Syntax:
    fields = scope.fields(wanted)
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
            members = tuple(
                _leaf(choice, wanted.element, scope) for _ in range(choice.pick((1, 2, 3)))
            )
            return Operation("[...]", (_leaf_literal(choice, wanted.element), *members))
        case Base.LIST if not fields:
            return Operation("[...]", (_leaf_literal(choice, wanted.element or TEXT),))
        case _:
            return Name(choice.pick(fields or FIELDS[wanted]))


def _leaf_literal(choice: Choice, wanted: Type) -> Syntax:
    if wanted == NUMBER:
        return Literal(LiteralKind.NUMBER, choice.pick(NUMBERS))
    return Literal(LiteralKind.TEXT, choice.pick(TEXTS))


def _fitting(wanted: Type, *, scope: Scope) -> list[tuple[Operator, Variant]]:
    told_later = {"matches", "matches_variant", "age", "arrived_at", *COUNTERS, *FACT_FUNCTIONS}
    impure = told_later if scope.pure else set()
    return [
        (operator, variant)
        for name, operator in REGISTRY.items()
        if name not in impure | {"and", "or", "[...]"}
        for variant in operator.variants
        if _returns(variant.signature.returns, wanted)
    ]


def _returns(slot: Slot, wanted: Type) -> bool:
    if slot.container:
        if str(slot) == "LIST(T)":
            return wanted in {list_of(TEXT), list_of(NUMBER)}
        return str(slot) == "LIST(TEXT)" and wanted == list_of(TEXT)
    if slot.name == "T":
        return True
    if slot.name in {"C", "O"}:
        return wanted in TYPES and (slot.name == "C" or wanted != BOOLEAN)
    return wanted.base == slot.name


def _application(
    choice: Choice, operator: Operator, variant: Variant, wanted: Type, depth: int, *, scope: Scope
) -> Syntax:
    if operator.name in COUNTERS | FACT_FUNCTIONS | QUANTIFIERS:
        return _special(choice, operator.name, depth, scope)
    if operator.name == "[]" and map_of(wanted) not in FIELDS:
        return _leaf(choice, wanted, scope)
    if operator.name in {"list_min", "list_max"} and list_of(wanted) not in FIELDS:
        return _leaf(choice, wanted, scope)
    bound = {"T": choice.pick(ANY_TYPES), "C": choice.pick(TYPES), "O": choice.pick(TYPES[1:])}
    if any("LIST(C)" in str(each.slot) for each in variant.signature.parameters):
        bound["C"] = choice.pick((TEXT, NUMBER))
    if any("LIST(T)" in str(each.slot) for each in variant.signature.parameters):
        bound["T"] = choice.pick((TEXT, NUMBER))
    if any("MAP(TEXT, T)" in str(each.slot) for each in variant.signature.parameters):
        bound["T"] = choice.pick((TEXT, NUMBER))
    if variant.signature.returns.name in bound:
        listed = variant.signature.returns.container and wanted.element
        bound[variant.signature.returns.name] = listed or wanted
    if any(_is_out_of_reach(each, bound, scope) for each in variant.signature.parameters):
        return _leaf(choice, wanted, scope)
    arguments = tuple(
        _argument(choice, operator.name, each, bound, depth, scope=scope)
        for each in _parameters(choice, variant)
    )
    if operator.name == "-x":
        return _negated(arguments[0])
    if operator.name == "||":
        return _flat("||", arguments)
    return Operation(_spelling(choice, operator.name), arguments)


def _special(choice: Choice, name: str, depth: int, scope: Scope) -> Syntax:
    """What has rules of its own for its arguments."""
    if name == "rate_limited":
        return _rate_limited(choice)
    if name in FACT_FUNCTIONS:
        return _known(choice, name)
    if name in QUANTIFIERS:
        return _quantified(choice, name, depth, scope)
    return _count(choice, name, depth, scope)


def _is_out_of_reach(parameter: Parameter, bound: dict[str, Type], scope: Scope) -> bool:
    """A map whose values are being looked at is no map."""
    wanted = parameter.slot.resolve(bound)
    return wanted.base is Base.MAP and not scope.fields(wanted)


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
    scope: Scope,
) -> Syntax:
    wanted = parameter.slot.resolve(bound)
    if not parameter.literal:
        return _make(choice, wanted, depth - 1, scope=scope)
    pool = LITERALS.get((operator, parameter.name))
    if pool is None:
        return _literal_member(choice, wanted, scope)
    kind = LiteralKind.NUMBER if wanted == NUMBER else LiteralKind.TEXT
    return Literal(kind, choice.pick(pool))


def _literal_member(choice: Choice, wanted: Type, scope: Scope) -> Syntax:
    """A member of IN: a literal of the type, or NULL."""
    for _ in range(20):
        leaf = _leaf(choice, wanted, scope)
        if isinstance(leaf, Literal):
            return leaf
    return Literal(LiteralKind.NULL, None)


def _quantified(choice: Choice, name: str, depth: int, scope: Scope) -> Syntax:
    """Of a field, with the list written first half of the time: needed where there are others."""
    subject = choice.pick([path for path in ELEMENTS if scope.may_look_at(path)] or [()])
    if not subject:
        return _leaf(choice, NUMBER if name == "count" else BOOLEAN, scope)
    inside = scope.looking_at(subject)
    condition = _make(choice, BOOLEAN, depth - 1, scope=inside)
    written = Operation(name, (Name(subject), condition))
    alone = Operation(name, (condition,))
    return alone if choice.often(50) and _names_one_list(condition, subject) else written


def _positive(name: str) -> str:
    return name.removeprefix("not ").replace("is not ", "is ")


def _names_one_list(condition: Syntax, subject: tuple[str, ...]) -> bool:
    """Whether no other list is named, and no list made by a function."""
    named, stack = False, [condition]
    while stack:
        syntax = stack.pop()
        if isinstance(syntax, Name):
            mine = syntax.parts[: len(subject)] == subject
            named = named or mine
            lists = any(syntax.parts[: len(path)] == path for path in ELEMENTS)
            if lists and not mine:
                return False
        elif isinstance(syntax, Operation):
            returns = REGISTRY[_positive(syntax.name)].variants[0].signature.returns
            if returns.container and syntax.name != "[...]":
                return False
            stack.extend(syntax.arguments)
    return named


def _text(text: str) -> Literal:
    return Literal(LiteralKind.TEXT, text)


def _known(choice: Choice, function: str) -> Syntax:
    subject = Name(choice.pick((("creator",), ("thread",), ("author",), ("item",))))
    if function == "has_label":
        return Operation(function, (subject, _text(choice.pick(LABELS))))
    rest = (_text(choice.pick(WINDOWS)), _text("p-spam"))[: choice.pick((0, 1, 2))]
    return Operation(function, (subject, *rest))


def _keys(choice: Choice) -> list[Syntax]:
    """Fields, and what is made of them."""
    text = Name(("text",))
    band = Literal(LiteralKind.NUMBER, choice.pick((1.0, 2.0, 8.0)))
    keys: list[Syntax] = [
        Name(choice.pick((("creator",), ("thread",), ("author", "id"), ("size",), ("verified",)))),
        text,
        Operation("near_duplicate_key", (text,)),
        Operation("near_duplicate_key", (text, band)),
        Operation("lower", (text,)),
        Operation("length", (text,)),
    ]
    return [choice.pick((keys[0], *keys)) for _ in range(choice.pick((1, 1, 1, 2)))]


def _rate_limited(choice: Choice) -> Syntax:
    limit, *burst = (Literal(LiteralKind.NUMBER, choice.pick(RATES)) for _ in range(2))
    more = burst if choice.often(40) else []
    return Operation(
        "rate_limited", (*_keys(choice), limit, _text(choice.pick(WINDOWS[1:])), *more)
    )


def _count(choice: Choice, function: str, depth: int, scope: Scope) -> Syntax:
    parts = _keys(choice)
    if function == "first_seen":
        return Operation(function, tuple(parts))
    inside = Scope(pure=True)
    if scope.lists:  # an element cannot be counted by
        parts += [Name(("score",))] if function != "count_recent" else []
    elif function == "distinct_recent":
        parts.append(_make(choice, choice.pick((TEXT, NUMBER, BOOLEAN)), depth - 2, scope=inside))
    elif function != "count_recent":
        parts.append(_make(choice, NUMBER, depth - 2, scope=inside))
    parts.append(Literal(LiteralKind.TEXT, choice.pick(WINDOWS)))
    if choice.often(50) and not scope.lists:
        parts.append(_make(choice, BOOLEAN, depth - 2, scope=inside))
    return Operation(function, tuple(parts))


def _flat(name: str, parts: tuple[Syntax, ...]) -> Operation:
    """As the parser builds a chain: a chain at its head is the same chain."""
    first, *rest = parts
    if isinstance(first, Operation) and first.name == name:
        return Operation(name, (*first.arguments, *rest))
    return Operation(name, parts)


assert set(SCHEMA.fields) >= {path[0] for path in ELEMENTS} - {"creator", "thread"}
assert set(SCHEMA.fields) >= {path[0] for paths in FIELDS.values() for path in paths} - {
    "creator",
    "thread",
}
