"""One item judged while its sender waits, and the verdict explained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from engine.actions.execution import Execution
from engine.actions.verdict import Match
from engine.configuration.compiled import environment_of
from engine.configuration.configuration import Configuration
from engine.errors import NotFound
from engine.idempotency import Once
from engine.items import Item
from engine.language.explain import Trace, as_document, judge, trace
from services import idempotency
from services.context import Caller, Context
from services.live_configuration import Live
from services.looks import Looked, look_at
from services.rulesets import known_configuration
from services.synchronous_evaluation import Along, Judgement, SynchronousEvaluation
from store import items_lookup, verdicts
from store.submissions import Submission


@dataclass(frozen=True)
class MatchedRule:
    """held: why it did not act (shadow, rollout, cap, snooze); None when it did."""

    rule_id: str
    name: str
    version: int
    status: str
    held: str | None


@dataclass(frozen=True)
class TriggeredAction:
    """execution_id: as its webhook names it; None in a dry run."""

    action_id: str
    name: str
    execution_id: str | None
    rule_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]


@dataclass(frozen=True)
class RuleTrace:
    """Every condition of the rule with what it saw. outcome: None where it is unknown."""

    rule_id: str
    name: str
    outcome: bool | None
    trace: Trace


@dataclass(frozen=True)
class Verdict:
    """What the rules said of one item, and what was done.

    finished: False when the deadline passed first; then a worker judges the item, and what comes of
    it follows by webhook and in the item's history. submission_id, seq and arrived_at are None in a
    dry run. config_version: of the rules asked. traces: when they were asked for.
    """

    item_id: str
    item_type_id: str
    submission_id: str | None
    seq: int | None
    arrived_at: datetime | None
    finished: bool
    dry_run: bool
    config_version: int | None
    matched_rules: tuple[MatchedRule, ...] = ()
    actions: tuple[TriggeredAction, ...] = ()
    traces: tuple[RuleTrace, ...] | None = None


@dataclass(frozen=True)
class _Place:
    """What is kept of a verdict under its key; what was said is read again at this place."""

    seq: int
    at: datetime


class _DoneBefore(Exception):
    """The idempotency key was used: nothing is placed."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("done before")
        self.answer = answer


def evaluate_item(
    desk: SynchronousEvaluation,
    caller: Caller,
    item: Item,
    *,
    deadline_s: float,
    kept: Callable[[Verdict], None],
    once: Once | None = None,
    traced: bool = False,
) -> Verdict:
    """Raises KeyReused, and what evaluating raised; the item is kept once it has its place.

    kept: told then what is to be said at the deadline. deadline_s: how long somebody waits.
    """

    def tell(judgements: Sequence[Judgement]) -> None:
        kept(_verdict(judgements[0]))

    known = idempotency.answered(desk.context, caller, once)
    if known is not None:
        return _verdict_again(desk, caller, known, traced=traced)
    try:
        [judgement] = desk.see_through(
            caller.org_id, [item], deadline_s=deadline_s, kept=tell, along=_keeps_key(once)
        )
    except _DoneBefore as before:  # by a request of the same moment
        return _verdict_again(desk, caller, before.answer, traced=traced)
    verdict = _verdict(judgement)
    if not traced or not judgement.finished:
        return verdict
    return _with_traces(desk.context, caller, verdict, judgement.submission, judgement.live)


def keep_item(
    desk: SynchronousEvaluation, caller: Caller, item: Item, once: Once | None = None
) -> Verdict:
    """Leaves the item to any worker. Raises KeyReused."""
    known = idempotency.answered(desk.context, caller, once)
    if known is not None:
        return _verdict_again(desk, caller, known, traced=False)
    try:
        [judgement] = desk.keep(caller.org_id, [item], along=_keeps_key(once))
    except _DoneBefore as before:
        return _verdict_again(desk, caller, before.answer, traced=False)
    return _verdict(judgement)


def _keeps_key(once: Once | None) -> Along | None:
    """Keeps the key in the transaction that places the item; raises _DoneBefore there."""
    if once is None:
        return None

    def keep_key(tx: Connection, placed: Sequence[Submission]) -> None:
        answer = idempotency.begin(tx, once)
        if answer is not None:
            raise _DoneBefore(answer)
        place = _Place(placed[0].seq, placed[0].arrived_at)
        idempotency.finish(tx, once, msgspec.json.encode(place))

    return keep_key


