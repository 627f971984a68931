from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.signals import ask_in_turn
from services.signals import Installed
from tests.cli.commands import winnow, write_rows
from tests.engine.language.signal_world import Asked

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [
    {"text": "buy gold now", "score": 3, "who": "ann", "at": "2026-03-01T10:00:00Z"},
    {"text": "hello", "score": None, "who": "ben", "at": "2026-03-01T10:10:00Z"},
    {"text": None, "score": 0.5, "who": "ann", "at": "2026-03-01T10:20:00Z"},
    {"text": "GOLD", "score": 7, "who": None, "at": None},
    {"text": "goldfish", "score": 1, "who": "ann", "at": "2026-03-01T11:00:00Z"},
]
ENGINES = pytest.mark.parametrize("engine", ["row", "duckdb"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "items.jsonl", ROWS)


@ENGINES
@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ("score > 1", "true null false true false"),
        ("contains(text, 'gold')", "true false null false true"),
        ("score > 1 OR text IS NULL", "true null true true false"),
        ("matches(text, 'metals')", "true false null true false"),
        ("count_recent(who, '1 hour') >= 2", "false false true null true"),
        ("count_recent(who, '1 hour') >= 2 OR score > 5", "false null true true true"),
        ("sum_recent(who, score, '1 hour') > 3", "false false true null false"),
        ("avg_recent(who, score, '1 hour') = 1.75", "false null true null false"),
        ("distinct_recent(who, text, '1 day') = 2", "false false false null true"),
        ("first_seen(who) = at", "true true false null false"),
        ("age(at) < interval '1 day'", "true true true null true"),
    ],
)
def test_one_word_a_row_in_the_order_of_the_file(
    data: Path, tmp_path: Path, engine: str, where: str, lines: str
) -> None:
    bank = tmp_path / "metals.txt"
    bank.write_text("gold\nsilver\n")
    options = ("--map", "_arrived_at=at", "--bank", f"metals={bank}")
    ended = winnow("evaluate", "--where", where, "--data", data, "--engine", engine, *options)
    assert (ended.code, ended.out.split()) == (0, lines.split())


@ENGINES
def test_many_rules_print_an_array_a_row(data: Path, tmp_path: Path, engine: str) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("score > 1\n\ntext IS NULL\n")
    ended = winnow("evaluate", "--where-file", rules, "--data", data, "--engine", engine)
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        [True, False],
        [None, False],
        [False, True],
        [True, False],
        [False, False],
    ]


def test_both_engines_agree_on_many_rows_out_of_order(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    table = pa.table(
        {
            "n": list(range(20_000)),
            "who": [f"u{(n * n) % 97}" for n in range(20_000)],
            "created_at": [noon + timedelta(seconds=(n * 7919) % 86_400) for n in range(20_000)],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3_000)
    rules = tmp_path / "rules.txt"
    rules.write_text(
        "n % 3 = 0\ncount_recent(who, '10 minutes') > 2\n"
        "max_recent(who, n, '5 minutes') > n\ndistinct_recent(who, n % 7, '9 minutes') > 2\n"
        "sum_recent(who, n / 7, '1 hour', n % 2 = 0) > 100\n"
    )
    both = [
        winnow("evaluate", "--where-file", rules, "--data", tmp_path / "a.parquet", "--engine", e)
        for e in ("row", "duckdb")
    ]
    assert both[0].out == both[1].out
    assert len(both[0].out.splitlines()) == 20_000
    assert both[0].out.splitlines()[3].startswith("[true, ")
    assert "arrival times are read from created_at" in both[0].err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--where", "scoer > 1"), "scoer"),
        (("--where", "count_recent(who, '1 hour') > 1"), "--map _arrived_at=COLUMN"),
        (("--where-file", "rules.txt", "--where", "score > 1"), "either"),
        (("--where-file", "none.txt"), "none.txt"),
    ],
)
def test_what_cannot_be_evaluated_is_a_usage_error(
    data: Path, tmp_path: Path, arguments: tuple[str, ...], said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.txt").write_text("score > 1\n")
    ended = winnow("evaluate", *arguments, "--data", data)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_wrong_line_of_many_rules_is_named(data: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("score > 1\nscore >\n")
    ended = winnow("evaluate", "--where-file", rules, "--data", data)
    assert ended.code == 2
    assert "rule 2" in ended.err


@ENGINES
def test_a_signal_is_asked_about_the_rows_together(
    data: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    found = Installed(asked.environment().signals)
    monkeypatch.setattr("services.rule_files.installed", lambda: found)
    monkeypatch.setattr("services.rule_files.asker_of", lambda: ask_in_turn)
    rule = ("--where", "acme.length(text) > 5")
    ended = winnow("evaluate", "--data", data, *rule, "--engine", engine)
    assert ended.out.split() == ["true", "false", "null", "false", "true"]
    [call] = asked.values["acme.length"]
    assert sorted(call) == ["GOLD", "buy gold now", "goldfish", "hello"]
