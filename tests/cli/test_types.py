from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.main import run
from engine.items import Kind, Role, Scalar, item_type_document, parse_item_type
from tests.left_out import DATA

if TYPE_CHECKING:
    from pathlib import Path

POSTS = """\
id,text,user_id,created_at,score,status
1,hello,u1,2026-01-01,1.5,open
2,again,u2,2026-01-02T10:00:00Z,,closed
3,too,many,cells,here,and,there
"""


def winnow(*arguments: str | Path) -> int:
    try:
        return run([str(argument) for argument in arguments])
    except SystemExit as left:
        return int(left.code or 0)


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "forum_posts.csv"
    path.write_text(POSTS)
    return path


def test_a_proposal_is_a_document_that_can_be_saved(
    posts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert winnow("types", "infer", posts, "--json") == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    item_type = parse_item_type("t", 1, document)
    assert item_type.name == "Forum posts"
    assert item_type.kind is Kind.CONTENT
    assert {field.name: field.type for field in item_type.fields} == {
        "id": Scalar.ID,
        "text": Scalar.STRING,
        "user_id": Scalar.RELATED_ITEM,
        "created_at": Scalar.DATETIME,
        "score": Scalar.NUMBER,
        "status": Scalar.STRING,
    }
    assert item_type.roles == {Role.CREATOR_ID: "user_id", Role.CREATED_AT: "created_at"}
    assert item_type_document(item_type) == document
    assert "line 4 left out: The row has 7 values where the header has 6." in shown.err


def test_a_proposal_is_shown_to_people_as_a_table(
    posts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert winnow("types", "infer", posts, "--name", "Post", "--rows", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Post (CONTENT)"
    assert lines[3].split() == ["user_id", "RELATED_ITEM", "creatorId"]


def test_nested_fields_and_containers_are_spelled_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"place": {"lat": 1}, "tags": ["a"], "nothing": null}\n')
    assert winnow("types", "infer", path) == 0
    shown = capsys.readouterr()
    assert "OBJECT(lat NUMBER)" in shown.out
    assert "ARRAY of STRING" in shown.out


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.jsonl", "", "it has no rows"),
        ("x.jsonl", "nonsense\n", "line 1: The line is not JSON"),
        ("x.txt", "", "Use a .jsonl, .csv or .parquet file."),
    ],
)
def test_a_file_without_rows_is_a_usage_error(
    tmp_path: Path, name: str, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert winnow("types", "infer", path) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


@pytest.mark.data
@pytest.mark.parametrize("path", sorted((DATA / "text").glob("*.parquet")), ids=lambda p: p.stem)
def test_real_files_are_understood(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert winnow("types", "infer", path, "--rows", "2000", "--json") == 0
    item_type = parse_item_type("t", 1, json.loads(capsys.readouterr().out))
    text, violating = item_type.field("text"), item_type.field("violating")
    assert text is not None
    assert text.type is Scalar.STRING
    assert violating is None or violating.type is Scalar.BOOLEAN