def _verdict(judgement: Judgement) -> Verdict:
    submission = judgement.submission
    return Verdict(
        item_id=submission.item_id,
        item_type_id=submission.type_id,
        submission_id=submission.submission_id,
        seq=submission.seq,
        arrived_at=submission.arrived_at,
        finished=judgement.finished,
        dry_run=False,
        config_version=(
            judgement.live.configuration.config_version if judgement.finished else None
        ),
        matched_rules=tuple(matched_rule(match) for match in judgement.matches if match.is_true),
        actions=tuple(
            sorted((_action(each) for each in judgement.executions), key=lambda a: a.action_id)
        ),
    )


def matched_rule(match: Match) -> MatchedRule:
    rule = match.rule
    held = match.held.value if match.held else None
    return MatchedRule(rule.rule_id, rule.name, rule.version, rule.status.value, held)


def _action(execution: Execution) -> TriggeredAction:
    return TriggeredAction(
        execution.action.action_id,
        execution.action.name,
        execution.execution_id,
        tuple(rule.rule_id for rule in execution.rules),
        tuple(policy.policy_id for policy in execution.policies),
    )


def _verdict_again(
    desk: SynchronousEvaluation, caller: Caller, answer: bytes, *, traced: bool
) -> Verdict:
    """As it was told the first time; by now finished, if it was not then."""
    place = msgspec.json.decode(answer, type=_Place)
    with desk.context.database.transaction(caller.org_id) as tx:
        submission = _submission(tx, place)
        configuration = known_configuration(tx)
        said = verdicts.said(tx, submission.seq)
        done = verdicts.done(tx, submission.type_id, submission.item_id, submission.seq)
        live = desk.configurations.current(tx, caller.org_id)
    verdict = Verdict(
        item_id=submission.item_id,
        item_type_id=submission.type_id,
        submission_id=submission.submission_id,
        seq=submission.seq,
        arrived_at=submission.arrived_at,
        finished=said is not None,
        dry_run=False,
        config_version=said.config_version if said else None,
        matched_rules=tuple(
            _stored_rule(each, configuration)
            for each in (said.outcomes if said else ())
            if each["outcome"] == "TRUE"
        ),
        actions=tuple(_stored_action(each, configuration) for each in done),
    )
    if not traced or not verdict.finished:
        return verdict
    return _with_traces(desk.context, caller, verdict, submission, live)


def _submission(tx: Connection, place: _Place) -> Submission:
    """Raises NotFound when it has been erased since."""
    row = items_lookup.at_place(tx, place.seq, place.at)
    if row is None:
        raise NotFound("the item of this request is no longer kept")
    return Submission(
        row.seq,
        row.arrived_at,
        row.submission_id,
        row.type_id,
        row.type_version,
        row.item_id,
        row.creator_type_id,
        row.creator_id,
        msgspec.json.encode(row.data).decode(),
    )


def _stored_rule(outcome: Mapping[str, Any], configuration: Configuration) -> MatchedRule:
    rule_id = str(outcome["ruleId"])
    rule = configuration.rules.get(rule_id)
    return MatchedRule(
        rule_id,
        rule.name if rule else rule_id,
        int(outcome["version"]),
        str(outcome["status"]),
        outcome.get("held"),
    )


def _stored_action(done: verdicts.DoneAction, configuration: Configuration) -> TriggeredAction:
    action = configuration.actions.get(done.action_id)
    return TriggeredAction(
        done.action_id,
        action.name if action else done.action_id,
        done.execution_id,
        tuple(str(rule["id"]) for rule in done.rules),
        tuple(str(policy["id"]) for policy in done.policies),
    )


def _with_traces(
    context: Context, caller: Caller, verdict: Verdict, submission: Submission, live: Live
) -> Verdict:
    """What was known at an item's place never changes, so it can be looked at again."""
    found = look_at(context, caller.org_id, [submission], live)
    traces = tuple(each for looked in found for each in rule_traces(looked, live))
    return replace(verdict, traces=traces)


def rule_traces(looked: Looked, live: Live) -> tuple[RuleTrace, ...]:
    """One a rule of the item's type, whether it matched or not."""
    rules, row = looked.evaluator.rules, looked.row
    asked = (*rules.ruleset.counters, *rules.ruleset.facts)
    answers = dict(zip(asked, looked.answers, strict=True))
    environment = environment_of(live.configuration)
    traces = []
    for rule in rules.rules:
        predicate = rules.predicates[rule.rule_id]
        counts = [answers[each] for each in (*predicate.counters, *predicate.facts)]
        judged = judge(predicate, environment, row, counts, looked.item.arrived_at)
        outcome = judged.outcome(judged.tree)
        traces.append(RuleTrace(rule.rule_id, rule.name, outcome, as_document(trace(judged))))
    return tuple(traces)
