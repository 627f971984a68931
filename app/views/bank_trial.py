"""What a text matches in a bank, and by which entries, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app.views.marked_text import marked

if TYPE_CHECKING:
    from app.winnow_client.model import BankTrial


def trial_html(text: str, trial: BankTrial) -> str:
    if not trial.matches:
        return "<p>Nothing in this bank matches.</p>"
    shown = marked(text, [(span.start, span.end) for span in trial.spans])
    entries = dict.fromkeys((span.term, span.mode) for span in trial.spans)
    named = "".join(
        f'<span class="w-chip">{escape(term)} <span class="w-quiet">{escape(mode)}</span></span>'
        for term, mode in entries
    )
    return f'<p dir="auto">{shown}</p><div>{named}</div>'
