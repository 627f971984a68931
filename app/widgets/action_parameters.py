"""The inputs that chosen actions ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import ActionChoice, Document


def parameter_inputs(actions: Sequence[ActionChoice], job_id: str) -> dict[str, Document]:
    """By action id, the values given for its parameters; empty ones are left to defaults."""
    given: dict[str, Document] = {}
    for action in actions:
        values = {
            str(one["name"]): _input(one, f"parameter-{job_id}-{action.id}-{one['name']}")
            for one in action.parameters
        }
        given[action.id] = {name: v for name, v in values.items() if v not in (None, "", [])}
    return given


def _input(parameter: Document, key: str) -> Any:
    label = str(parameter.get("displayName") or parameter["name"])
    label += "" if parameter.get("required") else " (optional)"
    about, default = parameter.get("description") or None, parameter.get("defaultValue")
    options = {
        str(o["value"]): str(o.get("label") or o["value"]) for o in parameter.get("options", [])
    }
    kind = parameter.get("type")
    if kind == "BOOLEAN":
        return st.toggle(label, bool(default), help=about, key=key)
    if kind == "NUMBER":
        low, high = parameter.get("min"), parameter.get("max")
        return st.number_input(label, low, high, default, help=about, key=key)
    if kind == "SELECT":
        at = [*options].index(str(default)) if str(default) in options else None
        return st.selectbox(label, [*options], at, lambda o: options[o], help=about, key=key)
    if kind == "MULTISELECT":
        chosen = [str(d) for d in default or [] if str(d) in options]
        return st.multiselect(label, [*options], chosen, lambda o: options[o], help=about, key=key)
    return st.text_input(label, default or "", help=about, key=key)
