"""Authors that a file brings along as nested objects, as both engines know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.commands import winnow, write_rows

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [
    {
        "creator": {"id": "ann", "typeId": "user", "account_age_days": 3, "tags": ["new", "vip"]},
        "parts": [{"kind": "image", "size": 10}, {"kind": "text", "size": 2}],
        "at": "2026-03-01T10:00:00Z",
    },
    {
        "creator": {"id": "ben", "typeId": "user", "account_age_days": 300, "tags": []},
        "parts": [],
        "at": "2026-03-01T10:01:00Z",
    },
    {"creator": None, "parts": None, "at": "2026-03-01T10:02:00Z"},
]
CASES = [
    ("creator.account_age_days < 7", "true false null"),
    ("creator.id = 'ann' AND any(creator.tags = 'vip')", "true false null"),
    ("any(parts.kind = 'image' AND parts.size > 5)", "true false null"),
    ("count(parts.size > 1) >= 2", "true false null"),
    ("count_recent(creator, '1 hour', creator.account_age_days < 7) > 0", "true false null"),
]


@pytest.mark.parametrize("engine", ["row", "duckdb"])
@pytest.mark.parametrize(("where", "lines"), CASES)
def test_a_file_may_say_who_the_author_was(
    tmp_path: Path, engine: str, where: str, lines: str
) -> None:
    data = write_rows(tmp_path / "items.jsonl", ROWS)
    options = ("--data", data, "--engine", engine, "--map", "_arrived_at=at")
    ended = winnow("evaluate", "--where", where, *options)
    assert (ended.code, ended.out.split()) == (0, lines.split())


def test_the_author_may_stand_in_another_column(tmp_path: Path) -> None:
    rows = [{"poster": row["creator"], "text": "hi"} for row in ROWS]
    data = write_rows(tmp_path / "items.jsonl", rows)
    options = ("--data", data, "--map", "creator=poster")
    ended = winnow("evaluate", "--where", "creator.account_age_days < 7", *options)
    assert (ended.code, ended.out.split()) == (0, ["true", "false", "null"])
