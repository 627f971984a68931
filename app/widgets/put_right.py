"""What was just done by hand: said where it was done, with a way back where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app.places import known, link
from app.widgets.layout import says
from app.widgets.messages import told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STATE, _PART, _TIMES = "_put_right", "_put_right_part", "_put_right_times"


@dataclass(frozen=True)
class PutRight:
    """about, part: the page's subject and its tab. event: its name in the audit log.

    undo: None where it stays.
    """

    about: tuple[str, str]
    part: str
    sentence: str
    event: str
    undo: Callable[[], None] | None = None


def keep(done: PutRight) -> None:
    """Draws the page anew, with the bar, and with the forms closed and empty."""
    st.session_state[_STATE] = done
    st.session_state[_PART] = (done.about, done.part)
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    st.rerun()


def fresh(key: str) -> str:
    """A key for what is to be closed and empty after something was done."""
    return f"{key}-{st.session_state.get(_TIMES, 0)}"


def part_open(about: tuple[str, str], labels: Sequence[str]) -> str | None:
    """Which tab to open with: where something was done on this page, else the first."""
    done_about, part = st.session_state.get(_PART, ((), ""))
    if done_about != about:
        return None
    return next((label for label in labels if label.partition(" (")[0] == part), None)


def put_right_bar(about: tuple[str, str]) -> None:
    done = st.session_state.get(_STATE)
    if not isinstance(done, PutRight) or done.about != about:
        return
    with st.container(
        key="undo-bar",
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        st.html(f'<p class="w-said">{escape(done.sentence)}</p>')
        with st.container(width="content", horizontal=True, vertical_alignment="center"):
            if known("audit"):
                link("audit", "In the audit log", icon=":material/fact_check:", event=done.event)
            if done.undo is not None and st.button("Undo", key="undo-put-right", shortcut="u"):
                _take_back(done.undo)


def _take_back(undo: Callable[[], None]) -> None:
    with told():
        undo()
        del st.session_state[_STATE]
        says("Taken back.")
        st.rerun()
