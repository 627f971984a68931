"""`winnow config` and `winnow parity` beside a running server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from cli.parity import parity_lines
from services.lake_export import export_all
from services.parity_sample import Difference, Parity, RuleParity
from tests.cli.commands import winnow
from tests.services.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def town(
    context: Context,
    org: Organisation,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Town:
    monkeypatch.setenv("WINNOW_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LAKE_URL", context.lake_root)
    return Town(context, org.org_id)


def test_a_configuration_is_written_planned_and_applied(town: Town, tmp_path: Path) -> None:
    town.policy("Spam")
    file = tmp_path / "configuration.yaml"
    org = ("--org", str(town.org_id))
    assert winnow("config", "export", "--out", file, *org).code == 0
    unchanged = winnow("config", "plan", file, *org, "--json")
    assert (unchanged.code, unchanged.json["steps"]) == (0, [])

    file.write_text(file.read_text().replace("name: Spam", "name: Scams"))
    planned = winnow("config", "plan", file, "--prune", *org, "--json")
    told = [(each["doing"], each["name"]) for each in planned.json["steps"]]
    assert told == [("create", "Scams"), ("delete", "Spam")]
    names = "SELECT name FROM config_heads WHERE kind = 'policy' AND NOT deleted"
    assert [row.name for row in town.rows(names)] == ["Spam"]

    applied = winnow("config", "apply", file, "--prune", "--yes", "--reason", "why", *org)
    assert applied.code == 0
    assert [row.name for row in town.rows(names)] == ["Scams"]
    saved = town.rows("SELECT author, reason FROM config_versions WHERE name = 'Scams'")
    assert [tuple(row) for row in saved] == [("system:winnow-config", "why")]


def test_a_file_that_cannot_be_applied_is_a_usage_error(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("format: winnow-configuration\npolicies:\n  - {name: A, severity: AWFUL}\n")
    refused = winnow("config", "apply", file, "--yes", "--org", str(town.org_id))
    assert refused.code == 2
    assert "/policies/0/severity" in refused.err


def test_a_day_that_agrees_ends_well_and_one_that_does_not_does_not(town: Town) -> None:
    town.rule("all", "true", town.hook())
    town.send("x", "y")
    town.evaluate()
    export_all(town.context, town.org_id)
    day = datetime.now(UTC).date().isoformat()
    agreed = winnow("parity", "--day", day, "--org", str(town.org_id), "--json")
    assert agreed.code == 0
    assert (agreed.json["compared"], agreed.json["differing"]) == (2, 0)
    assert [rule["name"] for rule in agreed.json["rules"]] == ["all"]

    town.rule("never", "false")
    town.send("z")
    town.evaluate()
    with town.context.database.owner() as tx:
        tx.execute(text("UPDATE evaluations SET outcomes = '[]' WHERE seq = 3"))
    export_all(town.context, town.org_id)
    differs = winnow("parity", "--day", day, "--org", str(town.org_id), "--json")
    assert differs.code == 1
    assert [each["seq"] for each in differs.json["differences"]] == [3]


def test_people_read_a_table() -> None:
    found = Parity(
        3,
        (Difference(7, "t", "p7", ("r1",), ()),),
        1,
        (RuleParity("r1", "loud", 3, 1, (7,)), RuleParity("r2", "quiet one", 0, 0, (), "No x().")),
    )
    assert parity_lines(datetime(2026, 1, 5, tzinfo=UTC).date(), found) == [
        "rule         compared   differ",
        "loud                3        1  at places 7",
        "quiet one           0        0  cannot be asked again: No x().",
        "item p7 at place 7: recorded loud; now nothing",
        "2026-01-05: 3 items compared, 1 differ",
    ]


def test_lint_knows_the_other_rules_of_an_item_type(town: Town) -> None:
    town.rule("all", "likes > 1")
    asked = ("check", "--where", "likes > 2", "--type", "Post", "--org", str(town.org_id))
    ended = winnow(*asked, "--lint")
    assert ended.code == 0
    assert [each["code"] for each in ended.json["findings"]] == ["subsumed"]
