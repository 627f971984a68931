"""`winnow demo --headless` for real, small: one object, exit 0, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cli.processes import child_environment, winnow_command
from engine.simulation.rulebook import RULES

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("up")]


def demo(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        winnow_command("demo", "--headless", "--var", str(var), *arguments),
        env=child_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def still_running(var: Path) -> list[str]:
    """Command lines of processes that name the directory."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = line.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(var) in command:
            found.append(command)
    return found


def test_the_simulated_town_plays_through_and_agrees_with_the_database(tmp_path: Path) -> None:
    var = tmp_path / "var"
    done = demo("--items", "600", "--seed", "3", "--json", var=var)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    assert set(summary) == {
        *("accepted", "evaluated", "rule_matches", "webhooks", "jobs", "reports", "appeals"),
        *("lake_rows", "backtest", "seconds"),
    }
    assert summary["accepted"] == summary["evaluated"] == summary["lake_rows"] == 600
    assert set(summary["rule_matches"]) == {rule.name for rule in RULES}
    assert sum(summary["rule_matches"].values()) > 0
    assert summary["webhooks"]["verified"] == summary["webhooks"]["delivered"] > 0
    assert summary["webhooks"]["failed"] == 0
    assert summary["jobs"]["decided"] > 0
    assert summary["reports"] > 0
    assert summary["backtest"]["precision"]["low"] <= summary["backtest"]["precision"]["high"]
    assert still_running(var) == []


def test_real_texts_bring_their_own_rule_and_the_backtest_uses_their_labels(
    tmp_path: Path,
) -> None:
    texts = tmp_path / "labelled.parquet"
    pl.DataFrame(
        {
            "text": [f"cheap pills {n}" if n % 3 == 0 else f"good morning {n}" for n in range(300)],
            "violating": [n % 3 == 0 for n in range(300)],
            "policy": ["pill adverts"] * 300,
        }
    ).write_parquet(texts)
    done = demo("--items", "400", "--data", str(texts), "--json", var=tmp_path / "var")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["accepted"] == 400
    assert summary["rule_matches"]["Telling words for pill adverts"] == 100
    assert summary["backtest"]["rows"] == 300
    assert summary["backtest"]["precision"]["value"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--data", "/no/such.parquet"), "There is no file"),
        (("--items", "0"), "items"),
    ],
)
def test_what_cannot_be_played_is_a_usage_error(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    done = demo(*arguments, var=tmp_path / "var")
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
