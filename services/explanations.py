"""Why a rule says of an item what it says: of one that was sent, or of data that might be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.configuration import Configuration
from engine.configuration.rule_check import EXAMPLE_ID, example_row, first_answer
from engine.configuration.rules import Rule, Status
from engine.errors import InvalidInput, NotFound, Problem
from engine.items import ItemType
from engine.items.hidden import hidden_from
from engine.language import Predicate, check
from engine.language.counterfactual import Change, counterfactual
from engine.language.explain import (
    Found,
    Judged,
    Trace,
    as_document,
    found,
    judge,
    render,
    trace,
)
from engine.language.facts import NOTHING_KNOWN, subject_of
from engine.language.intervals import format_time, microseconds_of
from engine.language.measures import Measured
from engine.language.traces import KeptLeaf, restored
from engine.permissions import Permission
from services import looks
from services.context import Caller, Context, require
from services.live_configuration import Live, look_live
from services.rules import item_type_of
from services.rulesets import configuration_as_of, known_configuration
from services.timers import KEPT_LONGER
from store import items_lookup, match_traces
from store.items_lookup import EvaluationRow, ItemRow
from store.submissions import Submission

ENCODE = msgspec.json.Encoder().encode
FORGOTTEN = "Counters are unknown: the events they counted when the item arrived are gone."
WORKED_OUT = "Worked out anew; what a rule saw is kept where it matched."


@dataclass(frozen=True)
class ExplanationRequest:
    """where or rule_id: the condition. data, or an item that was sent: what it is asked of.

    submission_id: the latest of the item without it. as_evaluated: under the configuration the
    submission was evaluated with, else today's.
    """

    item_type_id: str
    where: str | None = None
    rule_id: str | None = None
    data: Mapping[str, Any] | None = None
    item_id: str | None = None
    submission_id: str | None = None
    as_evaluated: bool = False


@dataclass(frozen=True)
class MissingAnswer:
    signal: str
    version: str
    reason: str
    count: int


@dataclass(frozen=True)
class Explanation:
    """outcome: null is unknown. text: the trace as an indented tree, a line a condition.

    counterfactual: the smallest change that would have turned the answer; empty where none is
    small enough. missing: signals without an answer. judged_at: when it was judged, where this is
    what the rule saw then and not worked out anew. note: which of both, and what could not be
    known any more.
    """

    where: str
    outcome: bool | None
    config_version: int
    text: str
    trace: Trace
    counterfactual: str
    changes: tuple[Change, ...]
    found: tuple[Found, ...]
    missing: tuple[MissingAnswer, ...]
    submission_id: str | None = None
    note: str = ""
    judged_at: datetime | None = None


@dataclass(frozen=True)
class _Kept:
    """What the rule was kept to have seen, and with which signals without an answer."""

    leaves: tuple[KeptLeaf, ...]
    missing: tuple[MissingAnswer, ...]
    judged_at: datetime


@dataclass(frozen=True)
class _Sight:
    """What a rule sees. counts: of its counters, then of its facts."""

    row: Mapping[str, object]
    counts: Sequence[Measured]
    arrived_at: datetime
    submission_id: str | None = None
    note: str = ""


def explain(context: Context, caller: Caller, asked: ExplanationRequest) -> Explanation:
    """Raises NotFound for what is not there, InvalidInput for a wrong condition or data."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        item_type_of(configuration, asked.item_type_id)
        sent = kept = None
        if asked.item_id is not None:
            require(caller, Permission.VIEW_INVESTIGATION)
            sent = _sent(tx, asked, asked.item_id)
        if sent is not None and asked.as_evaluated:
            said = _said(tx, sent)
            configuration = configuration_as_of(tx, said.config_version)
            kept = _kept(tx, said, asked.rule_id)
        item_type = item_type_of(configuration, asked.item_type_id)
        predicate = _predicate(configuration, item_type, asked)
        live = look_live(tx, _alone(configuration, predicate, item_type), context.clock())
    if sent is not None:
        sight = _sight_of(context, caller, sent, live, predicate)
    else:
        sight = _sight_of_data(asked.data, configuration, item_type, predicate, context.clock())
    hidden = hidden_from(item_type, caller.permissions)
    if asked.as_evaluated and asked.rule_id is not None:
        sight = replace(sight, note=f"{WORKED_OUT} {sight.note}".strip())
    told = _explained(predicate, configuration, sight, kept)
    return _shown(told, configuration, sight, hidden)


@dataclass(frozen=True)
class ItemAsked:
    """item_type, rule: by name or id."""

    item_type: str
    item_id: str
    rule: str


def explain_item(context: Context, caller: Caller, asked: ItemAsked) -> Explanation:
    """As its latest submission was judged. Raises NotFound for what is not there."""
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    types = {each.name: each.type_id for each in configuration.item_types.values()}
    rules = {each.name: each.rule_id for each in configuration.rules.values()}
    request = ExplanationRequest(
        types.get(asked.item_type, asked.item_type),
        rule_id=rules.get(asked.rule, asked.rule),
        item_id=asked.item_id,
        as_evaluated=True,
    )
    return explain(context, caller, request)


def _sent(tx: Connection, asked: ExplanationRequest, item_id: str) -> ItemRow:
    sent = items_lookup.of_item(tx, asked.item_type_id, item_id, asked.submission_id)
    if sent is None:
        raise NotFound(f"there is no such item `{item_id}`")
    return sent


def _said(tx: Connection, sent: ItemRow) -> EvaluationRow:
    said = items_lookup.evaluations(tx, [sent.seq])
    if not said:
        raise NotFound("this submission has not been evaluated yet")
    return said[0]


