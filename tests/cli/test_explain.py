from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import winnow, write_rows
from tests.services.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from services.context import Context
    from tests.world import Organisation

ROWS: list[dict[str, object]] = [
    {"text": "buy gold now", "score": 3, "who": "ann", "at": "2026-03-01T10:00:00Z"},
    {"text": "hello", "score": None, "who": "ann", "at": "2026-03-01T10:10:00Z"},
]


def test_a_row_is_explained_for_people(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "items.jsonl", ROWS)
    bank = tmp_path / "metals.txt"
    bank.write_text("gold\n")
    where = "matches(text, 'metals') AND score < 7"
    ended = winnow(
        "explain", "--where", where, "--data", data, "--row", "1", "--bank", f"metals={bank}"
    )
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "TRUE    AND",
        "TRUE      matches(text, 'metals')   -- text = 'buy gold now'",
        "TRUE      score < 7   -- score = 3",
        "'gold' of bank 'metals' found in text at 4 to 8",
        "It would not have matched if `score` were 7 or more.",
    ]


def test_scripts_get_one_object_and_counts_see_the_rows_before(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "items.jsonl", ROWS)
    where = "count_recent(who, '1 hour') > 1"
    arguments = ("--where", where, "--data", data, "--map", "_arrived_at=at", "--json")
    first, second = (winnow("explain", *arguments, "--row", row).json for row in ("1", "2"))
    assert [first["outcome"], second["outcome"]] == [False, True]
    assert second["trace"] == {
        "text": where,
        "outcome": True,
        "joint": "",
        "seen": [{"text": "count_recent(who, '1 hour')", "value": 2.0, "note": ""}],
        "parts": [],
    }
    assert first["counterfactual"]["changes"][0]["becomes"] is True
    assert first["found"] == []


def test_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "items.jsonl", ROWS)
    ended = winnow("explain", "--where", "score > 1", "--data", data, "--row", "3")
    assert ended.code == 2
    assert "The file has no row 3." in ended.err


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
    return Town(context, org.org_id)


def test_an_item_that_was_sent_is_explained_as_it_was_judged(town: Town) -> None:
    town.send("a", likes=7)
    town.rule("liked", "likes > 3 AND count_recent(creator, '1 hour') > 0", town.hook())
    town.evaluate()
    [(item_id,)] = town.rows("SELECT item_id FROM submissions")
    asked = ["--item", item_id, "--item-type", "Post", "--rule", "liked"]
    ended = winnow("explain", *asked, "--org", str(town.org_id))
    assert ended.code == 0, ended.err
    first, *_, last = ended.out.splitlines()
    assert (first, last.split(" 2")[0]) == ("TRUE    AND", "As judged at")
    assert "TRUE      likes > 3   -- likes = 7" in ended.out
    scripted = winnow("explain", *asked, "--org", str(town.org_id), "--json").json
    assert scripted["outcome"] is True
    assert scripted["judged_at"] is not None


def test_what_is_not_there_or_not_given_is_refused(town: Town) -> None:
    missing = winnow("explain", "--item", "x", "--item-type", "Post", "--rule", "r")
    assert (missing.code, "no such item" in missing.err) == (1, True)
    nothing = winnow("explain", "--where", "score > 1")
    assert (nothing.code, "Give --data FILE or --item ID." in nothing.err) == (2, True)
    assert town.rows("SELECT 1 FROM submissions") == []
