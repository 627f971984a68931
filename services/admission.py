"""What an organisation lets in, and tokens for its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.admission import Gate, Rate, drawn
from services.rulesets import known_configuration
from store import pending, rate_buckets

if TYPE_CHECKING:
    from services.context import Context


def read_gate(context: Context, org_id: int) -> Gate:
    """As of now."""
    with context.database.transaction(org_id) as tx:
        settings = known_configuration(tx).settings
        oldest_s = pending.oldest_age_s(tx)
    return Gate(settings.items_per_second, oldest_s, settings.max_unevaluated_age_seconds)


def draw(context: Context, org_id: int, key_id: str, rate: Rate, wanted: float) -> None:
    """Takes tokens out of the bucket that all processes share. Raises RateLimited."""
    with context.database.transaction(org_id) as tx:
        held = rate_buckets.lock(tx, key_id)
        level = rate.burst if held is None else rate.after(*held)
        rate_buckets.write(tx, key_id, drawn(level, wanted, rate))
