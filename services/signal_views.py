"""Signals as people read of them: those of the language and those that are installed."""

from dataclasses import dataclass, field

from engine.language.operator import Operator
from engine.language.registry import REGISTRY
from engine.language.signal_forms import signal_operator
from engine.signals import Cost, ModelCard, Option, Signal, Threshold
from services.signals import Installed, Plugin

OURS = "signals on text"


@dataclass(frozen=True)
class SignalView:
    """signatures: as the rule language writes them. built_in: part of the language itself.

    cost: local, model, network or paid. deadline_s: of one call, none for what is built in.
    """

    name: str
    version: str
    summary: str
    signatures: tuple[str, ...]
    cost: str
    built_in: bool
    languages: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    card: ModelCard = field(default_factory=ModelCard)
    deadline_s: float | None = None


@dataclass(frozen=True)
class SignalList:
    """plugins: every package that offers signals, also those that cannot be used, and why."""

    items: tuple[SignalView, ...]
    plugins: tuple[Plugin, ...]


def list_of(found: Installed) -> SignalList:
    ours = [_built_in(each) for each in REGISTRY.values() if each.group == OURS]
    return SignalList((*ours, *map(_installed, found.signals.values())), found.plugins)


def _built_in(operator: Operator) -> SignalView:
    return SignalView(
        name=operator.name,
        version="",
        summary=operator.summary,
        signatures=tuple(each.signature.text for each in operator.variants),
        cost=Cost.LOCAL.name.lower(),
        built_in=True,
    )


def _installed(signal: Signal) -> SignalView:
    return SignalView(
        name=signal.name,
        version=signal.version,
        summary=signal.summary,
        signatures=tuple(each.signature.text for each in signal_operator(signal).variants),
        cost=signal.cost.name.lower(),
        built_in=False,
        languages=signal.languages,
        options=signal.options,
        thresholds=signal.thresholds,
        card=signal.card,
        deadline_s=signal.deadline_s,
    )
