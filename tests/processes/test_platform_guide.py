"""The platform engineer's guide, typed in as it stands against a served API and a worker."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from api.main import create_app
from services.worker import Options, Worker
from tests.api.conftest import served
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from services.context import Context
    from tests.world import Organisation

pytestmark = pytest.mark.processes

PAGE = (ROOT / "docs" / "platform-guide.md").read_text(encoding="utf-8")
LONGEST_S = 60


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def winnow(context: Context) -> Iterator[str]:
    """Winnow's address, with a worker behind it that keeps real time."""
    now = replace(context, clock=lambda: datetime.now(UTC))
    worker = Worker(now, Options(evaluators=1, keep_time=False, run_backtests=False))
    worker.start()
    try:
        with served(create_app(now)) as url:
            yield url
    finally:
        worker.stop()
        worker.join()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def run_alone(script: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Its status, output and errors. What it left running, as its receiver, is ended after it."""
    output, errors = folder / "output.txt", folder / "errors.txt"
    with output.open("w") as said, errors.open("w") as failed:
        running = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=failed,
            start_new_session=True,
        )
        try:
            status = running.wait(LONGEST_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    return status, output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")


def test_the_guide_leads_from_a_key_to_a_verified_webhook(
    winnow: str, org: Organisation, tmp_path: Path
) -> None:
    [receiver] = blocks("python")
    (tmp_path / "receiver.py").write_text(receiver, encoding="utf-8")
    given = {"WINNOW": winnow, "ADMIN_KEY": org.api_key, "HOOK_PORT": str(free_port())}
    script = "\n".join(blocks("sh"))
    status, output, errors = run_alone(script, tmp_path, {**os.environ, **given})
    assert status == 0, output + errors
    told = (tmp_path / "webhooks.log").read_text(encoding="utf-8")
    assert told.startswith('genuine {"item":{"id":"p1"')
    assert "FORGED" not in told
    assert sorted(output.splitlines()[-2:]) == ["APPEAL p1", "DEFAULT p1"]
