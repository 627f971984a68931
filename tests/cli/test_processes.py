"""Children are restarted when they die and never outlive the one who started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.processes import ChildSpec, Supervisor, child_environment, restart_delay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.processes
SLEEPER = (sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()")
STUBBORN = (
    sys.executable,
    "-c",
    ("import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True);signal.pause()"),
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "log", said.append)
    yield made
    made.stop_all()


def spec(argv: tuple[str, ...] = SLEEPER, patience_s: float = 10) -> ChildSpec:
    return ChildSpec("child", argv, child_environment(os.environ), patience_s=patience_s)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return condition()


def test_a_killed_child_is_started_again_and_that_is_said(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.add(spec())
    first = supervisor.children[0].process.pid
    os.kill(first, signal.SIGKILL)
    assert supervisor.run_until(lambda: supervisor.children[0].process.pid != first, 10)
    assert alive(supervisor.children[0].process.pid)
    assert "child ended (killed by SIGKILL); starting it again in 0.5 s" in said[0]
    assert "running again" in said[1]


def test_a_child_that_cannot_start_is_tried_less_and_less_often() -> None:
    delays = [restart_delay(failures) for failures in range(1, 12)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(delays) == 30.0
    assert restart_delay(10_000) == 30.0


def test_what_a_child_writes_is_kept(supervisor: Supervisor) -> None:
    log = supervisor.log_dir / "child.log"
    supervisor.add(spec())
    assert supervisor.run_until(lambda: log.read_text() == "up\n", 10)


def test_stopping_ends_every_child_and_what_the_child_started(supervisor: Supervisor) -> None:
    program = (
        "import signal, subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True);"
    )
    supervisor.add(spec((sys.executable, "-c", program + "signal.pause()")))
    log = supervisor.log_dir / "child.log"
    assert supervisor.run_until(lambda: log.read_text().endswith("\n"), 10)
    child, grandchild = supervisor.children[0].process.pid, int(log.read_text())
    supervisor.stop_all()
    assert not alive(child)
    assert until(lambda: not alive(grandchild))


def test_a_child_that_will_not_listen_is_killed(supervisor: Supervisor) -> None:
    supervisor.add(spec(STUBBORN, patience_s=0.2))
    log = supervisor.log_dir / "child.log"
    assert supervisor.run_until(lambda: log.read_text() == "up\n", 10)
    pid = supervisor.children[0].process.pid
    supervisor.stop_all()
    assert not alive(pid)


SUPERVISING = """
import os, sys
from pathlib import Path
from cli.processes import ChildSpec, Supervisor, child_environment
s = Supervisor(Path(sys.argv[1]), print)
with s.stopped_by_signals():
    s.add(ChildSpec("child", (sys.executable, "-c", "import signal; signal.pause()"),
                    child_environment(os.environ)))
    print(s.children[0].process.pid, flush=True)
    s.run_until(lambda: False)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_child_is_left_however_the_supervisor_ends(
    number: signal.Signals, tmp_path: Path
) -> None:
    supervising = subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=child_environment(os.environ),
    )
    with supervising:
        assert supervising.stdout is not None
        child = int(supervising.stdout.readline())
        assert alive(child)
        supervising.send_signal(number)
        supervising.wait(20)
    assert until(lambda: not alive(child))


def test_a_log_that_has_grown_large_is_set_aside(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.processes._LARGEST_LOG_BYTES", 10)
    supervisor.log_dir.mkdir()
    (supervisor.log_dir / "child.log").write_text("what was written long ago")
    supervisor.add(spec())
    assert (supervisor.log_dir / "child.log.1").read_text() == "what was written long ago"
