"""Says which tests were left out and why; in CI, one that wants a program is then a failure.

Three things a machine may lack: Debian's Chromium, Debian's NATS server, and the labelled data sets
that are kept beside the project (`WINNOW_DATA`, by default `../shared/data`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("WINNOW_DATA", ROOT.parent / "shared" / "data"))
CHROMIUM = shutil.which("chromium")
NATS_SERVER = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
IN_CI = os.environ.get("CI") == "true"

LACKING = {
    "browser": ("no chromium on this machine (apt-get install chromium)", CHROMIUM is None),
    "nats": ("no nats-server on this machine (apt-get install nats-server)", NATS_SERVER is None),
    "data": (f"no labelled data sets at {DATA.name}/ (set WINNOW_DATA)", not DATA.is_dir()),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, (reason, lacking) in LACKING.items():
        if not lacking:
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def _left_out(config: pytest.Config) -> dict[str, list[str]]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    left: dict[str, list[str]] = {}
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        left.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    return left


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    programs = {LACKING[marker][0] for marker in ("browser", "nats")}
    if IN_CI and programs & _left_out(session.config).keys():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, nodes in sorted(_left_out(terminalreporter.config).items()):
        terminalreporter.write_line(f"left out {len(nodes)}: {reason}")
        for node in nodes:
            terminalreporter.write_line(f"    {node}")
