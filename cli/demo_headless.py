"""The demo without anybody watching: as fast as it goes, then held against the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from time import monotonic

from app.winnow_client.model import Backtest
from cli.demo_checks import Witnessed, failures, unheard
from cli.demo_moderators import Moderator
from cli.demo_source import Source
from cli.demo_speech import Speech
from cli.demo_stage import Stage, wait_until
from cli.demo_team import MODERATORS, hired
from cli.output import say
from engine.errors import Conflict, Unavailable
from engine.simulation.blueprint import TRUTH_FIELD
from engine.simulation.events import Thing
from engine.simulation.recorded import RECORDED, TRUTH
from services import demonstration
from services.lake_export import export_all
from store.demonstration import Facts

_BATCH = 200
_MOST_DECISIONS = 300
_PATIENCE_S = 900.0
_BACKTEST_S = 300.0


@dataclass(frozen=True)
class Webhooks:
    delivered: int
    verified: int
    failed: int


@dataclass(frozen=True)
class Jobs:
    created: int
    decided: int


@dataclass(frozen=True)
class Summary:
    """The one object that `--json` prints."""

    accepted: int
    evaluated: int
    rule_matches: Mapping[str, int]
    webhooks: Webhooks
    jobs: Jobs
    reports: int
    appeals: int
    lake_rows: int
    backtest: Mapping[str, object]
    seconds: float


def perform(stage: Stage, source: Source, items: int, started: float) -> tuple[Summary, list[str]]:
    """The summary, and what does not agree with it."""
    speech = Speech(stage.voices())
    _play(stage, speech, source, items)
    _evaluate(stage)
    decided = _moderate(stage)
    say("Exporting to the lake.")
    wait_until(lambda: _exported(stage), _PATIENCE_S, "The export to the lake")
    backtest = _backtest(stage, recorded=source.recordings > 0)
    _deliver(stage)
    facts = demonstration.gather(stage.context, stage.org_id)
    seen = _witnessed(stage, decided)
    spoken = _speak(stage, speech)
    stored = demonstration.spoken(stage.context, stage.org_id)
    summary = _summary(stage, facts, seen, spoken, backtest, monotonic() - started)
    return summary, [*failures(facts, seen), *unheard(spoken, stored)]


def _play(stage: Stage, speech: Speech, source: Source, items: int) -> None:
    begun = monotonic()
    say(f"Playing {items:,} items.")
    events = speech.overheard(source.bounded(items, datetime.now(UTC)))
    for _ in stage.player.play(events, _BATCH):
        pass
    rate = stage.heard.sent / max(monotonic() - begun, 0.001)
    say(f"  {stage.heard.sent:,} accepted, {rate:,.0f} a second.")


def _speak(stage: Stage, speech: Speech) -> tuple[int, int]:
    """Reports and appeals that the API took, when what they lead to is judged."""
    reports, appeals = speech.sent(datetime.now(UTC))
    say(f"  readers reported {reports} times, authors appealed {appeals} times.")
    _evaluate(stage)
    _deliver(stage)
    return reports, appeals


def _deliver(stage: Stage) -> None:
    say("Waiting until every webhook is delivered.")
    wait_until(
        lambda: demonstration.waiting_webhooks(stage.context, stage.org_id) == 0,
        _PATIENCE_S,
        "The delivery of every webhook",
    )


def _evaluate(stage: Stage) -> None:
    begun = monotonic()
    wait_until(
        lambda: demonstration.waiting_items(stage.context, stage.org_id) == 0,
        _PATIENCE_S,
        "The evaluation of every item",
    )
    say(f"  all evaluated {monotonic() - begun:.1f} s later.")


def _moderate(stage: Stage) -> int:
    """How many jobs the team decided, working side by side."""
    queues = [queue.id for queue in stage.winnow.queues()]
    share = _MOST_DECISIONS // len(MODERATORS)
    with ExitStack() as stack, ThreadPoolExecutor(len(MODERATORS)) as desks:
        team = [stack.enter_context(hired(stage, name)) for name in MODERATORS]
        for shift in [desks.submit(_shift, moderator, queues, share) for moderator in team]:
            shift.result()
    decided = sum(moderator.decided for moderator in team)
    say(f"  moderators decided {decided} jobs.")
    return decided


def _shift(moderator: Moderator, queues: Sequence[str], most: int) -> None:
    for worked in islice(moderator.work(queues), most):
        if not worked:
            return


def _exported(stage: Stage) -> bool:
    """False while the worker's own export runs."""
    try:
        export_all(stage.context, stage.org_id)
    except Conflict:
        return False
    return True


