"""Syntax to checked nodes: names resolved, every type known, all mistakes collected.

Strict: nothing is converted silently, and each mistake is told once, where it stands.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from engine.language.diagnostics import LARGEST_REPORT, Diagnostic, locate
from engine.language.format import format_number
from engine.language.graph import free_levels
from engine.language.names import read_call, read_name
from engine.language.nodes import (
    Apply,
    ArrivalTime,
    Constant,
    Element,
    Literal,
    LiteralKind,
    Name,
    Node,
    Operation,
    Span,
    Syntax,
)
from engine.language.refusals import hint_of_function
from engine.language.registry import FUNCTIONS, REGISTRY
from engine.language.signal_forms import signal_call, signal_operator
from engine.language.types import (
    BOOLEAN,
    DURATION,
    ERROR,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    Base,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.language.names import Bound
    from engine.language.nodes import Environment
    from engine.language.operator import Operator, Variant
    from engine.language.signature import Bindings, Signature
    from engine.language.types import Schema
    from engine.signals import Signal

    Special = Callable[["Checker", Operation], Node]

_LITERAL_TYPES: Final = {
    LiteralKind.NULL: NULL,
    LiteralKind.BOOLEAN: BOOLEAN,
    LiteralKind.NUMBER: NUMBER,
    LiteralKind.TEXT: TEXT,
    LiteralKind.TIME: TIME,
    LiteralKind.INTERVAL: DURATION,
}
_SHOWN: Final = {"-x": "-", "[...]": "a list", "[]": "[]"} | {
    name: f"{name}()" for name in ("any", "all", "count")
}
HEAVIEST: Final = 100_000
"""How much the patterns of one rule may weigh together: steps of RE2's programs."""

_NEGATIVE: Final = ("not ", "is not ")


