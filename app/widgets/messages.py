"""What a page says when something is wrong: what, where, and what to do. Never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.winnow_client import ApiError

if TYPE_CHECKING:
    from types import TracebackType

_SIGNED_OUT = 401
_FORBIDDEN = 403
_MISSING = 404


class told:  # noqa: N801 - reads as a phrase: `with told():`
    """Shows a refusal where it happened and lets the page go on."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, ApiError):
            show_refusal(error)
            return True
        return False


def show_refusal(error: ApiError) -> None:
    if error.status == _SIGNED_OUT:
        show_signed_out()
        return
    lines = [f"**{plain(sentence(_headline(error)))}**"]
    lines.extend(_problem_line(*problem) for problem in error.problems if problem[1])
    if error.hint:
        lines.append(plain(error.hint))
    icon = ":material/cloud_off:" if error.status == 0 else ":material/error:"
    st.error("\n\n".join(dict.fromkeys(lines)), icon=icon)


def show_signed_out() -> None:
    st.info("**Your session has ended.** Sign in again to go on.", icon=":material/lock:")
    st.html('<a class="w-button" href="/sign-in" target="_self">Sign in</a>')


def show_unexpected() -> None:
    st.toast("This page could not be shown.", icon=":material/error:")
    st.error(
        "**This page could not be shown.** It has been written to the server's log."
        "\n\nReload the page; if it happens again, tell your administrator what you did.",
        icon=":material/error:",
    )


def empty(title: str, then: str) -> None:
    """An empty state: what is missing, and what to do next (Markdown)."""
    with st.container(border=True, key=f"empty-{abs(hash(title))}"):
        st.markdown(f"#### {title}\n\n{then}")


def sentence(told: str) -> str:
    """What the API says, which may be half a sentence, as one that others can follow."""
    return told[:1].upper() + told[1:] + ("" if told.endswith((".", "!", "?")) else ".")


def _headline(error: ApiError) -> str:
    if error.status == _FORBIDDEN:
        return error.message or "Your role does not include this."
    if error.status == _MISSING:
        return error.message or "There is no such thing, or no longer."
    return error.message


def _problem_line(pointer: str, message: str, hint: str) -> str:
    where = f"`{pointer}`: " if pointer else ""
    return f"{where}{plain(message)}" + (f" {plain(hint)}" if hint else "")


def plain(text: str) -> str:
    """Text from elsewhere, with Markdown's and Streamlit's marks taken literally."""
    for mark in "\\`*_[]<>$:#~|":
        text = text.replace(mark, "\\" + mark)
    return text
