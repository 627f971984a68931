"""What matching rules saw: noted while an item is judged, kept in the transaction of its effects.

Shadow rules and held matches are noted as well: a rule is watched to see why it matches. Rules that
match nothing cost nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from store import match_traces
from store.match_traces import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from engine.actions.verdict import Match
    from engine.configuration.tracing import Tracers
    from engine.language.asking import Case, Outcomes
    from store.submissions import Submission


def with_traces(
    matches: Sequence[Match], tracers: Tracers, case: Case, told: Outcomes
) -> tuple[Match, ...]:
    """Each match with what its rule's conditions saw."""
    return tuple(
        replace(match, trace=match_traces.encoded(tracers.kept(match.rule.rule_id, case, told)))
        for match in matches
    )


def keep(
    tx: Connection, items: Iterable[Submission], verdicts: Mapping[int, Sequence[Match]]
) -> None:
    """One statement for all of them; those that acted come first, where an item has too many."""
    kept = [(item, _traces(verdicts[item.seq])) for item in items if item.seq in verdicts]
    rows = [Kept(item.seq, item.arrived_at, traces) for item, traces in kept if traces]
    match_traces.insert(tx, rows)


def _traces(verdict: Sequence[Match]) -> dict[str, bytes]:
    ordered = sorted(verdict, key=lambda match: match.held is not None)
    return {match.rule.rule_id: match.trace for match in ordered if match.trace}
