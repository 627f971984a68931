"""`winnow rules plan|apply|pull` beside a running server."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from cli.rules_live import plan_lines
from engine.packs.plan import Plan
from tests.cli.commands import Ended, winnow
from tests.engine.packs.test_pack_files import SOUND
from tests.services.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from services.context import Context
    from tests.world import Organisation

PACK = SOUND.replace("  links: {type: ARRAY, container: {valueScalarType: URL}}\n", "")


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


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "packs" / "offers.yaml"
    path.parent.mkdir()
    path.write_text(PACK)
    return path


def rules(verb: str, *arguments: str | Path, town: Town) -> Ended:
    return winnow("rules", verb, *arguments, "--org", str(town.org_id))


def test_a_pack_is_planned_applied_and_pulled(town: Town, pack: Path, tmp_path: Path) -> None:
    planned = rules("plan", pack, "--backtest", town=town)
    assert planned.code == 0
    assert [each["kind"] for each in planned.json["changes"]] == ["create", "create"]
    assert "which the plan itself changes" in planned.json["effects"][0]["why"]
    assert town.rows("SELECT 1 FROM config_heads WHERE kind = 'rule'") == []

    applied = rules("apply", pack, "--yes", "--reason", "spring", town=town)
    assert applied.code == 0
    saved = town.rows("SELECT author, reason FROM config_versions WHERE kind = 'rule'")
    assert [tuple(each) for each in saved] == [("system:winnow-rules", "spring")]

    pulled = rules("pull", "--out", tmp_path / "live", "--json", town=town)
    assert [each.rsplit("/")[-1] for each in pulled.json["written"]] == [
        *("text-banks.yaml", "post.yaml")
    ]
    again = rules("plan", tmp_path / "live", town=town)
    assert (again.code, again.json["changes"], again.json["unchanged"]) == (0, [], 2)


def test_a_plan_that_cannot_be_done_is_a_finding_and_nothing_is_saved(
    town: Town, pack: Path
) -> None:
    pack.write_text(PACK.replace("[Post]", "[Psot]"))
    for verb in ("plan", "apply"):
        ended = rules(verb, pack, *(("--yes",) if verb == "apply" else ()), town=town)
        assert ended.code == 1
        assert "no item type `Psot`" in ended.json["problems"][0]["message"]
    assert town.rows("SELECT 1 FROM config_heads WHERE kind = 'bank'") == []


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_saved(
    town: Town, pack: Path, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    ended = rules("apply", pack, town=town)
    assert ended.code == 1
    assert "+ rule `An offer`" in ended.err
    assert town.rows("SELECT 1 FROM config_heads WHERE kind = 'rule'") == []


def test_what_changed_while_it_was_asked_is_a_conflict(
    town: Town, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules("apply", pack, "--yes", town=town)
    pack.write_text(PACK.replace("    where:", "    status: PAUSED\n    where:"))

    def colleague(*_words: str, **_more: object) -> bool:
        other = pack.with_name("other.yaml")
        other.write_text(PACK.replace("    where:", "    status: ARCHIVED\n    where:"))
        assert rules("apply", other, "--yes", town=town).code == 0
        return True

    monkeypatch.setattr(typer, "confirm", colleague)
    ended = rules("apply", pack, town=town)
    assert ended.code == 1
    assert "version" in ended.err
    [(status,)] = town.rows(
        "SELECT document ->> 'status' FROM config_versions WHERE kind = 'rule'"
        " ORDER BY version DESC LIMIT 1"
    )
    assert status == "ARCHIVED"


def test_people_read_what_is_left_alone() -> None:
    names = tuple(f"rule `{number}`" for number in range(12))
    told = plan_lines(Plan((), 0, names, ()))
    assert told[-1] == f"left alone: {', '.join(names[:10])} and 2 more"
