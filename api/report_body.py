"""The body of `POST /report`: its shape, in words when it is wrong, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.item_body import (
    Fault,
    item_faults,
    object_faults,
    raw_mapping,
    read_object,
    required_faults,
    text_faults,
)
from engine.casework.reports import ReportRequest
from engine.configuration.reader import storable
from engine.items import ItemRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_ID = 512
MOST_REASON = 100_000


def read_report(body: bytes) -> ReportRequest:
    """Raises InvalidInput, with one problem, for a body that is no JSON or not of this shape."""
    sent = read_object(body, report_faults)
    about = sent.get("reportedForReason", {})
    return ReportRequest(
        reporter=_ref(sent["reporter"]),
        reported_at=sent["reportedAt"],
        item=raw_mapping(sent["reportedItem"]),
        policy_id=about.get("policyId"),
        reason=about.get("reason"),
        csam=bool(about.get("csam")),
        thread=tuple(raw_mapping(item) for item in sent.get("reportedItemThread", ())),
        flagged=tuple(_ref(item) for item in sent.get("reportedItemsInThread", ())),
        additional=tuple(raw_mapping(item) for item in sent.get("additionalItems", ())),
    )


def _ref(sent: Mapping[str, Any]) -> ItemRef:
    return ItemRef(sent["typeId"], sent["id"])


def report_faults(decoded: object) -> list[Fault]:
    """Everything wrong with the body's shape; properties nobody asked for are not."""
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    faults = [
        *required_faults(decoded, "", "reporter", "reportedAt", "reportedItem"),
        *text_faults(decoded, "", "reportedAt"),
    ]
    if "reporter" in decoded:
        faults += _reporter_faults(decoded["reporter"])
    if "reportedItem" in decoded:
        faults += item_faults(decoded["reportedItem"], "/reportedItem")
    if "reportedForReason" in decoded:
        faults += _reason_faults(decoded["reportedForReason"])
    return [
        *faults,
        *list_faults(decoded, "reportedItemThread", item_faults),
        *list_faults(decoded, "reportedItemsInThread", ref_faults),
        *list_faults(decoded, "additionalItems", item_faults),
    ]


def _reporter_faults(reporter: object) -> list[Fault]:
    faults = ref_faults(reporter, "/reporter")
    if not isinstance(reporter, dict):
        return faults
    faults = [*required_faults(reporter, "/reporter", "kind"), *faults]
    if "kind" in reporter and reporter["kind"] != "user":
        faults.append(Fault("/reporter/kind", "must be user"))
    return faults


def _reason_faults(about: object) -> list[Fault]:
    path = "/reportedForReason"
    if not isinstance(about, dict):
        return object_faults({"reportedForReason": about}, "", "reportedForReason")
    given = {key: value for key, value in about.items() if value is not None}
    faults = text_faults(given, path, "policyId", "reason")
    if not isinstance(given.get("csam", False), bool):
        faults.append(Fault(f"{path}/csam", "must be boolean"))
    return [
        *faults,
        *_unstorable(given, path, "policyId", MOST_ID),
        *_unstorable(given, path, "reason", MOST_REASON),
    ]


def ref_faults(sent: object, path: str) -> list[Fault]:
    """Of `{typeId, id}`."""
    if not isinstance(sent, dict):
        return [Fault(path, "must be object")]
    return [
        *required_faults(sent, path, "typeId", "id"),
        *text_faults(sent, path, "typeId", "id"),
        *_unstorable(sent, path, "typeId", MOST_ID),
        *_unstorable(sent, path, "id", MOST_ID),
    ]


def list_faults(
    sent: Mapping[str, Any], name: str, of_one: Callable[[object, str], list[Fault]]
) -> list[Fault]:
    """None when the list is not given at all."""
    if name not in sent:
        return []
    if not isinstance(sent[name], list):
        return [Fault(f"/{name}", "must be array")]
    return [
        fault for index, one in enumerate(sent[name]) for fault in of_one(one, f"/{name}/{index}")
    ]


def _unstorable(sent: Mapping[str, Any], path: str, name: str, most: int) -> list[Fault]:
    value = sent.get(name)
    if not isinstance(value, str):
        return []
    if len(value) > most:
        return [Fault(f"{path}/{name}", f"must be at most {most} characters")]
    return [] if storable(value) else [Fault(f"{path}/{name}", "holds a NUL or a lone surrogate")]
