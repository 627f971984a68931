"""Hits of bank entries: found when a LIVE rule matches, counted with the verdict it led to.

An entry is hit once by an item, however often it stands there and however many rules ask for it.
What a cap, a rollout or a snooze holds back counts too: the rule matched.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from store import bank_hits
from store.bank_hits import Hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.actions.verdict import Match
    from engine.configuration.entry_hits import Entry, EntryFinders
    from engine.language.measures import Measured
    from store.submissions import Submission


def with_entries(
    matches: Sequence[Match],
    finders: EntryFinders | None,
    row: Mapping[str, object],
    counts: Sequence[Measured],
    arrived_at: datetime,
) -> tuple[Match, ...]:
    """Each match with the entries that its rule's banks found in the item."""
    if finders is None:
        return tuple(matches)
    rule_ids = [match.rule.rule_id for match in matches if match.is_true]
    found = finders.found(rule_ids, row, counts, arrived_at)
    return tuple(
        replace(match, entries=found.get(match.rule.rule_id, match.entries)) for match in matches
    )


def record(
    tx: Connection, items: Iterable[Submission], verdicts: Mapping[int, Sequence[Match]]
) -> None:
    found: dict[Entry, Hits] = {}
    for item in items:
        entries = {entry for match in verdicts.get(item.seq, ()) for entry in match.entries}
        for entry in entries:
            before = found.get(entry, Hits(0, item.arrived_at))
            latest = max(before.last_hit_at, item.arrived_at)
            found[entry] = Hits(before.hits + 1, latest)
    bank_hits.add(tx, found)
