from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from store import lake
from tests.cli.commands import winnow
from tests.services.history import Row, place, save_type

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database
    from tests.world import Organisation


@pytest.fixture
def root(
    database: Database,
    database_url: str,
    org: Organisation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The lake of an installation that has two posts in Postgres."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("WINNOW_VAR", str(tmp_path))
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        place(tx, [Row({"text": "a", "likes": 1}), Row({"text": "b", "likes": 2}, 1)])
    return str(tmp_path / "lake")


def test_export_says_what_it_wrote_and_writes_it_once(root: str, org: Organisation) -> None:
    [first] = winnow("lake", "export", "--json").json["organisations"]
    [second] = winnow("lake", "export", "--json").json["organisations"]
    assert (first["org_id"], first["rows"], second["rows"]) == (org.org_id, 2, 0)
    assert {"table": "items/t-post", "rows": 2, "unfit": 0} in first["tables"]
    assert winnow("lake", "verify").code == 0
    assert lake.snapshot(lake.items_uri(root, org.org_id, "t-post")) is not None


def test_a_missing_row_is_a_finding(root: str, org: Organisation) -> None:
    winnow("lake", "export")
    lake.delete_rows(lake.items_uri(root, org.org_id, "t-post"), "_seq = 1")
    ended = winnow("lake", "verify", "--json")
    assert (ended.code, ended.json["missing"]) == (1, 1)


@pytest.mark.parametrize(("where", "code"), [("likes > 1", 0), ("lieks > 1", 1)])
def test_a_rule_is_checked_against_an_item_type(
    root: str, org: Organisation, where: str, code: int
) -> None:
    ended = winnow("check", "--where", where, "--type", "post", "--org", str(org.org_id), "--json")
    assert root
    assert (ended.code, ended.json["ok"]) == (code, code == 0)