class Checker:
    """One check of one text. The trees it builds hold ERROR where something was wrong."""

    def __init__(
        self, text: str, schema: Schema, environment: Environment, special: Mapping[str, Special]
    ) -> None:
        self.schema = schema
        self.environment = environment
        self.diagnostics: list[Diagnostic] = []
        self.bounds: list[Bound] = []
        self._weight = 0
        self._text = text
        self._special = special

    # -- reporting --------------------------------------------------------------------------------

    def report(self, code: str, message: str, hint: str, span: Span) -> None:
        if len(self.diagnostics) < LARGEST_REPORT:
            line, column, length = locate(self._text, span.start, span.end)
            self.diagnostics.append(Diagnostic(code, message, hint, line, column, length))

    def refuse(self, code: str, message: str, hint: str, span: Span) -> Constant:
        self.report(code, message, hint, span)
        return Constant(ERROR, None, span)

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """A hint that names what may have been meant."""
        if len(self.diagnostics) >= LARGEST_REPORT:
            return ""
        spellings = {each.casefold(): each for each in known}
        close = get_close_matches(word[:80].casefold(), spellings, n=1, cutoff=0.6)
        return f"Did you mean {spellings[close[0]]}?" if close else ""

    # -- nodes ------------------------------------------------------------------------------------

    def node(self, syntax: Syntax) -> Node:
        match syntax:
            case Literal():
                return Constant(_LITERAL_TYPES[syntax.kind], syntax.value, syntax.span)
            case Name():
                return read_name(self, syntax)
            case Operation():
                return read_call(self, syntax) or self._operation(syntax)

    def condition(self, syntax: Syntax, also: str = "") -> Node:
        """also: what else may be meant where it is no condition."""
        node = self.node(syntax)
        if node.type.base is not Base.BOOLEAN and not node.type.wild:
            return self.refuse(
                "not-boolean",
                f"A condition is TRUE or FALSE; this is {node.type}.",
                f"Compare it with something{_comparison_hint(node.type)}.{also}",
                syntax.span,
            )
        return node

    def _operation(self, operation: Operation) -> Node:
        for prefix in _NEGATIVE:
            positive = operation.name.removeprefix(prefix)
            if positive != operation.name:
                name = f"is {positive}" if prefix == "is not " else positive
                inner = self._operation(
                    Operation(name, operation.arguments, operation.span, operation.word)
                )
                return self._apply("not", (inner,), operation)
        operator = REGISTRY.get(operation.name)
        if operator is None:
            signal = self.environment.signals.get(operation.name)
            return self._signal(signal, operation) if signal else self._unknown_function(operation)
        special = self._special.get(operation.name)
        if special is not None:
            return special(self, operation)
        arguments = tuple(self.node(argument) for argument in operation.arguments)
        return self._apply(operation.name, arguments, operation)

    def _unknown_function(self, operation: Operation) -> Node:
        for argument in operation.arguments:
            self.node(argument)
        owner, _, last = operation.name.rpartition(".")
        hint = hint_of_function(operation.name)
        hint = hint or self.nearest(operation.name, [*FUNCTIONS, *self.environment.signals])
        if owner and last in FUNCTIONS:
            hint = f"Functions stand before what they are given: {last}({owner})."
        elif owner and not hint:
            hint = "Signals come with packages; `winnow signals list` names those installed."
        hint = hint or "GET /api/v1/rules/functions and the reference list every function."
        return self.refuse(
            "unknown-function",
            f"There is no function {operation.name[:60]}().",
            hint,
            operation.word,
        )

    def _signal(self, signal: Signal, operation: Operation) -> Node:
        operator = signal_operator(signal)
        arguments = tuple(self.node(argument) for argument in operation.arguments)
        fitting = self.choose(operator, arguments, operation)
        if fitting is None:
            return Constant(ERROR, None, operation.span)
        variant = operator.variants[fitting[0]]
        if not self._literals(variant, arguments, operator):
            return Constant(ERROR, None, operation.span)
        if free_levels(arguments[0]):
            return self.refuse(
                "bad-element",
                f"{signal.name}() cannot be asked about one element at a time.",
                f"Give it the whole list: {signal.name}(list) answers for any element.",
                operation.span,
            )
        return signal_call(signal, variant, arguments, operation.span)

    # -- application ------------------------------------------------------------------------------

    def _apply(self, name: str, arguments: tuple[Node, ...], operation: Operation) -> Node:
        operator = REGISTRY[name]
        fitting = self.choose(operator, arguments, operation)
        if fitting is None:
            return Constant(ERROR, None, operation.span)
        place, bindings = fitting
        variant = operator.variants[place]
        if not self._literals(variant, arguments, operator):
            return Constant(ERROR, None, operation.span)
        parameters = variant.signature.expand(len(arguments))
        typed = tuple(
            _typed(argument, parameter.slot.resolve(bindings))
            for argument, parameter in zip(arguments, parameters, strict=True)
        )
        result = variant.signature.returns.resolve(bindings)
        if name == "arrived_at":
            return ArrivalTime(result, operation.span)
        applied = Apply(result, name, typed, place, operation.span)
        return operator.rewrite(applied) if operator.rewrite else applied

    def choose(
        self, operator: Operator, arguments: Sequence[Node], operation: Operation
    ) -> tuple[int, Bindings] | None:
        """The first variant that fits, and its type variables; reports where none does."""
        given = [argument.type for argument in arguments]
        if ERROR in given:
            return None
        variants = [v.signature for v in operator.variants]
        counted = [s for s in variants if s.takes(len(given))]
        if not counted:
            self._wrong_count(operator, len(given), operation)
            return None
        for place, each in enumerate(variants):
            bindings = each.bind(given) if each in counted else None
            if bindings is not None:
                return place, bindings
        self._wrong_type(operator, counted[0], arguments, operation)
        return None

    def _wrong_count(self, operator: Operator, count: int, operation: Operation) -> None:
        self.report(
            "wrong-count",
            f"{shown_name(operator)} does not take {count} argument{'' if count == 1 else 's'}.",
            f"Write {usage(operator)}.",
            operation.span,
        )

    def _wrong_type(
        self,
        operator: Operator,
        wanted: Signature,
        arguments: Sequence[Node],
        operation: Operation,
    ) -> None:
        kinds = " and ".join(str(argument.type) for argument in arguments)
        verb = "cannot compare" if operator.group == "compare" else "does not take"
        self.report(
            "wrong-type",
            f"{shown_name(operator)} {verb} {kinds}.",
            self._one_element(wanted, arguments)
            or suggestion(arguments)
            or f"It takes {wanted.text.partition('->')[0].strip()}.",
            operation.span,
        )

    def _one_element(self, wanted: Signature, arguments: Sequence[Node]) -> str:
        """Where a list is wanted and stands for its element."""
        for parameter, argument in zip(wanted.expand(len(arguments)), arguments, strict=True):
            if parameter.slot.container == Base.LIST and isinstance(argument, Element):
                written = self._text[argument.span.start : argument.span.end][:60]
                return (
                    f"In any(), all() and count() {written} is one of its elements, "
                    f"{argument.type}. Ask about that one, or about the whole list outside."
                )
        return ""

    def _literals(self, variant: Variant, arguments: Sequence[Node], operator: Operator) -> bool:
        """Whether what must be written out is, and makes sense."""
        parameters = variant.signature.expand(len(arguments))
        for parameter, argument in zip(parameters, arguments, strict=True):
            allowed = isinstance(argument, Constant) and (
                argument.value is not None or parameter.repeats
            )
            if parameter.literal and not allowed:
                self.report(
                    "not-a-literal",
                    f"The {parameter.name} of {shown_name(operator)} must be written out.",
                    f"Write {usage(operator, variant)} with a value, not a field or an expression.",
                    argument.span,
                )
                return False
        if operator.refuse is None:
            return True
        values = tuple(each.value if isinstance(each, Constant) else None for each in arguments)
        if self._weight > HEAVIEST:
            self._refuse_weight(arguments[-1].span)
            return False
        refused = operator.refuse(values)
        self._weight += operator.weigh(values) if operator.weigh else 0
        if refused:
            literal = [each for each in arguments if isinstance(each, Constant)] or arguments
            self.report(*refused, literal[-1].span)
        return refused is None

    def _refuse_weight(self, span: Span) -> None:
        """Once: what follows is not looked at, so that no rule takes long to check."""
        if all(told.code != "too-large" for told in self.diagnostics):
            self.report(
                "too-large",
                "The patterns of this rule are too large together.",
                "Write shorter ones, with fewer repetitions like {100}, or put them into a bank.",
                span,
            )


