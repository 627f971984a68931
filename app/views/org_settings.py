"""An organisation's settings between their document and what people type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.model import Document

ENVELOPE = {"version", "updatedAt", "updatedBy", "updatedByName"}
CALLBACKS = (
    ("appealCallback", "An appeal is decided", "Told the outcome of each appeal."),
    ("ignoreCallback", "An item is ignored", "Told that a reviewer found nothing wrong."),
    ("closeCallback", "A job closes by itself", "Told that nobody had to decide it any more."),
    ("partialItems", "An item is asked for", "Asked for items that were reported but never sent."),
)


def callback_of(url: str, headers: str, body: str) -> Document | None:
    """None without a URL. Raises ValueError, in words for people."""
    if not url.strip():
        return None
    return {
        "url": url.strip(),
        "headers": _object(headers, "The headers"),
        "body": _object(body, "The body"),
    }


def _object(text: str, what: str) -> Document:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{what}: line {error.lineno}, column {error.colno}: not JSON ({error.msg})."
        ) from error
    if isinstance(value, dict):
        return value
    raise ValueError(f'{what} must be a JSON object, such as {{"name": "value"}}.')


def settings_body(told: Mapping[str, Any], changes: Mapping[str, object]) -> Document:
    """Everything as it was told, with the changes; what this console does not know stays."""
    return {key: value for key, value in told.items() if key not in ENVELOPE} | dict(changes)


def threshold_document(row: Mapping[str, Any]) -> Document:
    """Without the values of actions that it does not name any more."""
    parameters = row.get("actionParameters", {})
    return {
        "threshold": row["threshold"],
        "actionIds": list(row["actionIds"]),
        "actionParameters": {a: parameters[a] for a in row["actionIds"] if parameters.get(a)},
        "target": row["target"],
    }


def with_values(
    parameters: Sequence[Mapping[str, Any]], values: Mapping[str, object]
) -> list[Document]:
    """Parameters whose defaults are the values given before."""
    return [
        dict(one) | ({"defaultValue": values[one["name"]]} if one["name"] in values else {})
        for one in parameters
    ]
