"""The bodies of `/report/appeal`, `/actions` and `/content`: their shapes, and what they say."""

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
from api.report_body import list_faults, ref_faults
from engine.configuration.reader import storable, storable_json
from engine.errors import InvalidInput, Problem
from engine.items import ItemRef
from engine.items.instants import read_loose_instant
from services.appeals import AskedAppeal
from services.legacy_content import Content
from services.platform_actions import AskedAction

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ID = 512
MOST_NOTE = 5000
MOST_REPORTED = 1000
MOST_REASON = 100_000


def read_appeal(body: bytes) -> AskedAppeal:
    """Raises InvalidInput, with one problem, for a body that is not of this shape."""
    sent = read_object(body, appeal_faults)
    at = read_loose_instant(sent["appealedAt"])
    if at is None:
        raise InvalidInput("wrong time", problems=(Problem("Invalid appealedAt time"),))
    return AskedAppeal(
        appeal_id=sent["appealId"],
        appealed_by=ItemRef(sent["appealedBy"]["typeId"], sent["appealedBy"]["id"]),
        appealed_at=at,
        item=raw_mapping(sent["actionedItem"]),
        action_ids=tuple(dict.fromkeys(sent["actionsTaken"])),
        policy_ids=tuple(dict.fromkeys(one["id"] for one in sent.get("violatingPolicies", ()))),
        reason=sent.get("appealReason", ""),
        additional_items=tuple(raw_mapping(one) for one in sent.get("additionalItems", ())),
    )


def appeal_faults(decoded: object) -> list[Fault]:
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    needed = ("appealId", "appealedBy", "appealedAt", "actionedItem", "actionsTaken")
    faults = [
        *required_faults(decoded, "", *needed),
        *text_faults(decoded, "", "appealId", "appealedAt", "appealReason"),
        *unstorable_faults(decoded, "appealId", MOST_ID),
        *unstorable_faults(decoded, "appealReason", MOST_REASON),
    ]
    if "appealedBy" in decoded:
        faults += ref_faults(decoded["appealedBy"], "/appealedBy")
    if "actionedItem" in decoded:
        faults += item_faults(decoded["actionedItem"], "/actionedItem")
    return [
        *faults,
        *list_faults(decoded, "actionsTaken", id_faults),
        *list_faults(decoded, "violatingPolicies", _policy_faults),
        *list_faults(decoded, "additionalItems", item_faults),
    ]


def _policy_faults(sent: object, path: str) -> list[Fault]:
    if not isinstance(sent, dict):
        return [Fault(path, "must be object")]
    return required_faults(sent, path, "id") or id_faults(sent["id"], f"{path}/id")


def read_action(body: bytes) -> AskedAction:
    """Raises InvalidInput, with one problem, for a body that is not of this shape."""
    sent = read_object(body, action_faults)
    return AskedAction(
        action_id=sent["actionId"],
        item_id=sent["itemId"],
        item_type_id=sent["itemTypeId"],
        policy_ids=tuple(sent.get("policyIds", ())),
        actor_id=sent.get("actorId"),
        parameters=sent.get("parameters", {}),
        note=sent.get("note"),
        reported_items=tuple(
            dict.fromkeys(
                ItemRef(one["typeId"], one["id"]) for one in sent.get("reportedItems", ())
            )
        ),
    )


def action_faults(decoded: object) -> list[Fault]:
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    texts = ("actionId", "itemId", "itemTypeId", "actorId")
    faults = [
        *required_faults(decoded, "", *texts[:3]),
        *text_faults(decoded, "", *texts, "note"),
        *(fault for name in texts for fault in unstorable_faults(decoded, name, MOST_ID)),
        *unstorable_faults(decoded, "note", MOST_NOTE),
        *object_faults(decoded, "", "parameters"),
        *list_faults(decoded, "policyIds", id_faults),
        *list_faults(decoded, "reportedItems", ref_faults),
    ]
    reported = decoded.get("reportedItems")
    if isinstance(reported, list) and len(reported) > MOST_REPORTED:
        faults.append(Fault("/reportedItems", f"must have at most {MOST_REPORTED} items"))
    if decoded.get("itemId") == "":
        faults.append(Fault("/itemId", "must not be empty"))
    if not storable_json(decoded.get("parameters")):
        faults.append(Fault("/parameters", "is too deep, or holds a NUL or a lone surrogate"))
    return faults


def read_content(body: bytes) -> tuple[Content, bool]:
    """The content, and whether its judgement is waited for. Raises InvalidInput."""
    sent = read_object(body, content_faults)
    content = Content(sent["contentType"], sent["contentId"], sent["content"], sent.get("userId"))
    return content, sent.get("sync", False)


def content_faults(decoded: object) -> list[Fault]:
    if not isinstance(decoded, dict):
        return [Fault("", "must be object")]
    faults = [
        *required_faults(decoded, "", "contentType", "contentId", "content"),
        *text_faults(decoded, "", "contentType", "contentId", "userId"),
        *unstorable_faults(decoded, "userId", MOST_ID),
        *object_faults(decoded, "", "content"),
    ]
    if not isinstance(decoded.get("sync", False), bool):
        faults.append(Fault("/sync", "must be boolean"))
    return faults


def id_faults(sent: object, path: str) -> list[Fault]:
    if not isinstance(sent, str):
        return [Fault(path, "must be string")]
    return _unstorable(sent, path, MOST_ID)


def unstorable_faults(sent: Mapping[str, Any], name: str, most: int) -> list[Fault]:
    value = sent.get(name)
    return _unstorable(value, f"/{name}", most) if isinstance(value, str) else []


def _unstorable(value: str, path: str, most: int) -> list[Fault]:
    if len(value) > most:
        return [Fault(path, f"must be at most {most} characters")]
    return [] if storable(value) else [Fault(path, "holds a NUL or a lone surrogate")]
