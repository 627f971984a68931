"""The embedded server runs as long as anybody uses it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import psycopg
import pytest

from store import server
from store.settings import load_settings

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event
    from pathlib import Path

    from store.settings import Settings

pytestmark = pytest.mark.processes


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, var_dir=tmp_path / "var")


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT true").fetchone() == (True,)


def test_the_server_runs_while_it_is_used_and_no_longer(settings: Settings) -> None:
    with server.running(settings) as url:
        assert answers(url)
    assert not server.embedded(settings).is_running()


def test_the_first_to_leave_does_not_stop_it_for_the_second(settings: Settings) -> None:
    first, second = server.running(settings), server.running(settings)
    url = first.__enter__()
    assert second.__enter__() == url
    first.__exit__(None, None, None)
    assert answers(url)
    second.__exit__(None, None, None)
    assert not server.embedded(settings).is_running()


def use_until_killed(var: Path, using: Event) -> None:
    with server.running(load_settings({}, var_dir=var)):
        using.set()
        signal.pause()


def test_a_user_who_is_killed_counts_no_longer(settings: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    using = spawn.Event()
    user = spawn.Process(target=use_until_killed, args=(settings.var_dir, using))
    user.start()
    assert user.pid is not None
    assert using.wait(60)
    with server.running(settings) as url:
        assert answers(url)
        os.kill(user.pid, signal.SIGKILL)
        user.join(30)
        assert answers(url)
    assert not server.embedded(settings).is_running()


def test_an_error_of_the_user_stops_it_too(settings: Settings) -> None:
    def fail() -> None:
        with server.running(settings):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert not server.embedded(settings).is_running()


def test_an_external_server_is_taken_as_it_is(tmp_path: Path) -> None:
    url = "postgresql://winnow:x@db.example/winnow"
    settings = load_settings({"DATABASE_URL": url}, var_dir=tmp_path / "var")
    with server.running(settings) as given:
        assert given == url
    assert not settings.var_dir.exists()
