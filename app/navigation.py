"""Every page of the console, once: where it is, what it is called, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.places import go
from app.screens import (
    actions,
    appeals,
    audit,
    backtest,
    backtests,
    banks,
    decisions,
    deliveries,
    item,
    item_types,
    job,
    overview,
    policies,
    queues,
    routing,
    rule,
    rules,
    set_aside,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Place:
    path: str
    title: str
    icon: str
    show: Callable[[], None]
    section: str
    permissions: tuple[str, ...] = ()
    listed: bool = True


_INSIGHT = ("VIEW_INSIGHTS",)
_REVIEW = ("VIEW_MRT",)
_RULES = ("VIEW_RULES_DASHBOARD",)
_ORG = ("MANAGE_ORG",)

PLACES: tuple[Place, ...] = (
    Place("overview", "Overview", "monitoring", overview.show, "", _INSIGHT),
    Place("queues", "Queues", "inbox", queues.show, "Review", _REVIEW),
    Place("job", "Job", "gavel", job.show, "Review", _REVIEW, listed=False),
    Place("decisions", "Decisions", "history", decisions.show, "Review", ("VIEW_MRT_DATA",)),
    Place("appeals", "Appeals", "balance", appeals.show, "Review", ("VIEW_MRT_DATA",)),
    Place("item", "Item", "article", item.show, "Review", ("VIEW_INVESTIGATION",), listed=False),
    Place(
        "set-aside",
        "Set aside",
        "move_to_inbox",
        set_aside.show,
        "Review",
        ("VIEW_INVESTIGATION",),
        listed=False,
    ),
    Place("rules", "Rules", "rule", rules.show, "Rules", _RULES),
    Place("rule", "Rule", "rule", rule.show, "Rules", _RULES, listed=False),
    Place("backtests", "Backtests", "query_stats", backtests.show, "Rules", ("RUN_BACKTEST",)),
    Place("backtest", "Backtest", "query_stats", backtest.show, "Rules", ("RUN_BACKTEST",), False),
    Place("banks", "Banks", "dictionary", banks.show, "Rules", _RULES),
    Place("policies", "Policies", "policy", policies.show, "Set-up", _RULES),
    Place("item-types", "Item types", "data_object", item_types.show, "Set-up", _RULES),
    Place("actions", "Actions", "bolt", actions.show, "Set-up", _RULES),
    Place(
        "routing",
        "Routing",
        "alt_route",
        routing.show,
        "Set-up",
        ("MANAGE_ROUTING_RULES", "VIEW_MRT_DATA"),
    ),
    Place("deliveries", "Webhooks", "webhook", deliveries.show, "Set-up", _ORG),
    Place(
        "settings", "Settings", "settings", settings.show, "Set-up", ("MANAGE_ORG", "MANAGE_USERS")
    ),
    Place("audit", "Audit log", "fact_check", audit.show, "Set-up", _ORG),
)


def allowed(places: tuple[Place, ...], permissions: frozenset[str]) -> tuple[Place, ...]:
    """The places whose page this person may open; any one of a place's permissions suffices."""
    return tuple(p for p in places if not p.permissions or permissions & set(p.permissions))


def pages(places: tuple[Place, ...]) -> dict[str, st.Page]:
    """Streamlit's page for each place, by path; "/" leads on to the first listed one."""
    landing = next((p.path for p in places if p.listed), places[0].path)
    home = st.Page(
        partial(go, landing), title="Winnow", url_path="home", default=True, visibility="hidden"
    )
    return {"": home} | {
        place.path: st.Page(
            place.show,
            title=place.title,
            icon=f":material/{place.icon}:",
            url_path=place.path,
            visibility="visible" if place.listed else "hidden",
        )
        for place in places
    }


def sections(places: tuple[Place, ...], known: dict[str, st.Page]) -> dict[str, list[st.Page]]:
    grouped: dict[str, list[st.Page]] = {"": [known[""]]}
    for place in places:
        grouped.setdefault(place.section, []).append(known[place.path])
    return grouped