def shown_name(operator: Operator) -> str:
    return _SHOWN.get(operator.name) or (
        operator.name.upper() if operator.written else f"{operator.name}()"
    )


def usage(operator: Operator, variant: Variant | None = None) -> str:
    """variant: which is meant, the last one unless it is known."""
    if operator.written:
        return operator.written
    names = [p.name for p in (variant or operator.variants[-1]).signature.parameters]
    return f"{operator.name}({', '.join(names)})"


def suggestion(arguments: Sequence[Node]) -> str:
    """What the author may have meant by comparing, say, a number with a text."""
    for this, other in ((a, b) for a in arguments for b in arguments if a is not b):
        if not isinstance(this, Constant) or not isinstance(this.value, str):
            continue
        if other.type.base is Base.NUMBER and _is_number(this.value):
            return f"Write {this.value} without quotes to compare numbers."
        if other.type.base is Base.BOOLEAN and this.value.casefold() in {"true", "false"}:
            return f"Write {this.value.upper()} without quotes."
        if other.type.base is Base.TIME:
            return f"Write TIMESTAMP '{this.value[:40]}' to compare times."
        if other.type.base is Base.DURATION:
            return f"Write INTERVAL '{this.value[:40]}' to compare lengths of time."
    return _other_suggestion(arguments)


def _other_suggestion(arguments: Sequence[Node]) -> str:
    bases = {argument.type.base for argument in arguments}
    numbers = [a for a in arguments if isinstance(a, Constant) and a.type == NUMBER]
    if numbers and any(argument.type.textual for argument in arguments):
        return f"Write '{format_number(float(str(numbers[0].value)))}' in quotes to compare texts."
    if numbers and Base.DURATION in bases:
        return "Compare a length of time with INTERVAL '7 days'."
    if Base.LIST in bases and numbers:
        return "Write len(list) for how many elements it has, or any(condition) to ask about them."
    if Base.LIST in bases:
        return "Use list_contains(list, value), or any(condition) to ask about its elements."
    if Base.BOOLEAN in bases and len(arguments) > 1:
        return "What is TRUE or FALSE needs no comparison: write it alone, or with NOT."
    if Base.ITEM in bases:
        return "Compare its id, as in creator.id = 'abc'."
    return ""


def _typed(argument: Node, expected: Type) -> Node:
    """What can only be NULL takes the type that is expected of it."""
    if argument.type == NULL:
        return Constant(expected, None, argument.span)
    return argument


def _comparison_hint(given: Type) -> str:
    match given.base:
        case Base.NUMBER:
            return ", as in value > 5"
        case base if given.textual or base is Base.TEXT:
            return ", as in value = 'text'"
        case Base.DURATION:
            return ", as in age(created_at) < INTERVAL '7 days'"
        case _:
            return " or use IS NOT NULL"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
