"""Text as HTML, with the spans that matched marked. Everything of the text is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span], length: int) -> list[Span]:
    """The spans in order, cut to the text, overlapping and touching ones made one."""
    whole: list[Span] = []
    for start, end in sorted((max(0, s), min(length, e)) for s, e in spans):
        if start >= end:
            continue
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def marked(text: str, spans: Sequence[Span]) -> str:
    """HTML of the text; spans are code points, end exclusive."""
    parts: list[str] = []
    at = 0
    for start, end in merged(spans, len(text)):
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return "".join([*parts, escape(text[at:])])


def excerpt(text: str, spans: Sequence[Span], around: int = 80, most: int = 260) -> str:
    """HTML of at most `most` code points about the first span, with ellipses where cut."""
    first = merged(spans, len(text))[:1]
    start = max(0, first[0][0] - around) if first else 0
    end = min(len(text), start + most)
    inside = [(s - start, e - start) for s, e in spans]
    shown = marked(text[start:end], inside)
    return ("… " if start else "") + shown + (" …" if end < len(text) else "")
