"""Our own trees. The author's words become syntax; the checker turns syntax into checked nodes.

Both are frozen, compare without their spans, and are what formatter, compilers and explanations
read. Generated code and SQL are built from checked nodes alone, never from the author's text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from engine.language.types import BOOLEAN, NUMBER, PROFILE_COLUMNS, Schema, Type
from engine.signals import Ask, Signal, ask_in_turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.buckets import Rate
    from engine.language.diagnostics import Diagnostic
    from engine.text import Bank


class Span(NamedTuple):
    """Code points of the author's text, end exclusive."""

    start: int
    end: int


NOWHERE = Span(0, 0)


# -- syntax: what was written ---------------------------------------------------------------------


class LiteralKind(StrEnum):
    NULL = "NULL"
    BOOLEAN = "BOOLEAN"
    NUMBER = "NUMBER"
    TEXT = "TEXT"
    TIME = "TIME"  # microseconds since 1970 UTC
    INTERVAL = "INTERVAL"  # microseconds


@dataclass(frozen=True)
class Literal:
    kind: LiteralKind
    value: str | float | bool | int | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Name:
    """A field, or a path into one: `address.city`."""

    parts: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Operation:
    """An operator or a function, by its name in the registry.

    word: where the operator or function name itself stands.
    """

    name: str
    arguments: tuple[Syntax, ...]
    span: Span = field(default=NOWHERE, compare=False)
    word: Span = field(default=NOWHERE, compare=False)


Syntax = Literal | Name | Operation


# -- checked: what it means -----------------------------------------------------------------------

Value = str | float | bool | int | None


@dataclass(frozen=True)
class Constant:
    """TIME and DURATION constants are whole microseconds."""

    type: Type
    value: Value
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class FieldRead:
    """path[0] is a field of the schema, the rest lead into its struct."""

    type: Type
    path: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ArrivalTime:
    type: Type
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Apply:
    """`operator` is a name in the registry; `overload` the place of the signature that fits."""

    type: Type
    operator: str
    arguments: tuple[Node, ...]
    overload: int = 0
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class BankMatch:
    """TRUE where the text, or any element of the list, matches an entry of the bank.

    mode: empty for each entry's own, else the mode that replaces it.
    """

    subject: Node
    bank: str
    mode: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    type: Type = BOOLEAN


@dataclass(frozen=True)
class CountRecent:
    """What a counter says of the item, whatever its measure; type: NUMBER or TIME."""

    counter: Counter
    span: Span = field(default=NOWHERE, compare=False)
    type: Type = NUMBER


class FactMeasure(StrEnum):
    """What is asked of an entity's strikes, reports or labels."""

    STRIKES = "strikes"
    REPORTS = "reports"
    LABEL = "has_label"

    @property
    def kind(self) -> str:
        """Of the facts that are looked at."""
        return _FACT_KINDS[self]


_FACT_KINDS = {
    FactMeasure.STRIKES: "strike",
    FactMeasure.REPORTS: "report",
    FactMeasure.LABEL: "label",
}


@dataclass(frozen=True)
class FactFeature:
    """What is known of one entity when an item arrives.

    subject: the field that names the entity; empty for the item itself.
    name: of facts with this name alone, or empty. window_us: none older; None for all.
    """

    measure: FactMeasure
    subject: tuple[str, ...]
    name: str = ""
    window_us: int | None = None


@dataclass(frozen=True)
class FactRead:
    """type: NUMBER or BOOLEAN."""

    feature: FactFeature
    span: Span = field(default=NOWHERE, compare=False)
    type: Type = NUMBER


class Quantifier(StrEnum):
    """EACH is for explanations: the answers of all elements, in order."""

    ANY = "any"
    ALL = "all"
    COUNT = "count"
    EACH = "each"


@dataclass(frozen=True)
class Element:
    """The element that a quantifier is looking at, or what the path leads to in it.

    level: of the quantifier; 0 is the outermost.
    """

    type: Type
    level: int
    path: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Quantified:
    """A condition asked of every element of a list; it reads them as Element of this level."""

    type: Type
    quantifier: Quantifier
    subject: Node
    condition: Node
    level: int = 0
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SignalCall:
    """What a signal says of a value, of a list what it says of its elements.

    options: as written, in order; those left out are absent.
    """

    type: Type
    signal: Signal
    subject: Node
    options: tuple[str | float | bool, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


Node = (
    Constant
    | FieldRead
    | ArrivalTime
    | Apply
    | BankMatch
    | CountRecent
    | FactRead
    | Element
    | Quantified
    | SignalCall
)


class Carries(StrEnum):
    """What an event of a counter holds beside its key and its place. FIRST: of each key, one."""

    NOTHING = ""
    NUMBER = "number"
    MEMBER = "member"
    FIRST = "first"


class Measure(StrEnum):
    """What a counter says of the events in its window."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    AVG = "avg"
    MAX = "max"
    FIRST = "first"
    TOKENS = "tokens"  # TRUE where the item found no token in its key's bucket

    @property
    def carries(self) -> Carries:
        return _CARRIED.get(self, Carries.NUMBER)


_CARRIED = {
    Measure.COUNT: Carries.NOTHING,
    Measure.TOKENS: Carries.NOTHING,
    Measure.DISTINCT: Carries.MEMBER,
    Measure.FIRST: Carries.FIRST,
}


@dataclass(frozen=True)
class Counter:
    """Events of one item type by key, within a window that ends at (and holds) the item itself.

    key_fields: paths of fields, or what is made from fields, as a rule writes them, resolved:
        `creator` is the field that holds the author.
    where: canonical text of the condition an event must meet, or empty.
    rate: of a token bucket, whose period is the window.
    value: canonical text of what is summed, compared or told apart, or empty. An item where it is
        NULL is no event.
    """

    type_id: str
    key_fields: tuple[str, ...]
    where: str
    window_us: int
    key: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    condition: Node | None = field(default=None, compare=False, repr=False)
    measure: Measure = Measure.COUNT
    value: str = ""
    carried: Node | None = field(default=None, compare=False, repr=False)
    rate: Rate | None = None

    @property
    def identity(self) -> str:
        """The same for every window, so that one stream of events serves them all."""
        facts = [self.type_id, self.key_fields, self.where]
        if self.measure.carries is not Carries.NOTHING:
            facts += [self.measure.carries, self.value]
        written = json.dumps(facts, ensure_ascii=False)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Environment:
    """Banks by name; the ids of policies by name; signals by name, and how they are asked."""

    banks: Mapping[str, Bank] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    ask: Ask = field(default=ask_in_turn, compare=False)


@dataclass(frozen=True)
class Predicate:
    """text is canonical; fields are the top-level fields it reads, counters' included."""

    text: str
    tree: Node
    schema: Schema
    counters: tuple[Counter, ...]
    banks: tuple[str, ...]
    fields: tuple[str, ...]
    facts: tuple[FactFeature, ...] = ()

    @property
    def related(self) -> tuple[str, ...]:
        """`creator` and `thread`, where it reads more of them than their id and type."""
        return tuple(word for word, column in PROFILE_COLUMNS.items() if column in self.fields)


@dataclass(frozen=True)
class Checked:
    """Either a predicate, or at least one diagnostic that says why not."""

    predicate: Predicate | None
    diagnostics: tuple[Diagnostic, ...]
