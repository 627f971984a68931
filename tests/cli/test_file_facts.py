"""Facts that a file brings along, as both engines know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.commands import winnow, write_rows

if TYPE_CHECKING:
    from pathlib import Path

ANN = {"id": "ann", "typeId": "user"}
ROWS: list[dict[str, Any]] = [
    {
        "_item_id": "p1",
        "by": ANN,
        "at": "2026-03-01T10:00:00Z",
        "_facts": [
            {"kind": "strike", "subject": ANN, "amount": 2, "at": "2026-03-01T09:00:00Z"},
            {"kind": "label", "subject": ANN, "name": "trusted", "at": "2026-03-01T10:00:01Z"},
        ],
    },
    {
        "_item_id": "p2",
        "by": ANN,
        "at": "2026-03-01T10:10:00Z",
        "_facts": [
            {
                "kind": "strike",
                "subject": ANN,
                "name": "p-spam",
                "expiresAt": "2026-03-01T10:20:00Z",
            },
            {"kind": "report", "subject": {"id": "p3"}},
        ],
    },
    {"_item_id": "p3", "by": ANN, "at": "2026-03-01T10:20:00Z"},
    {"_item_id": "p4", "by": None, "at": "2026-03-01T10:30:00Z"},
    {"_item_id": "p5", "by": ANN, "at": None},
]
ENGINES = pytest.mark.parametrize("engine", ["row", "duckdb"])


@ENGINES
@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ("strikes(by) = 2", "true false true null null"),
        ("strikes(by, '30 minutes', 'p-spam') = 1", "false true false null null"),
        ("reports(item) > 0", "false false true false null"),
        ("has_label(by, 'trusted')", "false true true null null"),
        ("rate_limited(by, 2, '1 hour')", "false false true null null"),
        ("rate_limited(by, 1, '10 minutes')", "false false false null null"),
    ],
)
def test_a_file_may_say_what_was_known(tmp_path: Path, engine: str, where: str, lines: str) -> None:
    data = write_rows(tmp_path / "items.jsonl", ROWS)
    options = ("--data", data, "--engine", engine, "--map", "_arrived_at=at")
    ended = winnow("evaluate", "--where", where, *options)
    assert (ended.code, ended.out.split()) == (0, lines.split())


@ENGINES
def test_without_facts_nothing_is_known(tmp_path: Path, engine: str) -> None:
    rows = [{"by": ANN, "at": "2026-03-01T10:00:00Z"}]
    data = write_rows(tmp_path / "items.jsonl", rows)
    options = ("--data", data, "--engine", engine, "--map", "_arrived_at=at")
    ended = winnow("evaluate", "--where", "strikes(by) = 0 AND NOT has_label(by, 'x')", *options)
    assert (ended.code, ended.out.split()) == (0, ["true"])


@pytest.mark.parametrize("wrong", ["text", [1], [{"kind": "rumour", "subject": ANN}]])
def test_what_are_no_facts_is_told(tmp_path: Path, wrong: object) -> None:
    rows = [{"by": ANN, "at": "2026-03-01T10:00:00Z", "_facts": wrong}]
    data = write_rows(tmp_path / "items.jsonl", rows)
    ended = winnow(
        "evaluate", "--where", "strikes(by) = 0", "--data", data, "--map", "_arrived_at=at"
    )
    assert ended.code != 0
    assert "_facts does not hold facts" in ended.err
