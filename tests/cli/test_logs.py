"""Logs of long-running processes: one JSON object a line, from us and from libraries alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from cli.processes import child_environment

PROGRAM = """
import logging
import structlog
from cli.logs import configure_logging, reclaim_loggers

configure_logging("worker", "info")
log = structlog.get_logger()
log.debug("too_small")
log.info("batch_evaluated", items=3)
for name in ("uvicorn.error", "uvicorn.access"):
    taken = logging.getLogger(name)
    taken.propagate = False
    taken.streamlit_console_handler = logging.StreamHandler()
    taken.addHandler(taken.streamlit_console_handler)
reclaim_loggers()
logging.getLogger("uvicorn.error").info("Started")
logging.getLogger("uvicorn.access").info("a line a request")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("loop_failed")
"""


def logged() -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=child_environment(os.environ),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_one_json_object_that_names_its_process() -> None:
    lines = logged()
    assert [line["event"] for line in lines] == ["batch_evaluated", "Started", "loop_failed"]
    assert {line["process"] for line in lines} == {"worker"}
    assert lines[0]["items"] == 3
    assert lines[2]["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_a_traceback_keeps_local_variables_to_itself() -> None:
    frames = logged()[2]["exception"][0]["frames"]
    assert frames
    assert all(not frame.get("locals") for frame in frames)
