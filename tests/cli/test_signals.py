from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import structlog

from cli.signals import lines_of
from engine.signals import Cost, ModelCard, Option, Signal, Threshold
from services.signal_views import list_of
from services.signals import GROUP, Installed, Plugin, load
from tests.cli.commands import winnow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from engine.signals.signal import Options


def ask(values: Sequence[str], _options: Options) -> list[float]:
    return [0.0 for _ in values]


def test_signals_are_listed_with_their_signatures() -> None:
    named = {each["name"]: each for each in winnow("signals", "list").json["items"]}
    assert named["language"]["signatures"] == ["text TEXT -> TEXT"]


def test_people_read_of_thresholds_and_of_the_model_card() -> None:
    card = ModelCard(intended_use="A first look.", licence="Apache-2.0")
    signal = Signal(
        "acme.rudeness", "1", "How rude it is.", ("TEXT",), "NUMBER", ask, Cost.MODEL,
        options=(Option("language", "TEXT", optional=True, summary="en or de."),),
        languages=("en", "de"), thresholds=(Threshold(0.2, "review", "finds most"),), card=card,
    )  # fmt: skip
    plugin = Plugin("acme", "acme-signals", "1.0.0", "", ("acme.rudeness",))
    told = list(lines_of(list_of(Installed({signal.name: signal}, (plugin,)))))
    assert told[-10:] == [
        "acme.rudeness 1  [model]  How rude it is.",
        "    value TEXT, language literal optional TEXT -> NUMBER",
        "    list LIST(TEXT), language literal optional TEXT -> NUMBER",
        "    language: TEXT. en or de.",
        "    languages: en, de",
        "    threshold 0.2 review: finds most",
        "    intended use: A first look.",
        "    licence: Apache-2.0",
        f"    deadline: {signal.deadline_s:g} s",
        "package acme-signals 1.0.0: acme.rudeness",
    ]


def test_a_package_that_cannot_be_used_is_named_and_is_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = load([EntryPoint("acme", "no_such_module:signals", GROUP)])
    monkeypatch.setattr("cli.signals.installed", lambda: found)
    ended = winnow("signals", "list")
    assert ended.code == 1
    assert (
        "acme (unknown package): ModuleNotFoundError: No module named 'no_such_module'" in ended.err
    )
    assert ended.json["plugins"][0]["problem"].startswith("ModuleNotFoundError")


def test_what_is_logged_meanwhile_is_no_part_of_the_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def logging() -> Installed:
        structlog.get_logger().error("signal_plugin_broken", plugin="acme")
        return Installed()

    monkeypatch.setattr("cli.signals.installed", logging)
    ended = winnow("signals", "list")
    assert ended.json["plugins"] == []
    assert "signal_plugin_broken" in ended.err
