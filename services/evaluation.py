"""From a waiting item to its verdict and effects, exactly once.

Lease and read in one short transaction, evaluate without any, then everything the verdicts cause
in one transaction with the deletion of the `pending` rows. A crash before that commit repeats the
batch when the lease expires; after it, nothing is repeated.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from engine.actions.execution import Source, Target
from engine.actions.plan import plan_executions
from engine.actions.verdict import Held, Match, matches, outcome_document
from engine.errors import Unavailable
from engine.items import ItemRef
from engine.language.asking import Case, Outcomes
from services import entry_hits, match_traces, media
from services.effects import execute_actions
from services.entry_hits import with_entries
from services.intake import kind_of
from services.looks import look_at
from services.match_traces import with_traces
from services.set_aside import set_aside_entry
from services.snoozes import hold_snoozed
from store import audit, evaluations, pending
from store.evaluations import Evaluated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from engine.actions.execution import Execution
    from engine.configuration.rules import Rule
    from services.context import Context
    from services.live_configuration import Live, LiveConfigurations
    from services.looks import Looked
    from store.pending import Leased
    from store.submissions import Submission
    from store.window_reads import Read

SOURCES = frozenset(Source)
RETRY_ALONE = timedelta(seconds=2)
NOTHING = "[]"
DECODE = msgspec.json.Decoder(dict[str, Any]).decode
ENCODE = msgspec.json.Encoder().encode
ITS_WORKER_DIED = "Its worker died each time it evaluated this item alone."

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """batch: fresh items leased together. lease: how long a batch may take before others may."""

    batch: int = 1000
    lease: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Tier:
    """How many items of a number of failed leases (inclusive) are leased together."""

    attempts: tuple[int, int]
    share: int


FRESH = Tier((0, 0), 1)
SUSPECT = Tier((1, pending.ALONE_FROM - 1), 16)
ALONE = Tier((pending.ALONE_FROM, 1_000_000), 1_000_000)


@dataclass(frozen=True)
class Batch:
    lease_id: str
    leased: tuple[Leased, ...]
    live: Live
    verdicts: Mapping[int, tuple[Match, ...]] | None = None


def evaluate_next(
    context: Context,
    org_id: int,
    configurations: LiveConfigurations,
    pace: Pace,
    tier: Tier = FRESH,
) -> int:
    """Leases the next batch of an organisation and sees it through; gives its size."""
    now = context.clock()
    lease_id = context.new_id()
    with context.database.transaction(org_id) as tx:
        live = configurations.current(tx, org_id)
        leased = pending.lease(
            tx,
            lease_id=lease_id,
            now=now,
            until=now + pace.lease,
            most=max(pace.batch // tier.share, 1),
            attempts=tier.attempts,
        )
    if leased:
        _see_through(context, org_id, Batch(lease_id, tuple(leased), live))
    return len(leased)


def _see_through(context: Context, org_id: int, batch: Batch) -> None:
    """Halves a batch that fails until the item that fails is alone."""
    try:
        _evaluate(context, org_id, batch)
    except Unavailable:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        if len(batch.leased) > 1:
            middle = len(batch.leased) // 2
            for half in (batch.leased[:middle], batch.leased[middle:]):
                _see_through(context, org_id, replace(batch, leased=half))
        else:
            _fail_alone(context, org_id, batch, error)


def _fail_alone(context: Context, org_id: int, batch: Batch, error: Exception) -> None:
    now, submission = context.clock(), batch.leased[0].submission
    seq = submission.seq
    reason = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
    with context.database.transaction(org_id) as tx:
        aside = pending.fail_alone(
            tx, batch.lease_id, seq, error=reason, now=now, retry_at=now + RETRY_ALONE
        )
        if aside:
            audit.append(tx, set_aside_entry(submission, reason, now))
    log.error("item_failed", org_id=org_id, seq=seq, set_aside=aside, exc_info=error)


def _evaluate(context: Context, org_id: int, batch: Batch) -> None:
    hopeless = [each for each in batch.leased if each.attempts > pending.SET_ASIDE_AT]
    hopeful = [each.submission for each in batch.leased if each.attempts <= pending.SET_ASIDE_AT]
    found = judge(context, org_id, hopeful, batch.live)
    now = context.clock()
    with context.database.transaction(org_id) as tx:
        for each in hopeless:
            seq = each.submission.seq
            pending.set_aside(tx, batch.lease_id, seq, reason=ITS_WORKER_DIED, now=now)
            audit.append(tx, set_aside_entry(each.submission, ITS_WORKER_DIED, now))
            log.error("item_set_aside", org_id=org_id, seq=seq, reason=ITS_WORKER_DIED)
        kept = pending.complete(tx, batch.lease_id, [s.seq for s in hopeful])
        mine = [s for s in hopeful if s.seq in kept]
        save_verdicts(context, tx, mine, found, batch.live, now)


def judge(
    context: Context,
    org_id: int,
    items: Sequence[Submission],
    live: Live,
    read: Read | None = None,
) -> dict[int, tuple[Match, ...]]:
    """By seq: the rules that match. read: of counters, when it was read already."""
    looked = look_at(context, org_id, items, live, read)
    return {
        each.item.seq: _matches(each, outcomes, live)
        for each, outcomes in zip(looked, _outcomes(looked), strict=True)
    }


def matched(looked: Looked, live: Live) -> tuple[Match, ...]:
    [outcomes] = _outcomes([looked])
    return _matches(looked, outcomes, live)


def _outcomes(looked: Sequence[Looked]) -> list[Outcomes]:
    """In the order given. Items of one type ask their signals together."""
    by_type: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(looked):
        by_type[each.item.type_id].append(place)
    found: dict[int, Outcomes] = {}
    for places in by_type.values():
        ruleset = looked[places[0]].evaluator.rules.ruleset
        told = ruleset.evaluate_all([_case(looked[place]) for place in places])
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(looked))]


def _case(looked: Looked) -> Case:
    return Case(looked.row, looked.answers, looked.item.arrived_at)


def _matches(looked: Looked, outcomes: Outcomes, live: Live) -> tuple[Match, ...]:
    if True not in outcomes.values and not outcomes.missing:
        return ()
    rules, item = looked.evaluator.rules.rules, looked.item
    target = target_of(item, live)
    found = matches(rules, outcomes.values, target, item.arrived_at, outcomes.missing)
    found = with_entries(
        found, looked.evaluator.finders, looked.row, looked.answers, item.arrived_at
    )
    return with_traces(found, looked.evaluator.rules.tracers, _case(looked), outcomes)


def target_of(item: Submission, live: Live) -> Target:
    item_types = live.configuration.item_types
    found = item_types.get(item.type_id)
    creator = None
    if item.creator_type_id is not None and item.creator_id is not None:
        creator = ItemRef(item.creator_type_id, item.creator_id)
    return Target(
        type_id=item.type_id,
        item_id=item.item_id,
        type_name=found.name if found else "",
        kind=kind_of(item_types, item.type_id),
        creator=creator,
        seq=item.seq,
        arrived_at=item.arrived_at,
        submission_id=item.submission_id,
    )


@dataclass(frozen=True)
class Saved:
    """verdicts: by seq, what matched, with what a cap held back. executions: those that are new."""

    verdicts: Mapping[int, tuple[Match, ...]]
    executions: tuple[Execution, ...]


def save_verdicts(
    context: Context,
    tx: Connection,
    items: Sequence[Submission],
    found: Mapping[int, tuple[Match, ...]],
    live: Live,
    now: datetime,
    source: Source = Source.POST_ITEMS,
) -> Saved:
    """Evaluations, executions, webhooks and jobs of the items whose lease was still ours."""
    if not items:
        return Saved({}, ())
    matched = {s.seq: found[s.seq] for s in items if found.get(s.seq)}
    verdicts = _within_caps(tx, hold_snoozed(tx, items, matched), now)
    configuration = live.configuration
    rows = [_evaluated(item, verdicts.get(item.seq, ())) for item in items]
    evaluations.insert(tx, rows, config_version=configuration.config_version, now=now)
    entry_hits.record(tx, items, verdicts)
    match_traces.keep(tx, items, verdicts)
    media.note(tx, items, configuration, now)
    executions = [
        execution
        for item in items
        if item.seq in verdicts
        for execution in plan_executions(
            verdicts[item.seq],
            target_of(item, live),
            configuration,
            context.new_id,
            Source(item.source) if item.source in SOURCES else source,
        )
    ]
    fresh = execute_actions(tx, executions, configuration, now=now, new_id=context.new_id)
    return Saved(verdicts, fresh)


def save_quiet(
    context: Context, org_id: int, lease_id: str, items: Sequence[Submission], live: Live
) -> set[int]:
    """Of items that no rule matches and that point at no media: ends their lease, all in one.

    Gives the `seq` of those whose lease was still ours.
    """
    version = live.configuration.config_version
    with context.database.at_once(org_id) as tx:
        return evaluations.insert_quiet(
            tx, lease_id, items, config_version=version, now=context.clock()
        )


def is_quiet(
    items: Sequence[Submission], found: Mapping[int, tuple[Match, ...]], live: Live
) -> bool:
    return not any(found.values()) and not media.is_any(items, live.configuration)


def _evaluated(item: Submission, verdict: Sequence[Match]) -> Evaluated:
    outcomes = ENCODE([outcome_document(match) for match in verdict]).decode() if verdict else ""
    return Evaluated(
        item.seq, item.arrived_at, item.submission_id, item.type_id, outcomes or NOTHING
    )


def _within_caps(
    tx: Connection, verdicts: dict[int, tuple[Match, ...]], now: datetime
) -> dict[int, tuple[Match, ...]]:
    """Holds what is over a rule's daily cap, in order of place; rules in order of id.

    The fixed order of rules keeps two workers from waiting for each other's rows.
    """
    wanted: dict[str, list[int]] = defaultdict(list)
    capped: dict[str, Rule] = {}
    for seq in sorted(verdicts):
        for match in verdicts[seq]:
            if match.held is None and match.rule.max_daily_actions is not None:
                wanted[match.rule.rule_id].append(seq)
                capped[match.rule.rule_id] = match.rule
    for rule_id in sorted(capped):
        cap = capped[rule_id].max_daily_actions
        assert cap is not None
        granted = evaluations.spend(
            tx, rule_id, now.astimezone(UTC).date(), wanted=len(wanted[rule_id]), cap=cap
        )
        for seq in wanted[rule_id][granted:]:
            verdicts[seq] = tuple(_held(match, rule_id) for match in verdicts[seq])
    return verdicts


def _held(match: Match, rule_id: str) -> Match:
    return replace(match, held=Held.CAP) if match.rule.rule_id == rule_id else match
