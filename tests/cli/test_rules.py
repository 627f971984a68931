from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import winnow
from tests.engine.packs.test_pack_files import SOUND

if TYPE_CHECKING:
    from pathlib import Path


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
