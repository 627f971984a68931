"""What an organisation has settled for itself: callbacks, strikes, appeals, approvals, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.callbacks import Callback, callback_document, read_callback
from engine.configuration.reader import SCHEMA, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECT_ID = "organisation"
NAME = "Organisation settings"
MOST_THRESHOLDS = 50
MOST_HOSTS = 100
A_DAY_S = 86_400


class StrikeTarget(StrEnum):
    """Whom a threshold's actions are about: the item that caused the last strike, or its author."""

    ITEM = "ITEM"
    USER = "USER"


@dataclass(frozen=True)
class StrikeThreshold:
    """threshold: the sum of strikes at which the actions happen.

    action_parameters: by action id, the values of its parameters.
    """

    threshold: int
    action_ids: tuple[str, ...]
    action_parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    target: StrikeTarget = StrikeTarget.ITEM


@dataclass(frozen=True)
class OrgSettings:
    """appeal_reversal: an appeal that is upheld takes back actions and strikes.

    items_per_second: for each API key; None sets no limit. max_unevaluated_age_seconds: items are
    refused for a while when the oldest waiting one is older. allowed_private_hosts: host names or
    addresses of a private network that webhooks may go to.
    """

    appeals_enabled: bool = True
    appeal_callback: Callback | None = None
    independent_appeal_reviewer: bool = True
    appeal_reversal: bool = True
    ignore_callback: Callback | None = None
    close_callback: Callback | None = None
    partial_items: Callback | None = None
    partial_items_timeout_ms: int = 5000
    partial_items_cache_seconds: int = 300
    strike_ttl_days: int = 90
    strike_thresholds: tuple[StrikeThreshold, ...] = ()
    decision_needs_policy: bool = False
    decision_needs_reason: bool = False
    live_needs_second_person: bool = False
    live_needs_fresh_backtest: bool = False
    items_per_second: int | None = None
    max_unevaluated_age_seconds: int = 300
    webhook_timeout_seconds: int = 10
    allowed_private_hosts: tuple[str, ...] = ()


def parse_settings(_object_id: str, _version: int, document: object) -> OrgSettings:
    """Raises InvalidConfiguration. What is left out has its default."""
    reader = Reader(document)
    usual = OrgSettings()
    settings = OrgSettings(
        appeals_enabled=reader.boolean("appealsEnabled", default=usual.appeals_enabled),
        appeal_callback=read_callback(reader, "appealCallback"),
        independent_appeal_reviewer=reader.boolean("independentAppealReviewer", default=True),
        appeal_reversal=reader.boolean("appealReversal", default=True),
        ignore_callback=read_callback(reader, "ignoreCallback"),
        close_callback=read_callback(reader, "closeCallback"),
        partial_items=read_callback(reader, "partialItems"),
        partial_items_timeout_ms=_whole(reader, "partialItemsTimeoutMs", 5000, 100, 60_000),
        partial_items_cache_seconds=_whole(reader, "partialItemsCacheSeconds", 300, 0, A_DAY_S),
        strike_ttl_days=_whole(reader, "strikeTtlDays", usual.strike_ttl_days, 1, 36_500),
        strike_thresholds=_thresholds(reader),
        decision_needs_policy=reader.boolean("decisionNeedsPolicy"),
        decision_needs_reason=reader.boolean("decisionNeedsReason"),
        live_needs_second_person=reader.boolean("liveNeedsSecondPerson"),
        live_needs_fresh_backtest=reader.boolean("liveNeedsFreshBacktest"),
        items_per_second=reader.whole("itemsPerSecond", default=None, low=1, high=1_000_000),
        max_unevaluated_age_seconds=_whole(reader, "maxUnevaluatedAgeSeconds", 300, 1, A_DAY_S),
        webhook_timeout_seconds=_whole(reader, "webhookTimeoutSeconds", 10, 1, 120),
        allowed_private_hosts=reader.texts("allowedPrivateHosts", most=MOST_HOSTS),
    )
    reader.finish("organisation's settings")
    return settings


def _whole(reader: Reader, key: str, default: int, low: int, high: int) -> int:
    value = reader.whole(key, default=default, low=low, high=high)
    return default if value is None else value


def _thresholds(reader: Reader) -> tuple[StrikeThreshold, ...]:
    """Lowest first; two of the same number are refused."""
    found: dict[int, StrikeThreshold] = {}
    for inner in reader.records("strikeThresholds", most=MOST_THRESHOLDS):
        one = StrikeThreshold(
            threshold=_whole(inner, "threshold", 1, 1, 1_000_000),
            action_ids=inner.texts("actionIds", most=MOST_THRESHOLDS),
            action_parameters=inner.mappings("actionParameters"),
            target=inner.choice("target", StrikeTarget, StrikeTarget.ITEM),
        )
        if one.threshold in found:
            inner.wrong("threshold", f"there are two thresholds of {one.threshold}")
        if not one.action_ids:
            inner.wrong("actionIds", "a threshold needs an action", "name at least one")
        found[one.threshold] = one
        inner.unknown()
    return tuple(found[number] for number in sorted(found))


def settings_document(settings: OrgSettings) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "appealsEnabled": settings.appeals_enabled,
        "appealCallback": callback_document(settings.appeal_callback),
        "independentAppealReviewer": settings.independent_appeal_reviewer,
        "appealReversal": settings.appeal_reversal,
        "ignoreCallback": callback_document(settings.ignore_callback),
        "closeCallback": callback_document(settings.close_callback),
        "partialItems": callback_document(settings.partial_items),
        "partialItemsTimeoutMs": settings.partial_items_timeout_ms,
        "partialItemsCacheSeconds": settings.partial_items_cache_seconds,
        "strikeTtlDays": settings.strike_ttl_days,
        "strikeThresholds": [_threshold_document(one) for one in settings.strike_thresholds],
        "decisionNeedsPolicy": settings.decision_needs_policy,
        "decisionNeedsReason": settings.decision_needs_reason,
        "liveNeedsSecondPerson": settings.live_needs_second_person,
        "liveNeedsFreshBacktest": settings.live_needs_fresh_backtest,
        "itemsPerSecond": settings.items_per_second,
        "maxUnevaluatedAgeSeconds": settings.max_unevaluated_age_seconds,
        "webhookTimeoutSeconds": settings.webhook_timeout_seconds,
        "allowedPrivateHosts": list(settings.allowed_private_hosts),
    }


def _threshold_document(one: StrikeThreshold) -> dict[str, object]:
    return {
        "threshold": one.threshold,
        "actionIds": list(one.action_ids),
        "actionParameters": {key: dict(value) for key, value in one.action_parameters.items()},
        "target": one.target.value,
    }