def _kept(tx: Connection, said: EvaluationRow, rule_id: str | None) -> _Kept | None:
    """None where the rule did not match, or nothing was kept of it."""
    if rule_id is None:
        return None
    leaves = match_traces.find(tx, said.arrived_at, said.seq).get(rule_id)
    if leaves is None:
        return None
    outcome = next((each for each in said.outcomes if each["ruleId"] == rule_id), {})
    missing = (
        MissingAnswer(each["name"], each["version"], each["reason"], each["count"])
        for each in outcome.get("signals", ())
    )
    return _Kept(leaves, tuple(missing), said.evaluated_at)


def _predicate(
    configuration: Configuration, item_type: ItemType, asked: ExplanationRequest
) -> Predicate:
    where = asked.where
    if asked.rule_id is not None:
        rule = configuration.rules.get(asked.rule_id)
        if rule is None:
            raise NotFound(f"there is no rule `{asked.rule_id}` in this configuration")
        where = rule.where
    if where is None:
        raise InvalidInput("a condition is needed", hint="give `where` or `ruleId`")
    checked = check(where, schema_of(configuration, item_type), environment_of(configuration))
    if checked.predicate is None:
        problems = tuple(
            Problem(each.message, "/where", each.hint, slug=each.code)
            for each in checked.diagnostics
        )
        raise InvalidInput("the condition has something wrong in it", problems=problems)
    return checked.predicate


def _alone(
    configuration: Configuration, predicate: Predicate, item_type: ItemType
) -> Configuration:
    """The configuration with this rule and no other."""
    rule = Rule(
        rule_id=EXAMPLE_ID,
        version=1,
        name=EXAMPLE_ID,
        where=predicate.text,
        status=Status.SHADOW,
        item_type_ids=(item_type.type_id,),
    )
    return replace(configuration, rules={EXAMPLE_ID: rule})


def _sight_of(
    context: Context, caller: Caller, sent: ItemRow, live: Live, predicate: Predicate
) -> _Sight:
    submission = Submission(
        seq=sent.seq,
        arrived_at=sent.arrived_at,
        submission_id=sent.submission_id,
        type_id=sent.type_id,
        type_version=sent.type_version,
        item_id=sent.item_id,
        creator_type_id=sent.creator_type_id,
        creator_id=sent.creator_id,
        data=ENCODE(sent.data).decode(),
    )
    [looked] = looks.look_at(context, caller.org_id, [submission], live)
    counts, note = looked.answers, ""
    if predicate.counters and sent.arrived_at < context.clock() - KEPT_LONGER:
        counts = (*(None for _ in predicate.counters), *counts[len(predicate.counters) :])
        note = FORGOTTEN
    return _Sight(looked.row, counts, sent.arrived_at, sent.submission_id, note)


def _sight_of_data(
    data: Mapping[str, Any] | None,
    configuration: Configuration,
    item_type: ItemType,
    predicate: Predicate,
    now: datetime,
) -> _Sight:
    """As if it were the first item ever, and nothing were known of anybody."""
    if data is None:
        raise InvalidInput("an item is needed", hint="give `data` or `itemId`")
    row = example_row(data, item_type, configuration)
    if isinstance(row, str):
        raise InvalidInput(row, problems=(Problem(row, "/data"),))
    subject = (item_type.type_id, EXAMPLE_ID)
    counts = [first_answer(counter, row, now) for counter in predicate.counters]
    facts = [
        NOTHING_KNOWN.answer(each, subject_of(each, row, subject), 0) for each in predicate.facts
    ]
    return _Sight(row, (*counts, *facts), now)


@dataclass(frozen=True)
class _Told:
    """judged: as the conditions were seen. searched: with the item's own texts, for banks."""

    judged: Judged
    searched: Judged
    missing: tuple[MissingAnswer, ...]
    note: str
    judged_at: datetime | None = None


def _explained(
    predicate: Predicate, configuration: Configuration, sight: _Sight, kept: _Kept | None
) -> _Told:
    """What was kept where it still fits the rule, else worked out anew."""
    environment = environment_of(configuration)
    known = restored(predicate, environment, kept.leaves) if kept else None
    seen = sight.row, sight.counts, sight.arrived_at
    if known is None or kept is None:
        judged = judge(predicate, environment, *seen)
        missing = tuple(
            MissingAnswer(each.signal, each.version, each.reason, each.count)
            for each in judged.missing
        )
        return _Told(judged, judged, missing, sight.note)
    searched = judge(predicate, environment, *seen, ask=False)
    note = f"As judged at {format_time(microseconds_of(kept.judged_at))}."
    return _Told(known, searched, kept.missing, note, kept.judged_at)


def _shown(
    told: _Told, configuration: Configuration, sight: _Sight, hidden: frozenset[str]
) -> Explanation:
    judged, environment = told.judged, environment_of(configuration)
    tree, change = trace(judged, hidden), counterfactual(judged)
    return Explanation(
        where=judged.text,
        outcome=judged.outcome(judged.tree),
        config_version=configuration.config_version,
        text=render(tree),
        trace=as_document(tree),
        counterfactual=change.sentence() if change else "",
        changes=change.changes if change else (),
        found=tuple(f for f in found(told.searched, environment) if not _names(f.field, hidden)),
        missing=told.missing,
        submission_id=sight.submission_id,
        note=told.note,
        judged_at=told.judged_at,
    )


def _names(field: str, hidden: frozenset[str]) -> bool:
    """Whether an expression may read one of the fields; rather too often than not often enough."""
    return any(name in field for name in hidden)
