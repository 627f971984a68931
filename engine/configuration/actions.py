from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.configuration.parameters import Parameter, parameter_document, read_parameters
from engine.configuration.reader import MAX_NAME, SCHEMA, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

FIXED_HEADERS = frozenset({"content-type", "content-length", "host", "transfer-encoding"})


class ActionType(StrEnum):
    CUSTOM_ACTION = "CUSTOM_ACTION"
    ENQUEUE_TO_MRT = "ENQUEUE_TO_MRT"
    ENQUEUE_AUTHOR_TO_MRT = "ENQUEUE_AUTHOR_TO_MRT"
    ENQUEUE_TO_NCMEC = "ENQUEUE_TO_NCMEC"


@dataclass(frozen=True)
class Action:
    """item_type_ids: the item types it may be used on; empty means all.

    queue_id: where an enqueueing action puts its jobs; None means the default queue.
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
        callback_url=reader.optional_text("callbackUrl", limit=2048),
        callback_url_headers=_headers(reader),
        callback_url_body=reader.mapping("callbackUrlBody"),
        item_type_ids=reader.texts("itemTypeIds"),
        apply_user_strikes=reader.boolean("applyUserStrikes"),
        parameters=read_parameters(reader),
        queue_id=reader.optional_text("queueId"),
    )
    _check_url(reader, action)
    reader.finish("action")
    return action


def _headers(reader: Reader) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in reader.mapping("callbackUrlHeaders", most=50).items():
        if not isinstance(value, str) or not _is_header(name, value):
            reader.wrong("callbackUrlHeaders", f"`{name}` is not a header with a text value")
        elif name.lower() in FIXED_HEADERS:
            reader.wrong("callbackUrlHeaders", f"`{name}` is set by the sender", "remove it")
        else:
            kept[name] = value
    return kept


def _is_header(name: str, value: str) -> bool:
    token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return token and value.isascii() and value.isprintable() and len(value) <= 8192  # noqa: PLR2004 - the usual limit of servers


def _check_url(reader: Reader, action: Action) -> None:
    if action.callback_url is None:
        if action.type is ActionType.CUSTOM_ACTION:
            reader.wrong("callbackUrl", "a CUSTOM_ACTION needs the URL it calls")
        return
    if not is_web_url(action.callback_url):
        reader.wrong("callbackUrl", "`callbackUrl` must be an http or https URL")


def is_web_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    printable = text.isprintable() and " " not in text
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname)


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
    }
