"""The demo's stage: Winnow running, an organisation set up in it, a platform beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.winnow_client import Transport, Winnow, platform
from cli.demo_player import Heard, Player
from cli.demo_receiver import Platform, Verifier, served
from cli.demo_setup import Ids, set_up
from cli.demo_source import Source
from cli.demo_voices import Voices
from cli.installation import open_installation
from cli.output import say
from cli.processes import ChildSpec, child_environment, spawn, stop, winnow_command
from engine.errors import Unavailable
from engine.simulation.blueprint import Blueprint, blueprint
from engine.simulation.recorded import with_recordings
from services.context import Context
from services.demonstration import DemoOrganisation, create_demo_organisation
from store.settings import Settings

_START_S = 180.0
_STOP_S = 90.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Machinery:
    """How Winnow is run for the demo. dagster_port: of the pipelines' pages, None without."""

    settings: Settings
    port: int
    options: Sequence[str]
    dagster_port: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.address}/api/v1"

    @property
    def log_dir(self) -> Path:
        return self.settings.var_dir / "log"


@dataclass(frozen=True)
class Stage:
    """Everything the demo's actors need. winnow: signed in as the administrator."""

    machinery: Machinery
    context: Context
    demo: DemoOrganisation
    platform: Platform
    winnow: Winnow
    http: httpx.Client
    ids: Ids
    plan: Blueprint
    player: Player

    @property
    def org_id(self) -> int:
        return self.demo.organisation.org_id

    @property
    def heard(self) -> Heard:
        return self.player.heard

    def voices(self) -> Voices:
        """Readers who report and authors who appeal."""
        key = self.demo.organisation.api_key
        sender = platform.Platform(self.player.http, key)
        return Voices(sender, self.ids.item_types, self.ids.policies, self.platform.acted, say)


def wait_until(done: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Raises Unavailable when it does not come about in time."""
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise Unavailable(f"{what} did not happen within {timeout_s:.0f} s.")
        time.sleep(_LOOK_S)


@contextmanager
def running(machinery: Machinery) -> Iterator[None]:
    """`winnow up` as a child, ready; gone afterwards with everything it started."""
    command = winnow_command(
        "up", "--var", str(machinery.settings.var_dir), "--port", str(machinery.port),
        "--host", "127.0.0.1", *machinery.options,
    )  # fmt: skip
    spec = ChildSpec("up", command, child_environment(os.environ))
    process = spawn(spec, machinery.log_dir)
    log = machinery.log_dir / "up.log"

    def is_ready() -> bool:
        if process.poll() is not None:
            raise Unavailable("Winnow did not start.", hint=f"{log} says:\n{_tail(log)}")
        return _answers(machinery.api_url)

    try:
        wait_until(is_ready, _START_S, f"Winnow's start (its log is {log})")
        yield
    finally:
        stop(process, spec.stop_signal, _STOP_S)


def _answers(api_url: str) -> bool:
    try:
        return httpx.get(f"{api_url}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


@contextmanager
def staged(machinery: Machinery, source: Source) -> Iterator[Stage]:
    """Winnow runs, the organisation is configured, the platform listens."""
    receiving = Platform()
    with (
        running(machinery),
        open_installation(machinery.settings) as context,
        served(receiving) as webhooks,
        httpx.Client(base_url=machinery.api_url, timeout=60) as http,
    ):
        demo = create_demo_organisation(context)
        receiving.verifier = Verifier.of(demo.public_key_pem, demo.webhook_secret)
        winnow = signed_in(http, demo.organisation.admin_email, demo.organisation.admin_password)
        recordings = [row for rows in source.datasets for row in rows]
        plan = (
            with_recordings(blueprint(webhooks), recordings) if recordings else blueprint(webhooks)
        )
        ids = set_up(winnow, plan)
        key = {"X-API-Key": demo.organisation.api_key}
        with httpx.Client(base_url=machinery.api_url, headers=key, timeout=60) as platform_http:
            player = Player(platform_http, ids.item_types, Heard())
            yield Stage(machinery, context, demo, receiving, winnow, http, ids, plan, player)


def signed_in(http: httpx.Client, email: str, password: str) -> Winnow:
    token = Winnow(Transport(http)).sign_in(email, password).token
    return Winnow(Transport(http, token))
