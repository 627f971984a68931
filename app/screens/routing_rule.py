"""One routing rule: its condition, its queue, and whether it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.places import asked, go, link
from app.session import winnow
from app.views.documents import names_by_id
from app.views.routing import KINDS, STATUSES, changed, kind_named
from app.widgets.editor import sql_editor
from app.widgets.layout import heading, says
from app.widgets.messages import empty, told

if TYPE_CHECKING:
    from app.winnow_client.model import Document

_WORDS = (
    "Fields of the item, and two words more: `_policies`, the ids of the policies a job is opened "
    "for, as in `list_contains(_policies, '…')`, and `_source`, what opened it, as in "
    "`_source = 'submit-report'`. What the author was when the item arrived is `creator.…`."
)


def show_rule(
    rule_id: str, types: list[Document], queues: list[Document], *, editable: bool
) -> None:
    head = {} if rule_id == "new" else winnow().configuration("routing-rules", rule_id)
    kind = str(head.get("kind") or kind_named(asked("kind")))
    link("routing", "All routing rules", icon=":material/arrow_back:", kind=KINDS[kind])
    heading(str(head.get("name") or "New routing rule"), f"For {KINDS[kind].lower()}")
    if not types or not queues:
        empty("Nothing to route yet", "Make an item type and a queue first.")
        return
    left, right = st.columns([1.5, 1], gap="large")
    with right:
        document = _settings(head, types, queues, kind, off=not editable)
    with left:
        st.caption("When this holds")
        opened_with = str(head.get("where", ""))
        key = f"where-{rule_id}-{head.get('version')}"
        where = sql_editor(opened_with, key=key, readonly=not editable)
        st.caption(_WORDS)
    if editable:
        _save_panel(head, {**document, "where": where})
    else:
        st.caption("Your role may read this rule, not change it.")


def _settings(
    head: Document, types: list[Document], queues: list[Document], kind: str, *, off: bool
) -> Document:
    fit = [one for one in types if kind != "NCMEC" or one.get("kind") == "USER"]
    names, of = names_by_id(queues), names_by_id(fit)
    key = f"routing-{head.get('id')}-{head.get('version')}"
    name = st.text_input(
        "Name", head.get("name", ""), max_chars=200, disabled=off, key=f"name-{key}"
    )
    queue = st.selectbox(
        "Send to the queue",
        list(names),
        index=list(names).index(head["queueId"]) if head.get("queueId") in names else None,
        format_func=lambda q: names[q],
        placeholder="Choose a queue",
        disabled=off,
        key=f"queue-{key}",
    )
    before = [one for one in head.get("itemTypeIds", []) if one in of]
    chosen = st.multiselect(
        "Asked of",
        list(of),
        default=before,
        format_func=lambda t: of[t],
        placeholder="Choose item types",
        disabled=off,
        key=f"types-{key}",
    )
    status = st.segmented_control(
        "Status",
        list(STATUSES),
        default=head.get("status", "LIVE") if head.get("status", "LIVE") in STATUSES else "PAUSED",
        required=True,
        format_func=lambda s: STATUSES[s],
        disabled=off,
        key=f"status-{key}",
        help="A shadow rule only writes down where it would have sent a job.",
    )
    about = st.text_input(
        "What it is for", head.get("description", ""), disabled=off, key=f"about-{key}"
    )
    return changed(
        head,
        name=name,
        queueId=queue or "",
        itemTypeIds=chosen,
        status=status,
        description=about,
        kind=kind,
    )


def _save_panel(head: Document, document: Document) -> None:
    reason, remove, save = st.bottom.columns([5, 1, 1], vertical_alignment="bottom")
    why = reason.text_input(
        "Why this change",
        key=f"why-{head.get('id')}-{head.get('version')}",
        placeholder="Why this change? For whoever asks later",
        label_visibility="collapsed",
    )
    if head and remove.button("Delete", width="stretch", key="delete-rule"):
        _ask_to_delete(head)
    if save.button("Save", type="primary", width="stretch", shortcut="Ctrl+S", key="save-rule"):
        with told():
            _save(head, document, why)


def _save(head: Document, document: Document, why: str) -> None:
    if head:
        version = head.get("version")
        winnow().update(
            "routing-rules", str(head["id"]), document, reason=why, expected_version=version
        )
    else:
        winnow().create("routing-rules", {**document, "reason": why})
    says(f"{document['name']} saved.")
    go("routing", kind=KINDS[str(document["kind"])])


@st.dialog("Delete this routing rule?")
def _ask_to_delete(head: Document) -> None:
    st.markdown("Jobs that it sent stay where they are. Its versions are kept.")
    if st.button("Delete it", type="primary", key="delete-for-good"):
        with told():
            winnow().delete("routing-rules", str(head["id"]))
            says(f"{head.get('name')} is deleted.")
            go("routing", kind=KINDS[str(head.get("kind", "DEFAULT"))])
