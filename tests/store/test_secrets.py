from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from engine.errors import InvalidConfiguration
from store.secrets import SecretBox, load_secret_box

if TYPE_CHECKING:
    from pathlib import Path

OLD = "dGhlIG9sZCBzZWNyZXQgb2YgdGhlc2UgdGVzdHMhISE="
NEW = "dGhlIG5ldyBzZWNyZXQgb2YgdGhlc2UgdGVzdHMhISE="


def test_a_secret_is_read_back_and_not_seen_in_between() -> None:
    box = SecretBox((OLD,))
    encrypted = box.encrypt(b"hunter2 hunter2")
    assert b"hunter2" not in encrypted
    assert box.decrypt(encrypted) == b"hunter2 hunter2"


def test_a_new_key_reads_what_the_old_one_wrote() -> None:
    encrypted = SecretBox((OLD,)).encrypt(b"x")
    both = load_secret_box(f"{NEW}, {OLD}", key_file=None)  # type: ignore[arg-type]
    assert both.decrypt(encrypted) == b"x"
    assert SecretBox((NEW,)).decrypt(both.encrypt(b"y")) == b"y"


def test_a_lost_key_says_what_to_do() -> None:
    with pytest.raises(InvalidConfiguration, match="WINNOW_SECRET_KEY") as refusal:
        SecretBox((NEW,)).decrypt(SecretBox((OLD,)).encrypt(b"x"))
    assert "after a comma" in refusal.value.hint


def test_a_changed_secret_is_refused() -> None:
    box = SecretBox((OLD,))
    encrypted = bytearray(box.encrypt(b"x"))
    encrypted[20] ^= 1
    with pytest.raises(InvalidConfiguration):
        box.decrypt(bytes(encrypted))


@pytest.mark.parametrize("key", ["x", "x" * 44, "é" * 44, OLD[:-2]])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidConfiguration, match="WINNOW_SECRET_KEY"):
        SecretBox((key,))


def test_without_a_key_one_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret.key"
    encrypted = load_secret_box(None, file).encrypt(b"x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_secret_box(None, file).decrypt(encrypted) == b"x"


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        boxes = list(pool.map(lambda _: load_secret_box(None, tmp_path / "secret.key"), range(8)))
    encrypted = boxes[0].encrypt(b"x")
    assert [box.decrypt(encrypted) for box in boxes] == [b"x"] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