def _backtest(stage: Stage, *, recorded: bool) -> Mapping[str, object]:
    """Rules against the truth that only the simulator, or the annotators, know.

    The candidate is what several rules say together, the baseline what the first one says alone.
    """
    thing, truth = (RECORDED, TRUTH) if recorded else (Thing.POST.value, TRUTH_FIELD)
    rules = [rule for rule in stage.plan.rules if thing in rule.item_type_ids][:2]
    say(f"Backtesting {' and '.join(rule.name for rule in rules)}.")
    wanted = {
        "where": " OR ".join(f"({rule.where})" for rule in rules),
        "baselineWhere": rules[0].where,
        "itemTypeId": stage.ids.item_types[thing],
        "truth": truth,
    }
    backtest_id = stage.winnow.start_backtest(wanted)
    last: list[Backtest] = []

    def is_over() -> bool:
        last[:] = [stage.winnow.backtest(backtest_id)]
        return last[0].state in {"done", "failed", "cancelled"}

    wait_until(is_over, _BACKTEST_S, "The backtest")
    if last[0].state != "done":
        raise Unavailable(f"The backtest {last[0].state}: {last[0].error}")
    names = [rule.name for rule in rules]
    return {"rules": names, **(last[0].report or {}), "digest": last[0].digest}


def _witnessed(stage: Stage, decided: int) -> Witnessed:
    platform = stage.platform
    return Witnessed(
        accepted=stage.heard.sent,
        unsure=stage.heard.unsure,
        verified=platform.verified,
        messages=len(platform.messages),
        failed=platform.failed,
        decided=decided,
        lake_rows=demonstration.lake_rows(stage.context, stage.org_id),
    )


def _summary(
    stage: Stage,
    facts: Facts,
    seen: Witnessed,
    spoken: tuple[int, int],
    backtest: Mapping[str, object],
    seconds: float,
) -> Summary:
    reports, appeals = spoken
    return Summary(
        accepted=facts.submissions,
        evaluated=facts.evaluations,
        rule_matches={
            name: facts.matches.get(rule_id, 0) for name, rule_id in stage.ids.rules.items()
        },
        webhooks=Webhooks(facts.outbox.get("delivered", 0), seen.messages, seen.failed),
        jobs=Jobs(facts.jobs, facts.decisions),
        reports=reports,
        appeals=appeals,
        lake_rows=seen.lake_rows,
        backtest=backtest,
        seconds=round(seconds, 2),
    )


def lines(summary: Summary) -> Iterator[str]:
    """The summary for people."""
    yield f"accepted       {summary.accepted:>8,}"
    yield f"evaluated      {summary.evaluated:>8,}"
    for name, matches in summary.rule_matches.items():
        yield f"  {matches:>11,}  {name}"
    yield f"webhooks       {summary.webhooks.delivered:>8,} delivered"
    yield f"               {summary.webhooks.verified:>8,} verified"
    yield f"jobs           {summary.jobs.created:>8,} created, {summary.jobs.decided:,} decided"
    yield f"reports        {summary.reports:>8,}"
    yield f"appeals        {summary.appeals:>8,}"
    yield f"lake rows      {summary.lake_rows:>8,}"
    yield f"seconds        {summary.seconds:>8,.1f}"
