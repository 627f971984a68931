"""An organisation's settings: defaults, and what is refused with its place."""

from __future__ import annotations

import pytest

from engine.configuration.callbacks import Callback
from engine.configuration.settings import (
    OrgSettings,
    StrikeTarget,
    parse_settings,
    settings_document,
)
from engine.errors import InvalidConfiguration


def test_nothing_said_is_every_default() -> None:
    assert parse_settings("organisation", 1, {}) == OrgSettings()


def test_everything_said_comes_back() -> None:
    document = {
        "appealCallback": {"url": "https://p.example/appeals", "headers": {"X-A": "1"}},
        "strikeThresholds": [
            {"threshold": 5, "actionIds": ["ban"], "target": "USER"},
            {"threshold": 3, "actionIds": ["warn"], "actionParameters": {"warn": {"days": 1}}},
        ],
        "itemsPerSecond": 100,
        "allowedPrivateHosts": ["127.0.0.1"],
    }
    settings = parse_settings("organisation", 1, document)
    assert settings.appeal_callback == Callback("https://p.example/appeals", {"X-A": "1"})
    assert [(one.threshold, one.target) for one in settings.strike_thresholds] == [
        (3, StrikeTarget.ITEM),
        (5, StrikeTarget.USER),
    ]
    assert parse_settings("organisation", 2, settings_document(settings)) == settings


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"appealCallback": {"url": "ftp://p.example"}}, "/appealCallback/url"),
        ({"ignoreCallback": {"headers": {}}}, "/ignoreCallback/url"),
        ({"partialItems": {"url": "https://p.example", "extra": 1}}, "/partialItems/extra"),
        ({"partialItems": "https://p.example"}, "/partialItems"),
        ({"strikeThresholds": [{"threshold": 0, "actionIds": ["a"]}]}, None),
        ({"strikeThresholds": [{"threshold": 1}]}, "/strikeThresholds/0/actionIds"),
        (
            {"strikeThresholds": [{"threshold": 2, "actionIds": ["a"]}] * 2},
            "/strikeThresholds/1/threshold",
        ),
        (
            {"strikeThresholds": [{"actionIds": ["a"], "actionParameters": {"a": 1}}]},
            "/strikeThresholds/0/actionParameters/a",
        ),
        ({"strikeTtlDays": 0}, "/strikeTtlDays"),
        ({"itemsPerSecond": "many"}, "/itemsPerSecond"),
        ({"appealsEnabeld": True}, "/appealsEnabeld"),
        (
            {"appealCallback": {"url": "https://p.example", "headers": {"Content-Type": "x"}}},
            "/appealCallback/headers",
        ),
    ],
)
def test_what_is_wrong_is_refused_where_it_is(
    document: dict[str, object], pointer: str | None
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_settings("organisation", 1, document)
    pointers = [problem.pointer for problem in refused.value.problems]
    assert pointers[0] == (pointer or "/strikeThresholds/0/threshold")
