"""The form of a rule, its way back to SQL, and what a form for an item type can be made of."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from engine.configuration.compiled import schema_of
from engine.errors import InvalidInput, Problem
from engine.items.hidden import hidden_from
from engine.language.form import COMPARATORS, Form, form_of, text_of
from engine.language.lexer import SyntaxProblem
from engine.language.operator import Operator
from engine.language.registry import REGISTRY
from engine.language.signal_forms import signal_operator
from engine.language.types import Base, Type
from engine.permissions import Permission
from engine.signals import Threshold
from services.context import Caller, Context, require
from services.rules import item_type_of
from services.rulesets import known_configuration

NUMERIC = ("=", "<>", "<", "<=", ">", ">=", "between", "not between", "in", "not in")
TEXTUAL = ("=", "<>", "in", "not in", "like", "not like", "ilike", "not ilike")
TESTS = ("contains", "starts_with", "ends_with", "regexp_matches", "matches", "matches_variant")
LISTS = ("list_contains", "list_has_any", "list_has_all", "matches", "matches_variant")
NULLS = ("is null", "is not null")
TRUTHS = ("holds", "is true", "is not true", "is false", "is not false")


@dataclass(frozen=True)
class FieldChoice:
    """path: as a condition names it. type: as the rule language writes it."""

    path: tuple[str, ...]
    type: str
    comparators: tuple[str, ...]


@dataclass(frozen=True)
class SignalChoice:
    """takes, gives: types. comparators: for what it gives. thresholds: where to draw the line."""

    name: str
    summary: str
    signatures: tuple[str, ...]
    gives: str
    comparators: tuple[str, ...]
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True)
class ComparatorChoice:
    """How many values it compares with, at least and at most."""

    name: str
    fewest: int
    most: int


@dataclass(frozen=True)
class Vocabulary:
    fields: tuple[FieldChoice, ...]
    signals: tuple[SignalChoice, ...]
    comparators: tuple[ComparatorChoice, ...]
    banks: tuple[str, ...]


def form_document(where: str) -> object:
    """Plain JSON. Raises InvalidInput where the text is no rule."""
    try:
        form: Form = form_of(where)
    except SyntaxProblem as wrong:
        problem = Problem(str(wrong), "/where", wrong.hint, slug=wrong.code)
        raise InvalidInput(str(wrong), hint=wrong.hint, problems=(problem,)) from wrong
    return msgspec.to_builtins(form)


def form_text(tree: object) -> str:
    """Canonical text, still to be checked. Raises InvalidInput for what is no form."""
    try:
        form: Form = msgspec.convert(tree, Form)
    except msgspec.ValidationError as wrong:
        raise InvalidInput(f"This is no form: {wrong}.", hint="See GET /rules/form.") from wrong
    return text_of(form)


def vocabulary(context: Context, caller: Caller, item_type_id: str) -> Vocabulary:
    """Raises NotFound for the item type."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    item_type = item_type_of(configuration, item_type_id)
    hidden = hidden_from(item_type, caller.permissions)
    fields = schema_of(configuration, item_type).fields
    installed = configuration.signals.values()
    return Vocabulary(
        fields=tuple(
            choice
            for name, given in fields.items()
            if name not in hidden
            for choice in _choices((name,), given)
        ),
        signals=(
            *(_signal(each) for each in REGISTRY.values() if each.group == "signals on text"),
            *(_signal(signal_operator(each), each.thresholds) for each in installed),
        ),
        comparators=tuple(ComparatorChoice(name, *counts) for name, counts in COMPARATORS.items()),
        banks=tuple(sorted(bank.name for bank in configuration.banks.values())),
    )


def _choices(path: tuple[str, ...], given: Type) -> Iterator[FieldChoice]:
    """A field, and what it leads to."""
    yield FieldChoice(path, str(given), comparators_of(given))
    for name, member in given.fields:
        yield from _choices((*path, name), member)


def comparators_of(given: Type) -> tuple[str, ...]:
    match given.base:
        case Base.NUMBER | Base.TIME | Base.DURATION:
            return (*NUMERIC, *NULLS)
        case Base.BOOLEAN:
            return (*TRUTHS, *NULLS)
        case Base.LIST:
            return (*LISTS, *NULLS)
        case _:
            return (*TEXTUAL, *TESTS, *NULLS) if given.textual else NULLS


def _signal(operator: Operator, thresholds: tuple[Threshold, ...] = ()) -> SignalChoice:
    gives = operator.variants[0].signature.returns.resolve({})
    return SignalChoice(
        operator.name,
        operator.summary,
        tuple(each.signature.text for each in operator.variants),
        str(gives),
        comparators_of(gives),
        thresholds,
    )
