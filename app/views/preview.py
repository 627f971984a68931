"""What a condition would have matched lately, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from app.views.figures import compact, count, moment, share
from app.views.item_card import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import Example, Preview


def preview_figures(preview: Preview) -> list[tuple[str, str, str]]:
    """(number, what it counts, its interval)."""
    rate = preview.hits / preview.sampled if preview.sampled else None
    shown = [
        (count(preview.hits), f"of {count(preview.sampled)} recent items", ""),
        (share(rate), "of all items", ""),
    ]
    estimate = preview.estimated_per_day
    if estimate is not None and estimate.value is not None:
        between = ""
        if estimate.low is not None and estimate.high is not None:
            between = f"95%: {compact(round(estimate.low))} to {compact(round(estimate.high))}"
        shown.append((compact(round(estimate.value)), "a day, estimated", between))
    return shown


def preview_note(preview: Preview) -> str:
    """Why some could not be told: signals say why, and a field or a count may be missing."""
    if not preview.unknown:
        return ""
    reasons = "; ".join(
        f"{each.signal} did not answer for {count(each.count)} ({each.reason})"
        for each in preview.unanswered
    )
    told = f"{count(preview.unknown)} items could not be told"
    return f"{told}: {reasons or 'a field or count they need is not known'}."


def examples_html(examples: Sequence[Example]) -> str:
    rows = (
        f'<div><span class="w-quiet">{escape(example.item_id)} · '
        f"{escape(moment(example.arrived_at))}</span>"
        f'<p dir="auto">{brief(example.data, _spans(example))}</p></div>'
        for example in examples
    )
    return '<div class="w-list">' + "".join(rows) + "</div>"


def _spans(example: Example) -> dict[str, Any]:
    return {name: [(s, e) for s, e in spans] for name, spans in example.spans.items()}
