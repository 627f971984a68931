"""Every table, as the newest migration leaves it; a test proves that the two are equal."""

from store.schema import (
    accounts,
    appeals,
    configuration,
    effects,
    erasures,
    facts,
    intake,
    items,
    lifecycle,
    reports,
    review,
    signals,
    streams,
    traces,
)
from store.schema.columns import METADATA

__all__ = [
    "METADATA",
    "accounts",
    "appeals",
    "configuration",
    "effects",
    "erasures",
    "facts",
    "intake",
    "items",
    "lifecycle",
    "reports",
    "review",
    "signals",
    "streams",
    "traces",
]
