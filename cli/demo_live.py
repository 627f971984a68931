"""The demo that people watch: traffic at a visible pace, moderators at work, figures that move."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.live import Live
from rich.table import Table

from app.winnow_client import ApiError
from cli.demo_moderators import Moderator
from cli.demo_player import Player
from cli.demo_source import Source
from cli.demo_stage import Stage
from cli.demo_team import MODERATORS, hired
from cli.output import say
from engine.simulation.events import Event
from services import demonstration

_THINKING_S = (2.0, 7.0)
_IDLE_S = 3.0
_PLAIN_LINE_S = 10.0
_REDRAW_S = 1.0


def perform(stage: Stage, source: Source, items_per_second: float) -> None:
    """Until Ctrl-C or SIGTERM."""
    stopping = threading.Event()
    for line in _where_to_look(stage):
        say(line)
    with ExitStack() as stack:
        team = [stack.enter_context(hired(stage, name)) for name in MODERATORS]
        threads = [_thread(_moderate, stage, each, stopping) for each in team]
        events = source.endless(datetime.now(UTC), items_per_second)
        threads.append(_thread(_play, _speaking(stage), events, stopping))
        try:
            _show(stage, team, threads, stopping)
        finally:
            stopping.set()
            for thread in threads:
                thread.join(timeout=10)


def _where_to_look(stage: Stage) -> Iterator[str]:
    made = stage.demo.organisation
    yield ""
    yield f"  Console    {stage.machinery.address}"
    yield f"  sign in    {made.admin_email}"
    yield f"  password   {made.admin_password}"
    yield f"  API        {stage.machinery.api_url}  with  X-API-Key: {made.api_key}"
    if stage.machinery.dagster_port is not None:
        yield f"  Pipelines  http://127.0.0.1:{stage.machinery.dagster_port}"
    yield f"  Logs       {stage.machinery.log_dir}"
    yield ""
    yield "Ctrl-C stops everything."


def _thread(target: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread


def _moderate(stage: Stage, moderator: Moderator, stopping: threading.Event) -> None:
    queues = [queue.id for queue in stage.winnow.queues()]
    while not stopping.is_set():
        try:
            for worked in moderator.work(queues):
                pause = moderator.chance.uniform(*_THINKING_S) if worked else _IDLE_S
                if stopping.wait(pause):
                    return
        except ApiError as error:
            say(f"a moderator waits: {error.message}")
            stopping.wait(_IDLE_S)


def _speaking(stage: Stage) -> Player:
    """The player, with readers who report and authors who appeal."""
    return replace(stage.player, voices=stage.voices())


def _play(player: Player, events: Iterator[Event], stopping: threading.Event) -> None:
    def due() -> Iterator[Event]:
        for event in events:
            early = (event.at - datetime.now(UTC)) / timedelta(seconds=1)
            if early > 0 and stopping.wait(early):
                return
            yield event

    for _ in player.play(due(), batch=1):
        if stopping.is_set():
            return


def _show(
    stage: Stage,
    team: Sequence[Moderator],
    threads: Sequence[threading.Thread],
    stopping: threading.Event,
) -> None:
    if not sys.stderr.isatty():
        while all(thread.is_alive() for thread in threads):
            say(_line(stage, team))
            stopping.wait(_PLAIN_LINE_S)
        return
    with Live(console=Console(stderr=True), auto_refresh=False, transient=False) as live:
        while all(thread.is_alive() for thread in threads):
            live.update(_table(stage, team), refresh=True)
            stopping.wait(_REDRAW_S)


def _line(stage: Stage, team: Sequence[Moderator]) -> str:
    decided = sum(moderator.decided for moderator in team)
    return (
        f"items {stage.heard.sent}, reports {stage.heard.reports}, appeals {stage.heard.appeals}, "
        f"webhooks verified {stage.platform.verified}, jobs decided {decided}"
    )


def _table(stage: Stage, team: Sequence[Moderator]) -> Table:
    facts = demonstration.gather(stage.context, stage.org_id)
    table = Table(box=None, pad_edge=False)
    table.add_column("", style="bold")
    table.add_column("", justify="right")
    rows = [
        ("Items accepted", stage.heard.sent),
        ("Items evaluated", facts.evaluations),
        ("Reports by readers", stage.heard.reports),
        ("Appeals by authors", stage.heard.appeals),
        ("Webhooks verified", stage.platform.verified),
        ("Jobs opened", facts.jobs),
        ("Jobs decided", sum(moderator.decided for moderator in team)),
    ]
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    for name, rule_id in stage.ids.rules.items():
        table.add_row(f"  [dim]{name}[/dim]", f"{facts.matches.get(rule_id, 0):,}")
    return table
