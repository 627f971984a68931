"""`winnow up`: everything on this machine, nothing else installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer

from cli.output import say
from cli.processes import ChildSpec, Supervisor, child_environment, winnow_command
from engine.errors import Conflict, InvalidConfiguration, Unavailable
from store.migrate import migrate
from store.server import embedded
from store.settings import Settings, load_settings

# One machine on its own: its webhooks may go to what else runs there, unless the operator says.
_THIS_MACHINE = "localhost,127.0.0.0/8,::1"
_READY_S = 120.0
_EXPORT_S = 30.0


@dataclass(frozen=True)
class Plan:
    """What `winnow up` runs, and where it can be reached."""

    settings: Settings
    host: str
    port: int
    dagster_port: int | None
    workers: int
    console: bool = True

    @property
    def address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.address}/api/v1"

    @property
    def log_dir(self) -> Path:
        return self.settings.var_dir / "log"


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Holds the directory for one `winnow up`; the kernel lets go however that one ends.

    Raises Conflict.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Conflict(
                f"Winnow runs on {var_dir} already (process {lock.read().strip() or 'unknown'}).",
                hint="Stop that one first, or give another directory with --var.",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def require_free(host: str, port: int, option: str) -> None:
    """Raises InvalidConfiguration when the port is taken or may not be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidConfiguration(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                hint=f"Give another one with {option}, or stop the program that has it.",
            ) from error


def is_free(host: str, port: int) -> bool:
    try:
        require_free(host, port, "")
    except InvalidConfiguration:
        return False
    return True


def any_free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _database(plan: Plan, supervisor: Supervisor, base: Mapping[str, str]) -> str:
    """The URL of a database that answers and is migrated."""
    url = plan.settings.database_url
    if url is None:
        server = embedded(plan.settings)
        command = winnow_command("postgres", "--var", str(plan.settings.var_dir))
        supervisor.add(ChildSpec("postgres", command, base, patience_s=60))
        if not supervisor.run_until(lambda: server.data.exists() and server.is_running(), _READY_S):
            _give_up(supervisor, f"Postgres did not start; see {plan.log_dir / 'postgres.log'}.")
        url = server.url
    migrate(url)
    return url


def _give_up(supervisor: Supervisor, message: str) -> None:
    if not supervisor.stopping.is_set():
        raise Unavailable(message)


def _dagster(plan: Plan, environment: Mapping[str, str], port: int) -> ChildSpec:
    command = winnow_command("pipelines", "--host", plan.host, "--port", str(port))
    return ChildSpec("dagster", command, environment, stop_signal=signal.SIGINT, patience_s=20)


def _start_services(plan: Plan, supervisor: Supervisor, base: Mapping[str, str], url: str) -> None:
    environment = {**base, "DATABASE_URL": url, "WINNOW_API_URL": plan.api_url}
    front = "serve" if plan.console else "api"
    listen = ("--host", plan.host, "--port", str(plan.port))
    supervisor.add(ChildSpec(front, winnow_command(front, *listen), environment))
    for name, options in _workers(plan):
        command = winnow_command("worker", *options)
        supervisor.add(ChildSpec(name, command, environment, patience_s=30))
    if not supervisor.run_until(lambda: _is_ready(plan), _READY_S):
        _give_up(supervisor, f"The API did not become ready; see {plan.log_dir / front}.log.")
    if plan.dagster_port is not None and not supervisor.stopping.is_set():
        supervisor.add(_dagster(plan, environment, plan.dagster_port))


def _workers(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Without pipelines, the first worker copies what is new into the lake."""
    exporting = ("--export-every", str(_EXPORT_S)) if plan.dagster_port is None else ()
    for number in range(1, plan.workers + 1):
        name = "worker" if plan.workers == 1 else f"worker-{number}"
        yield name, exporting if number == 1 else ()


def _is_ready(plan: Plan) -> bool:
    try:
        return httpx.get(f"{plan.api_url}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def where_to_look(plan: Plan) -> Iterator[str]:
    yield "Winnow is running."
    if plan.console:
        yield f"  Console    {plan.address}"
    yield f"  API        {plan.api_url}  (reference: {plan.api_url}/openapi.json)"
    if plan.dagster_port is not None:
        yield f"  Pipelines  http://{plan.host}:{plan.dagster_port}  (in a moment)"
    yield f"  Logs       {plan.log_dir}"
    yield f"  First organisation: {_ourselves()} org create NAME --var {plan.settings.var_dir}"
    yield "Ctrl-C stops everything."


def _ourselves() -> str:
    """How this program is called by hand from here."""
    return "winnow" if shutil.which("winnow") else str(Path(sys.executable).with_name("winnow"))


def run(plan: Plan) -> None:
    """Returns when a signal asked for it and everything started here is gone."""
    base = child_environment(
        {"WINNOW_ALLOWED_PRIVATE_HOSTS": _THIS_MACHINE, **os.environ},
        WINNOW_VAR=str(plan.settings.var_dir),
    )
    supervisor = Supervisor(plan.log_dir, say)
    with only_one(plan.settings.var_dir), supervisor.stopped_by_signals():
        require_free(plan.host, plan.port, "--port")
        url = _database(plan, supervisor, base)
        if not supervisor.stopping.is_set():
            _start_services(plan, supervisor, base, url)
        if not supervisor.stopping.is_set():
            for line in where_to_look(plan):
                say(line)
        supervisor.run_until(lambda: False)
        say("Stopping.")
    say("Stopped.")


def _dagster_port(wanted: int | None, host: str, port: int) -> int:
    """The wanted one, else the one after the API's, else any."""
    if wanted is not None:
        require_free(host, wanted, "--dagster-port")
        return wanted
    return port + 1 if is_free(host, port + 1) else any_free_port(host)


def register(app: typer.Typer) -> None:
    @app.command("up")
    def up(
        var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
        port: Annotated[int | None, typer.Option(help="Of the API and the console.")] = None,
        host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
        dagster: Annotated[bool, typer.Option(help="Run the pipelines.")] = True,
        dagster_port: Annotated[int | None, typer.Option(help="Of the pipelines' pages.")] = None,
        workers: Annotated[int, typer.Option(min=1, max=64, help="How many workers.")] = 1,
        console: Annotated[bool, typer.Option(help="Run the console beside the API.")] = True,
    ) -> None:
        """Run everything on this machine: Postgres, API, console, worker, pipelines."""
        settings = load_settings(var_dir=var)
        listen, at = host or settings.host, port or settings.port
        pipelines = _dagster_port(dagster_port, listen, at) if dagster else None
        run(Plan(settings, listen, at, pipelines, workers, console))
