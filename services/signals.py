"""The signals that are installed: found through the entry points of the packages beside us.

A package names its signals under `winnow.signals` in its own metadata. One that cannot be loaded
stops nobody: it is listed with what was wrong, and its signals are not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

import structlog

from engine.language.signal_forms import name_problem
from engine.signals import Signal
from engine.signals.asking import reason_of
from engine.signals.signal import problem_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUP: Final = "winnow.signals"

log = structlog.get_logger()


@dataclass(frozen=True)
class Plugin:
    """An entry point. problem: why it, or some of what it holds, cannot be used; empty if it can.

    signals: the names of those that can.
    """

    name: str
    package: str
    version: str
    problem: str
    signals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Installed:
    """signals: by name."""

    signals: Mapping[str, Signal] = field(default_factory=dict)
    plugins: tuple[Plugin, ...] = ()


@lru_cache(maxsize=1)
def installed() -> Installed:
    """Looked for once in a process."""
    found = load(entry_points(group=GROUP))
    for plugin in found.plugins:
        if plugin.problem:
            log.error("signal_plugin_broken", plugin=plugin.name, problem=plugin.problem)
    return found


def load(points: Iterable[EntryPoint]) -> Installed:
    """In the order of packages and names, so that of two with one name the same one is refused."""
    signals: dict[str, Signal] = {}
    plugins = []
    for point in sorted(points, key=lambda each: (_package(each)[0], each.name)):
        found, problems = _offered(point)
        accepted = []
        for signal in found:
            problem = problem_with(signal) or _clash(signal, signals)
            if problem:
                problems.append(f"{getattr(signal, 'name', '?')}: {problem}")
            else:
                signals[signal.name] = signal
                accepted.append(signal.name)
        plugins.append(Plugin(point.name, *_package(point), "; ".join(problems), tuple(accepted)))
    return Installed(signals, tuple(plugins))


def _package(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("", "")


def _offered(point: EntryPoint) -> tuple[list[Signal], list[str]]:
    """What an entry point leads to: a signal, several, or a function that makes them."""
    try:
        found = point.load()
        if callable(found) and not isinstance(found, Signal):
            found = found()
        return [found] if isinstance(found, Signal) else list(found), []
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a package we do not know; it is listed
        return [], [reason_of(error)]


def _clash(signal: Signal, others: Mapping[str, Signal]) -> str:
    if signal.name in others:
        return f"another package has a signal {signal.name}"
    return name_problem(signal.name)
