"""A request and a configuration make checked rules, or say what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.backtest.digest import content_name
from engine.backtest.spec import Spec, TruthSource
from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.related import related_types
from engine.errors import InvalidInput, NotFound, Problem
from engine.items import Scalar
from engine.language import check
from engine.language.asking import calls_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.backtest.request import BacktestRequest
    from engine.configuration.configuration import Configuration
    from engine.items import ItemType
    from engine.language import Environment, Predicate, Schema

_SEGMENTS: Final = frozenset(Scalar) - {
    Scalar.OBJECT,
    Scalar.RELATED_ITEM,
    Scalar.USER_ID,
    Scalar.IMAGE,
    Scalar.VIDEO,
    Scalar.AUDIO,
    Scalar.MEDIA,
}


@dataclass(frozen=True)
class Prepared:
    item_type: ItemType
    item_types: Mapping[str, ItemType]
    spec: Spec
    candidate: Predicate
    baseline: Predicate | None
    environment: Environment

    @property
    def predicates(self) -> tuple[Predicate, ...]:
        return (self.candidate,) if self.baseline is None else (self.candidate, self.baseline)

    @property
    def lead_us(self) -> int:
        """How far before the period history matters: the longest window that a rule counts in."""
        windows = [each.window_us for rule in self.predicates for each in rule.counters]
        return max(windows, default=0)

    @property
    def counts_others(self) -> bool:
        return self.lead_us > 0

    @property
    def asks_facts(self) -> bool:
        """Whether a rule asks for strikes, reports or labels of an entity."""
        return any(rule.facts for rule in self.predicates)

    @property
    def related_types(self) -> Mapping[str, tuple[ItemType, ...]]:
        """Item types whose items rules read as authors and threads, by `creator` or `thread`."""
        return related_types(self.predicates, self.item_types)

    @property
    def banks(self) -> Mapping[str, str]:
        """Name -> digest of the terms, of the banks that the rules use."""
        used = sorted({name for rule in self.predicates for name in rule.banks})
        return {name: content_name(self.environment.banks[name]) for name in used}

    @property
    def signals(self) -> Mapping[str, str]:
        """Name -> version, of the signals that the rules ask."""
        calls = calls_in([rule.tree for rule in self.predicates])
        return {call.signal.name: call.signal.version for call in calls}

    @property
    def fields(self) -> Mapping[str, str]:
        """Name -> type, as the rules see it."""
        return {name: str(kind) for name, kind in self.candidate.schema.fields.items()}


def prepare(request: BacktestRequest, configuration: Configuration) -> Prepared:
    """Raises NotFound for a type or rule that is not there, InvalidInput for a wrong rule."""
    item_type = configuration.item_types.get(request.item_type_id)
    if item_type is None:
        raise NotFound(f"There is no item type '{request.item_type_id}' in this organisation.")
    environment = environment_of(configuration)
    schema = schema_of(configuration, item_type)
    where, baseline = _texts(request, configuration)
    candidate = _checked("where", where, schema, environment)
    against = None if baseline is None else _checked("baselineWhere", baseline, schema, environment)
    _refuse_wrong_fields(request, item_type)
    spec = Spec(
        candidate=candidate.text,
        baseline=against.text if against else None,
        period=request.period,
        truth=request.truth,
        segment=request.segment,
        floor=request.floor,
    )
    return Prepared(item_type, configuration.item_types, spec, candidate, against, environment)


def _texts(request: BacktestRequest, configuration: Configuration) -> tuple[str, str | None]:
    """(candidate, baseline): a text beside a rule is compared with the rule."""
    if request.rule_id is None:
        return request.where or "", request.baseline_where
    rule = configuration.rules.get(request.rule_id)
    if rule is None:
        raise NotFound(f"There is no rule '{request.rule_id}' in this organisation.")
    if request.where is None:
        return rule.where, request.baseline_where
    return request.where, request.baseline_where or rule.where


def _checked(key: str, text: str, schema: Schema, environment: Environment) -> Predicate:
    checked = check(text, schema, environment)
    if checked.predicate is None:
        raise InvalidInput(
            "The rule has something wrong in it.",
            hint=checked.diagnostics[0].hint,
            problems=tuple(
                Problem(each.message, f"/{key}", each.hint, slug=each.code)
                for each in checked.diagnostics
            ),
        )
    return checked.predicate


def _refuse_wrong_fields(request: BacktestRequest, item_type: ItemType) -> None:
    if request.truth.source is TruthSource.FIELD:
        field = item_type.field(request.truth.field)
        if field is None or field.type is not Scalar.BOOLEAN or field.container:
            raise _wrong_field("truth", request.truth.field, "a boolean field, or `labels`")
    if request.segment is not None:
        field = item_type.field(request.segment)
        if field is None or field.type not in _SEGMENTS or field.container:
            raise _wrong_field("segment", request.segment, "a field that holds a single value")


def _wrong_field(key: str, name: str, wanted: str) -> InvalidInput:
    message = f"The item type has no such field '{name}' to use as {key}."
    hint = f"Give {wanted}."
    return InvalidInput(message, hint=hint, problems=(Problem(message, f"/{key}", hint),))
