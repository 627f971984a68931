from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from services.signals import GROUP, load
from tests.cli.commands import winnow

if TYPE_CHECKING:
    import pytest


def test_signals_are_listed_with_their_signatures() -> None:
    named = {each["name"]: each for each in winnow("signals", "list").json["items"]}
    assert named["language"]["signatures"] == ["text TEXT -> TEXT"]


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
