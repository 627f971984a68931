from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import winnow, write_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "items.jsonl", [{"text": "hi", "score": 3}])


def test_a_sound_rule_is_ok(data: Path) -> None:
    ended = winnow("check", "--where", "score > 2 AND contains(text, 'h')", "--data", data)
    assert (ended.code, ended.json) == (0, {"ok": True, "diagnostics": []})


def test_a_wrong_rule_is_a_finding_with_a_caret_under_the_word(data: Path) -> None:
    ended = winnow("check", "--where", "score > 2 AND txet = 'h'", "--data", data, "--json")
    assert ended.code == 1
    [diagnostic] = ended.json["diagnostics"]
    assert ended.json["ok"] is False
    assert set(diagnostic) == {"code", "message", "hint", "line", "column", "length"}
    assert (diagnostic["line"], diagnostic["column"], diagnostic["length"]) == (1, 15, 4)
    assert "text" in diagnostic["hint"]
    assert "^^^^" in ended.err


def test_a_rule_may_be_kept_in_a_file_over_several_lines(data: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.sql"
    rule.write_text("score > 2\n  AND txet = 'h'\n")
    ended = winnow("check", "--where-file", rule, "--data", data)
    assert ended.json["diagnostics"][0]["line"] == 2


def test_a_bank_may_be_named(data: Path, tmp_path: Path) -> None:
    bank = tmp_path / "bank.txt"
    bank.write_text("spam\n")
    rule = ("check", "--where", "matches(text, 'scams')", "--data", data)
    assert winnow(*rule).code == 1
    assert winnow(*rule, "--bank", f"scams={bank}").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--where", "score > 2"),
        ("--where", "score > 2", "--type", "post", "--data", "x.jsonl"),
        ("--data", "items.jsonl"),
        ("--where", "score > 2", "--data", "nowhere.jsonl"),
        ("--where", "score > 2", "--data", "items.jsonl", "--map", "x"),
        ("--where", "score > 2", "--data", "items.jsonl", "--bank", "b=nowhere.txt"),
    ],
)
def test_wrong_usage_says_what_to_do(
    data: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    ended = winnow("check", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "error" in ended.err
    assert "Traceback" not in ended.err


def test_lint_tells_what_is_probably_not_meant_and_does_not_fail(data: Path) -> None:
    ended = winnow("check", "--where", "score > 7 and score < 3", "--data", data, "--lint")
    assert ended.code == 0
    assert [each["code"] for each in ended.json["findings"]] == ["never-true"]
    assert "never-true: No item can make this TRUE." in ended.err
