"""The bodies of the callbacks that are not actions. Absent keys are left out, never null."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.items.item import ItemRef

ENCODER = msgspec.json.Encoder()


class AppealOutcome(StrEnum):
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"


@dataclass(frozen=True)
class AppealDecided:
    """appeal_id: the platform's own. item: the one that had been acted on."""

    appeal_id: str
    appealed_by: ItemRef
    outcome: AppealOutcome
    item: ItemRef


@dataclass(frozen=True)
class Ignored:
    """A review that ended without an action. data: the item as it was reviewed.

    ncmec_media: for a child-safety job, the media that were looked at; None for any other.
    """

    item: ItemRef
    data: Mapping[str, object] = field(default_factory=dict)
    ncmec_media: tuple[ItemRef, ...] | None = None


@dataclass(frozen=True)
class JobClosed:
    """A review that ended without a person's decision."""

    job_id: str
    item: ItemRef
    reason: str
    at: datetime


def appeal_body(decided: AppealDecided, configured: Mapping[str, object]) -> bytes:
    """configured: what the organisation has every such callback carry, as `custom`."""
    body = {
        "appealId": decided.appeal_id,
        "appealedBy": _ref(decided.appealed_by),
        "appealDecision": decided.outcome.value,
        "item": _ref(decided.item),
    }
    return ENCODER.encode(body | _custom(configured))


def ignore_body(ignored: Ignored, configured: Mapping[str, object]) -> bytes:
    body: dict[str, object] = {**_ref(ignored.item), "data": ignored.data}
    if ignored.ncmec_media is not None:
        body["ncmecMedia"] = [_ref(medium) for medium in ignored.ncmec_media]
    return ENCODER.encode(body | _custom(configured))


def close_body(closed: JobClosed, configured: Mapping[str, object]) -> bytes:
    body = {
        "event": "job.closed",
        "jobId": closed.job_id,
        "item": _ref(closed.item),
        "reason": closed.reason,
        "closedAt": closed.at,
    }
    return ENCODER.encode(body | _custom(configured))


def _ref(item: ItemRef) -> dict[str, object]:
    return {"id": item.item_id, "typeId": item.type_id}


def _custom(configured: Mapping[str, object]) -> dict[str, object]:
    return {"custom": dict(configured)} if configured else {}
