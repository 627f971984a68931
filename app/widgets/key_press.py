"""Keys that Streamlit's own shortcuts cannot name."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data }) {
  const press = (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    if (event.key !== data.key || typing || event.ctrlKey || event.metaKey) return;
    const button = document.querySelector(`.st-key-${CSS.escape(data.button)} button`);
    if (button) { event.preventDefault(); button.click(); }
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
"""


def press_on(key: str, button: str) -> None:
    """Presses the button with that Streamlit key whenever the keyboard key is pressed."""
    mount = st.components.v2.component("winnow_key_press", js=_JS)
    mount(data={"key": key, "button": button}, key=f"press-{button}", height=1)
