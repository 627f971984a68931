"""What an organisation has settled for itself: strikes, appeals, approvals, limits, callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.screens.strike_thresholds import Row, rows_of, threshold_rows
from app.session import winnow
from app.views.documents import person, pretty
from app.views.figures import moment, parsed
from app.views.org_settings import CALLBACKS, callback_of, settings_body, threshold_document
from app.widgets.layout import says
from app.widgets.messages import plain, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_STATE = "_org_settings"


def show_org_settings() -> None:
    known = winnow().org_settings()
    st.caption(_last_change(known))
    changes: Document = {}
    left, right = st.columns(2, gap="large")
    with left:
        rows = _strikes(known, changes)
        _decisions(known, changes)
    with right:
        _appeals(known, changes)
        _rules(known, changes)
        _limits(known, changes)
    with st.expander("Callbacks", icon=":material/webhook:"):
        callbacks = _callbacks(known)
        _answers(known, changes)
    _save_panel(known, changes, rows, callbacks)


def _last_change(known: Document) -> str:
    if not known.get("version"):
        return "Nothing was changed yet: these are the defaults."
    who = person(known.get("updatedBy"), known.get("updatedByName"))
    when = moment(parsed(known.get("updatedAt")))
    return plain(f"Version {known['version']} by {who}, {when}")


def _key(known: Document, name: str) -> str:
    """New with each version, so that what somebody else saved is shown."""
    return f"org-{name}-{known.get('version')}"


def _toggle(known: Document, changes: Document, name: str, label: str, about: str = "") -> None:
    on = bool(known.get(name))
    changes[name] = st.toggle(label, on, help=about or None, key=_key(known, name))


def _number(
    known: Document, changes: Document, name: str, label: str, bounds: tuple[int, int, str]
) -> None:
    """bounds: least, most, and what it means."""
    least, most, about = bounds
    value = int(known.get(name) or least)
    key = _key(known, name)
    changes[name] = st.number_input(label, least, most, value, help=about, key=key)


def _strikes(known: Document, changes: Document) -> list[Row]:
    st.subheader("Strikes", anchor=False)
    _number(known, changes, "strikeTtlDays", "Days a strike holds", (1, 36_500, "Then it is over."))
    state = st.session_state.get(_STATE)
    if state is None or state[0] != known.get("version"):
        state = (known.get("version"), rows_of(known.get("strikeThresholds", [])))
        st.session_state[_STATE] = state
    threshold_rows(state[1])
    rows: list[Row] = state[1]
    return rows


def _appeals(known: Document, changes: Document) -> None:
    st.subheader("Appeals", anchor=False)
    _toggle(known, changes, "appealsEnabled", "Appeals are accepted")
    _toggle(
        known,
        changes,
        "independentAppealReviewer",
        "Somebody other than who decided reviews an appeal",
    )
    _toggle(
        known,
        changes,
        "appealReversal",
        "An overturned decision is taken back",
        "Actions that name a reversal are reversed, and their strikes end.",
    )


def _decisions(known: Document, changes: Document) -> None:
    st.subheader("Decisions", anchor=False)
    _toggle(known, changes, "decisionNeedsPolicy", "An action needs a policy")
    _toggle(known, changes, "decisionNeedsReason", "An action needs a reason")


def _rules(known: Document, changes: Document) -> None:
    st.subheader("Live rules", anchor=False)
    _toggle(
        known,
        changes,
        "liveNeedsSecondPerson",
        "A second person approves what changes a live rule",
        "Such a save waits until a colleague has looked at it; a new name or note does not.",
    )
    _toggle(known, changes, "liveNeedsFreshBacktest", "Going live needs a fresh backtest")


def _limits(known: Document, changes: Document) -> None:
    st.subheader("Limits", anchor=False)
    per_second = st.number_input(
        "Items a second, for each key",
        0,
        1_000_000,
        int(known.get("itemsPerSecond") or 0),
        help="0 sets no limit.",
        key=_key(known, "itemsPerSecond"),
    )
    changes["itemsPerSecond"] = per_second or None
    late = "Items are refused for a while when the oldest waiting one is older."
    _number(known, changes, "maxUnevaluatedAgeSeconds", "Seconds items may wait", (1, 86_400, late))
    slow = "A webhook that takes longer is tried again."
    _number(known, changes, "webhookTimeoutSeconds", "Seconds for a webhook", (1, 120, slow))
    hosts = known.get("allowedPrivateHosts", [])
    changes["allowedPrivateHosts"] = st.multiselect(
        "Private hosts that webhooks may go to",
        hosts,
        default=hosts,
        accept_new_options=True,
        placeholder="Type to add",
        key=_key(known, "allowedPrivateHosts"),
    )


def _callbacks(known: Document) -> dict[str, tuple[str, str, str]]:
    typed = {}
    for name, label, about in CALLBACKS:
        before: dict[str, Any] = known.get(name) or {}
        url = st.text_input(
            label,
            before.get("url", ""),
            help=about,
            placeholder="https://… (empty: none)",
            key=_key(known, name),
        )
        headers, body = before.get("headers") or {}, before.get("body") or {}
        texts = ["", ""]
        if url:
            sides = st.columns(2, gap="medium")
            for at, (what, value) in enumerate((("headers", headers), ("body", body))):
                texts[at] = sides[at].text_area(
                    f"{label}: {what} (JSON)",
                    pretty(value) if value else "",
                    height=90,
                    placeholder="{}",
                    key=_key(known, f"{name}-{what}"),
                )
        typed[name] = (url or "", texts[0] or "", texts[1] or "")
    return typed


def _answers(known: Document, changes: Document) -> None:
    """How long an answer about an item that was never sent is waited for, and kept."""
    wait, keep = st.columns(2, gap="medium")
    with wait:
        label, about = "Milliseconds to wait for an item", "A job is shown without it afterwards."
        _number(known, changes, "partialItemsTimeoutMs", label, (100, 60_000, about))
    with keep:
        label, about = "Seconds to keep it", "0 asks every time."
        _number(known, changes, "partialItemsCacheSeconds", label, (0, 86_400, about))


def _save_panel(
    known: Document, changes: Document, rows: list[Row], callbacks: dict[str, tuple[str, str, str]]
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        why = st.text_input(
            "Why this change",
            key=_key(known, "why"),
            placeholder="Why this change? For whoever asks later",
            label_visibility="collapsed",
        )
        if not st.button("Save settings", type="primary", key="save-settings"):
            return
    try:
        called = {name: callback_of(*typed) for name, typed in callbacks.items()}
    except ValueError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    thresholds = [threshold_document(row.document) for row in rows]
    with told():
        saved = winnow().save_org_settings(
            settings_body(known, {**changes, **called, "strikeThresholds": thresholds}),
            reason=why,
            expected_version=int(known.get("version") or 0),
        )
        says(f"Saved as version {saved.get('version')}.")
        st.rerun()
