"""Keys that Streamlit's own shortcuts cannot name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENCE_MS = 2000

# A key that is held down presses once: its repeats would reach whatever is drawn next.
_JS = """
export default function ({ data }) {
  let turning = 0;
  const button = (event) => {
    const within = (key) => document.querySelectorAll(`.st-key-${CSS.escape(key)} button`);
    if (event.key in data.keys) return within(data.keys[event.key])[0];
    if (data.choices && Date.now() > turning && /^[1-9]$/.test(event.key))
      return within(data.choices)[event.key - 1];
  };
  const press = (event) => {
    const at = event.composedPath()[0];
    const typing = at.closest?.("input, textarea, select, [contenteditable=true]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const held = event.repeat && (event.key.length === 1 || event.key === "Enter");
    const pressed = held ? undefined : button(event);
    if (held) event.stopImmediatePropagation();
    if (held || pressed) event.preventDefault();
    pressed?.click();
    if (!held && event.key === data.turning) turning = Date.now() + data.patience_ms;
  };
  window.addEventListener("keydown", press, true);
  document.body.dataset.keys = "heard";
  return () => {
    window.removeEventListener("keydown", press, true);
    delete document.body.dataset.keys;
  };
}
"""


def press_on(keys: Mapping[str, str], *, choices: str = "", turning: str = "") -> None:
    """Presses buttons by keyboard, once however long a key is held.

    keys: keyboard key to the Streamlit key of a button. choices: the Streamlit key of a container;
    `1` presses its first button, `9` its ninth. turning: the keyboard key that asks for other
    choices; digits that come before they are there press nothing.
    """
    mount = st.components.v2.component("winnow_key_press", js=_JS)
    data = {
        "keys": dict(keys),
        "choices": choices,
        "turning": turning,
        "patience_ms": _PATIENCE_MS,
    }
    mount(data=data, key="key-press", height=1)
