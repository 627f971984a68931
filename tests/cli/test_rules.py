from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import winnow, write_rows
from tests.engine.coop_import.test_coop_import import FILE
from tests.engine.packs.test_pack_files import SOUND


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "offers.yaml"
    path.write_text(SOUND)
    return path


def test_packs_that_hold_end_well(pack: Path) -> None:
    ended = winnow("rules", "test", pack.parent)
    assert ended.code == 0
    assert ended.json["ok"] is True
    assert ended.json["packs"][0]["rules"][0]["examples"][0]["outcome"] is True


def test_what_is_probably_not_meant_is_told_and_is_no_failure(pack: Path) -> None:
    twice = SOUND.replace("where: matches(text, 'offers')", "where: length(text) < 0 AND true")
    assert twice != SOUND
    pack.write_text(twice.split("    examples:")[0])
    ended = winnow("rules", "test", pack)
    assert ended.code == 0
    [rule] = ended.json["packs"][0]["rules"]
    assert [each["code"] for each in rule["warnings"]] == ["never-true"]


def test_an_example_that_fails_is_a_finding_with_its_line(pack: Path) -> None:
    pack.write_text(SOUND.replace("Win 20", "lose"))
    ended = winnow("rules", "test", pack, "--json")
    assert ended.code == 1
    [rule] = ended.json["packs"][0]["rules"]
    assert [each["ok"] for each in rule["examples"]] == [False, True]
    assert rule["examples"][0]["place"].endswith("offers.yaml, line 15")


def test_a_file_that_is_no_pack_is_told_with_its_line(pack: Path) -> None:
    pack.write_text(SOUND.replace("fields:", "feilds:"))
    ended = winnow("rules", "test", pack)
    assert (ended.code, ended.out) == (2, "")
    assert "offers.yaml, line 2: `feilds` is not known here" in ended.err
    assert "did you mean `fields`?" in ended.err


@pytest.mark.parametrize("name", ["nowhere.yaml", "empty"])
def test_wrong_paths_say_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    ended = winnow("rules", "test", tmp_path / name)
    assert (ended.code, ended.out) == (2, "")
    assert name in ended.err


def test_packs_are_measured_on_each_file_by_itself(pack: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": "act now", "bad": True, "fold": 1},
        {"text": "win 20 now", "bad": False, "fold": 1},
        {"text": "hello", "bad": True, "fold": 1},
        {"text": "hello", "bad": None, "fold": 1},
        {"text": "act now", "bad": False, "fold": 0},
    ]
    one, two = (
        write_rows(tmp_path / "one.jsonl", rows),
        write_rows(tmp_path / "two.jsonl", rows[:1]),
    )
    ended = winnow(
        *("rules", "measure", pack, "--data", one, "--data", two),
        *("--truth", "bad", "--rows", "fold = 1", "--json"),
    )
    first, second = ended.json["files"]
    assert (first["file"], first["labelled"], first["violating"]) == ("one", 3, 2)
    assert first["measured"][1]["confusion"] == {
        "true_positive": 1,
        "false_positive": 1,
        "false_negative": 1,
        "true_negative": 0,
    }
    assert second["measured"][0]["precision"]["value"] == 1.0


def test_a_rule_that_reads_what_a_file_lacks_is_named(pack: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "one.jsonl", [{"words": "act now", "bad": 1}])
    ended = winnow("rules", "measure", pack, "--data", data, "--truth", "bad")
    assert ended.code == 0
    assert "An offer" in ended.err


@pytest.mark.parametrize("truth", ["text", "nothing"])
def test_a_truth_that_is_none_is_refused(pack: Path, tmp_path: Path, truth: str) -> None:
    data = write_rows(tmp_path / "one.jsonl", [{"text": "act now", "bad": 1}])
    ended = winnow("rules", "measure", pack, "--data", data, "--truth", truth)
    assert (ended.code, ended.out) == (2, "")
    assert truth in ended.err


def test_rules_of_coop_become_packs_that_can_be_tried(tmp_path: Path) -> None:
    file = tmp_path / "coop.json"
    file.write_text(json.dumps(FILE))
    ended = winnow("rules", "import-coop", file, "--out", tmp_path / "packs", "--json")
    assert ended.code == 1
    assert [each["pointer"] for each in ended.json["refused"]] == [
        "/rules/1/conditionSet/conditions/0/signal"
    ]
    assert [Path(each).name for each in ended.json["written"]] == [
        *("post.yaml", "note.yaml", "text-banks.yaml")
    ]
    assert winnow("rules", "test", tmp_path / "packs").code == 0


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "coop.json"
    file.write_text("{")
    ended = winnow("rules", "import-coop", file, "--out", tmp_path / "packs")
    assert (ended.code, ended.out) == (2, "")
    assert not (tmp_path / "packs").exists()
