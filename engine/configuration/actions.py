from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.callbacks import MAX_URL, is_web_url, read_headers
from engine.configuration.parameters import Parameter, parameter_document, read_parameters
from engine.configuration.reader import MAX_NAME, SCHEMA, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TIMEOUT_S = 120


class ActionType(StrEnum):
    CUSTOM_ACTION = "CUSTOM_ACTION"
    ENQUEUE_TO_MRT = "ENQUEUE_TO_MRT"
    ENQUEUE_AUTHOR_TO_MRT = "ENQUEUE_AUTHOR_TO_MRT"
    ENQUEUE_TO_NCMEC = "ENQUEUE_TO_NCMEC"


@dataclass(frozen=True)
class Action:
    """item_type_ids: the item types it may be used on; empty means all.

    queue_id: where an enqueueing action puts its jobs; None leaves it to the routing rules.
    reversal_action_id: the action that takes this one back when an appeal is accepted.
    timeout_seconds: how long its URL may take to answer; None, as long as the settings say.
    """

    action_id: str
    version: int
    name: str
    type: ActionType = ActionType.CUSTOM_ACTION
    description: str = ""
    callback_url: str | None = None
    callback_url_headers: Mapping[str, str] = field(default_factory=dict)
    callback_url_body: Mapping[str, object] = field(default_factory=dict)
    item_type_ids: tuple[str, ...] = ()
    apply_user_strikes: bool = False
    parameters: tuple[Parameter, ...] = ()
    queue_id: str | None = None
    reversal_action_id: str | None = None
    timeout_seconds: int | None = None

    def allows(self, type_id: str) -> bool:
        return not self.item_type_ids or type_id in self.item_type_ids


def parse_action(action_id: str, version: int, document: object) -> Action:
    """Raises InvalidConfiguration."""
    reader = Reader(document)
    action = Action(
        action_id=action_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        type=reader.choice("type", ActionType, ActionType.CUSTOM_ACTION),
        description=reader.text("description", limit=10_000),
        callback_url=reader.optional_text("callbackUrl", limit=MAX_URL),
        callback_url_headers=read_headers(reader, "callbackUrlHeaders"),
        callback_url_body=reader.mapping("callbackUrlBody"),
        item_type_ids=reader.texts("itemTypeIds"),
        apply_user_strikes=reader.boolean("applyUserStrikes"),
        parameters=read_parameters(reader),
        queue_id=reader.optional_text("queueId"),
        reversal_action_id=reader.optional_text("reversalActionId"),
        timeout_seconds=reader.whole("timeoutSeconds", default=None, low=1, high=LONGEST_TIMEOUT_S),
    )
    _check_url(reader, action)
    reader.finish("action")
    return action


def _check_url(reader: Reader, action: Action) -> None:
    if action.callback_url is None:
        if action.type is ActionType.CUSTOM_ACTION:
            reader.wrong("callbackUrl", "a CUSTOM_ACTION needs the URL it calls")
        return
    if not is_web_url(action.callback_url):
        reader.wrong("callbackUrl", "`callbackUrl` must be an http or https URL")


def action_document(action: Action) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": action.name,
        "description": action.description,
        "type": action.type.value,
        "callbackUrl": action.callback_url,
        "callbackUrlHeaders": dict(action.callback_url_headers),
        "callbackUrlBody": dict(action.callback_url_body),
        "itemTypeIds": list(action.item_type_ids),
        "applyUserStrikes": action.apply_user_strikes,
        "parameters": [parameter_document(parameter) for parameter in action.parameters],
        "queueId": action.queue_id,
        "reversalActionId": action.reversal_action_id,
        "timeoutSeconds": action.timeout_seconds,
    }
