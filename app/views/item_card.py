"""An item as HTML, each field by its type. Media stay blurred and grey until revealed."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.views.figures import moment, parsed
from app.views.marked_text import Span, excerpt, marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.model import ItemField

_MEDIA = {"IMAGE", "VIDEO", "AUDIO", "MEDIA"}
_WRITTEN = {"text", "body", "content", "message", "comment", "title", "bio"}
_LONG = 60


def item_card(fields: Sequence[ItemField], *, revealed: bool, colour: bool = False) -> str:
    """Long texts first and whole, media next, then the short facts in a grid."""
    known = [field for field in fields if field.value not in (None, "", [], {})]
    texts = [field for field in known if _is_long(field)]
    media = [field for field in known if field.type in _MEDIA]
    facts = [field for field in known if field not in texts and field not in media]
    parts = [_text_block(field) for field in texts]
    if media:
        parts.append(_media_block(media, revealed=revealed, colour=colour))
    if facts:
        parts.append('<dl class="w-facts">' + "".join(map(_fact, facts)) + "</dl>")
    return '<div class="w-item">' + "".join(parts or ["<p>This item has no fields.</p>"]) + "</div>"


def has_media(fields: Sequence[ItemField]) -> bool:
    return any(field.type in _MEDIA and field.value for field in fields)


def brief(data: Mapping[str, Any], spans: Mapping[str, Sequence[Span]] | None = None) -> str:
    """HTML of the one field that says most about an item: a matched one, else what was written."""
    spans = spans or {}
    texts = {k: v for k, v in data.items() if isinstance(v, str) and v}
    if not texts:
        return escape(json.dumps(data, ensure_ascii=False)[:200])
    matched = [name for name in texts if spans.get(name)]
    name = matched[0] if matched else max(texts, key=lambda k: _tells(k, texts[k]))
    return excerpt(texts[name], [(s, e) for s, e in spans.get(name, ())])


def _tells(name: str, text: str) -> tuple[bool, bool, bool, int]:
    """More, the more likely somebody wrote it: a long id or time says less than a short remark."""
    return name.lower() in _WRITTEN, " " in text, parsed(text) is None, len(text)


def _is_long(field: ItemField) -> bool:
    if field.container or field.type not in {"STRING", "TEXT"} or not isinstance(field.value, str):
        return False
    named = field.name.lower() in _WRITTEN
    return named or len(field.value) > _LONG or "\n" in field.value


def _text_block(field: ItemField) -> str:
    size = " w-short" if len(str(field.value)) <= _LONG else ""
    return (
        f'<section class="w-text{size}"><h6>{escape(field.name)}</h6>'
        f'<p dir="auto">{marked(str(field.value), field.spans)}</p></section>'
    )


def _fact(field: ItemField) -> str:
    return f'<div><dt>{escape(field.name)}</dt><dd dir="auto">{_value(field)}</dd></div>'


def _value(field: ItemField) -> str:
    value = field.value
    if field.spans and isinstance(value, str):
        return marked(value, field.spans)
    if isinstance(value, list):
        return "".join(f'<span class="w-chip">{_scalar(field.type, one)}</span>' for one in value)
    if isinstance(value, dict) and field.container:
        pairs = (f"{escape(str(k))}: {_scalar(field.type, v)}" for k, v in value.items())
        return "".join(f'<span class="w-chip">{pair}</span>' for pair in pairs)
    return _scalar(field.type, value)


def _scalar(kind: str, value: Any) -> str:
    if kind == "DATETIME":
        at = value if isinstance(value, datetime) else parsed(value)
        return escape(moment(at) if at else str(value))
    if kind == "BOOLEAN":
        return "yes" if value else "no"
    if kind in {"RELATED_ITEM", "USER_ID"} and isinstance(value, dict):
        return f"<code>{escape(str(value.get('id', '')))}</code>"
    if kind in {"ID", "IP_ADDRESS", "GEOHASH", "POLICY_ID", "URL"}:
        return f"<code>{escape(str(value))}</code>"
    if isinstance(value, (dict, list)):
        return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"
    return escape(_number(value) if isinstance(value, float) else str(value))


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:g}"


def _media_block(fields: Sequence[ItemField], *, revealed: bool, colour: bool) -> str:
    veil = ("" if revealed else " w-veiled") + ("" if colour else " w-grey")
    shown = [
        _figure(field.name, field.type, url, revealed=revealed)
        for field in fields
        for url in _urls(field.value)
    ]
    return f'<div class="w-media{veil}">' + "".join(shown) + "</div>"


def _urls(value: Any) -> list[str]:
    if isinstance(value, list):
        return [url for one in value for url in _urls(one)]
    if isinstance(value, dict):
        return (
            _urls(value["url"]) if "url" in value else [u for v in value.values() for u in _urls(v)]
        )
    return [value] if isinstance(value, str) else []


def _figure(name: str, kind: str, url: str, *, revealed: bool) -> str:
    """Only http(s) and inline images are ever asked for, and without saying who asks."""
    parts = urlsplit(url)
    caption = f"<figcaption>{escape(name)} · {escape(parts.hostname or 'inline')}</figcaption>"
    source = escape(url, quote=True)
    if parts.scheme not in {"http", "https"} and not url.startswith("data:image/"):
        return f"<figure><p><code>{source}</code></p>{caption}</figure>"
    if kind == "VIDEO":
        controls = "controls" if revealed else ""
        shown = f'<video src="{source}" preload="metadata" muted {controls}></video>'
    elif kind == "AUDIO":
        shown = f'<audio src="{source}" preload="none" controls></audio>'
    else:
        shown = f'<img src="{source}" alt="" loading="lazy" referrerpolicy="no-referrer">'
    return f"<figure>{shown}{caption}</figure>"
