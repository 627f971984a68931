"""Every worker process evaluates by the newest rules within a second, and by the last good ones."""

from __future__ import annotations

import multiprocessing
import uuid
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from services.context import Context
from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from store import config
from store.config import ConfigKind
from store.database import Database
from store.secrets import SecretBox
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Event

    from tests.world import Organisation

WORKERS = 2
DEADLINE_S = 60.0
USED = "SELECT config_version FROM evaluations ORDER BY seq"
pytestmark = pytest.mark.processes


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid.uuid4())


def work(url: str, org_id: int, told: Any, stop: Event) -> None:
    """A worker's loop, one item at a time; tells which version each item was evaluated under."""
    database = Database(url)
    context = Context(database, "", SecretBox(("x" * 43 + "=",)), now, new_id)
    live = LiveConfigurations(now)
    told.put(("ready", 0))
    while not stop.wait(0.01):
        if evaluate_next(context, org_id, live, Pace(batch=1)):
            with database.transaction(org_id) as tx:
                version = live.current(tx, org_id).configuration.config_version
            told.put((multiprocessing.current_process().name, version))
    database.close()


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.fixture
def workers(database_url: str, org: Organisation) -> Iterator[Any]:
    """The queue on which two processes tell what they do."""
    spawn = multiprocessing.get_context("spawn")
    told: Any = spawn.Queue()
    stop = spawn.Event()
    processes = [
        spawn.Process(target=work, args=(database_url, org.org_id, told, stop), name=f"w{n}")
        for n in range(WORKERS)
    ]
    for process in processes:
        process.start()
    try:
        for _ in processes:
            assert told.get(timeout=DEADLINE_S)[0] == "ready"
        yield told
    finally:
        stop.set()
        for process in processes:
            process.join(DEADLINE_S)
            process.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not condition():
        assert monotonic() < deadline


def versions_told(town: Town, told: Any, texts: int) -> dict[str, set[int]]:
    """Sends items until both processes have evaluated some; gives the versions each used."""
    found: dict[str, set[int]] = {}

    def both_told() -> bool:
        town.send(*["x"] * texts)
        for _ in range(texts):
            name, version = told.get(timeout=DEADLINE_S)
            found.setdefault(name, set()).add(version)
        return len(found) == WORKERS

    until(both_told)
    return found


def current_version(town: Town) -> int:
    with town.context.database.transaction(town.org_id) as tx:
        return config.config_version(tx)


def test_two_processes_swap_and_keep_the_last_good_one(town: Town, workers: Any) -> None:
    rule_id = town.rule("first", "true", town.hook())
    before = current_version(town)
    assert versions_told(town, workers, 20) == {"w0": {before}, "w1": {before}}

    town.save_rule(rule_id, "second", "length(text) > 5")
    after = current_version(town)
    assert after > before
    # Sent once the save has returned, and none of them is judged by what was before.
    assert versions_told(town, workers, 20) == {"w0": {after}, "w1": {after}}

    with town.context.database.transaction(town.org_id) as tx:
        broken = {"name": "broken", "where": 3}
        config.save(
            tx, ConfigKind.RULE, new_id(), "broken", broken, author="t", reason="", now=now()
        )
    assert versions_told(town, workers, 20) == {"w0": {after}, "w1": {after}}
    assert town.rows("SELECT 1 FROM pending") == []
    versions = [row.config_version for row in town.rows(USED)]
    assert versions == sorted(versions)
    assert set(versions) == {before, after}
