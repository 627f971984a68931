"""Child processes that are restarted when they die and never outlive the one who started them.

A child leads its own session, so a signal from the terminal reaches it only through us, and the
kernel sends it its stop signal when we are gone, however we went.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

_ROOT = Path(__file__).resolve().parent.parent
_POLL_S = 0.1
_SETTLED_S = 30.0  # a child that ran this long starts again at the first delay
_LONGEST_DELAY_S = 30.0
_LARGEST_LOG_BYTES = 20_000_000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ChildSpec:
    """A program to keep running.

    stop_signal: what asks it to end well, from us or from the kernel when we are gone.
    patience_s: how long it may take to end before it is killed.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 15.0


@dataclass
class Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes]
    started_at: float
    failures: int = 0
    due_at: float | None = None


def winnow_command(*arguments: str) -> tuple[str, ...]:
    """The same program under the same interpreter, wherever the caller stands."""
    return (sys.executable, "-P", "-m", "cli.main", *arguments)


def child_environment(base: Mapping[str, str], **extra: str) -> dict[str, str]:
    """The given environment with our packages on the path and output unbuffered."""
    path = os.pathsep.join(filter(None, (str(_ROOT), base.get("PYTHONPATH", ""))))
    return {**base, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **extra}


def restart_delay(failures: int) -> float:
    """Seconds before start number `failures + 1`: half a second, doubling to half a minute."""
    return float(min(_LONGEST_DELAY_S, 0.5 * 2 ** min(failures - 1, 10)))


def _tied_to(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    """Runs in the child between fork and exec."""

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _open_log(path: Path) -> int:
    """Appends; a log that has grown large is set aside once, as `.1`."""
    if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)


def spawn(spec: ChildSpec, log_dir: Path) -> subprocess.Popen[bytes]:
    """Starts the program, tied to this thread's life; what it writes goes to `<name>.log`.

    To be called while the process has no other threads: code of ours runs between fork and exec.
    """
    log_dir.mkdir(parents=True, exist_ok=True)
    log = _open_log(log_dir / f"{spec.name}.log")
    try:
        return subprocess.Popen(
            spec.argv,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_tied_to(os.getpid(), spec.stop_signal),  # noqa: PLW1509 (one thread)
        )
    finally:
        os.close(log)


@dataclass
class Supervisor:
    """Keeps children running, in the order they were added; stops them in the reverse order.

    To be used from the main thread of a process without other threads: the kernel ties a child to
    the thread that started it.
    """

    log_dir: Path
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, spec: ChildSpec) -> None:
        self.children.append(Child(spec, spawn(spec, self.log_dir), time.monotonic()))

    def tend(self) -> None:
        """One look at every child: notes who died, starts who is due."""
        now = time.monotonic()
        for child in self.children:
            if child.due_at is not None:
                if now >= child.due_at:
                    self._restart(child, now)
            elif child.process.poll() is not None:
                self._note_death(child, now)

    def _note_death(self, child: Child, now: float) -> None:
        settled = now - child.started_at > _SETTLED_S
        child.failures = 1 if settled else child.failures + 1
        delay = restart_delay(child.failures)
        child.due_at = now + delay
        _end_group(child.process, signal.SIGKILL)
        self.say(
            f"{child.spec.name} ended ({_how(child.process.returncode)}); "
            f"starting it again in {delay:g} s. See {self.log_dir / child.spec.name}.log"
        )

    def _restart(self, child: Child, now: float) -> None:
        child.process = spawn(child.spec, self.log_dir)
        child.started_at = now
        child.due_at = None
        self.say(f"{child.spec.name} is running again (pid {child.process.pid})")

    def run_until(self, done: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Tends the children until `done()`, a stop or the time-out; says whether it was done."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.stopping.is_set():
            self.tend()
            if done():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.stopping.wait(_POLL_S)
        return False

    def stop_all(self) -> None:
        """Last started, first stopped; who does not end in time is killed with its whole group."""
        for child in reversed(self.children):
            stop(child.process, child.spec.stop_signal, child.spec.patience_s)
        self.children.clear()

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Within, Ctrl-C and SIGTERM ask for a stop; afterwards every child is gone."""
        previous = {number: signal.signal(number, self._on_signal) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            self.stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, patience_s: float) -> None:
    """Asks the program to end, then ends what is left of its group."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    _end_group(process, signal.SIGKILL)


def _end_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _how(returncode: int) -> str:
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit {returncode}"
