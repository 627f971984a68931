"""`winnow types`: propose an item type from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.output import emit, say
from engine.errors import InvalidInput
from engine.items import Field, ItemType, infer_item_type, item_type_document
from engine.items.inference import MAX_RECORDS, left_out
from store.item_files import FileRow, ItemFile, Record

SHOWN_BAD_ROWS = 5


def infer(
    file: Annotated[Path, typer.Argument(help="A .jsonl, .csv or .parquet file.")],
    name: Annotated[
        str | None, typer.Option(help="What to call the type.", show_default="the file's name")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to look at.")] = MAX_RECORDS,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Propose an item type: its fields, their types, and who, when and where.

    The JSON is the document that POST /config/item-types takes.
    """
    records, bad = read_records(file, min(rows, MAX_RECORDS))
    item_type = infer_item_type(records, name or title(file), flat=True)
    say_notes(file, records, bad, item_type)
    if json:
        emit(item_type_document(item_type))
    else:
        print("\n".join(table(item_type)))


def read_records(file: Path, rows: int) -> tuple[list[Record], list[FileRow]]:
    """(readable, unreadable) among the first rows. Raises InvalidInput when none is readable."""
    records: list[Record] = []
    bad: list[FileRow] = []
    for row in first(ItemFile(file).rows(), rows):
        if row.record is None:
            bad.append(row)
        else:
            records.append(row.record)
    if not records:
        reason = f"line {bad[0].line}: {bad[0].reason}" if bad else "it has no rows."
        raise InvalidInput(f"{file}: no row can be read; {reason}")
    return records, bad


def first(rows: Iterator[FileRow], count: int) -> Iterator[FileRow]:
    for _, row in zip(range(count), rows, strict=False):
        yield row


def title(file: Path) -> str:
    return file.stem.replace("_", " ").strip().capitalize() or "Item"


def say_notes(file: Path, records: list[Record], bad: list[FileRow], item_type: ItemType) -> None:
    say(f"{file}: looked at {len(records) + len(bad)} rows")
    for row in bad[:SHOWN_BAD_ROWS]:
        say(f"line {row.line} left out: {row.reason}")
    if len(bad) > SHOWN_BAD_ROWS:
        say(f"... and {len(bad) - SHOWN_BAD_ROWS} more rows left out")
    for key in left_out(item_type, records):
        say(f"no field for {key!r}: it holds nothing, or values that no one type takes")


def table(item_type: ItemType) -> list[str]:
    roles = {name: role.value for role, name in item_type.roles.items()}
    lines = [
        (field.name, described(field), roles.get(field.name, "")) for field in item_type.fields
    ]
    widths = [max((len(line[column]) for line in lines), default=0) for column in range(2)]
    return [
        f"{item_type.name} ({item_type.kind})",
        *(
            f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {role}".rstrip()
            for name, kind, role in lines
        ),
    ]


def described(field: Field) -> str:
    kind: str = field.type.value
    if field.options:
        kind = f"{kind}({', '.join(field.options)})"
    if field.fields:
        kind = f"{kind}({', '.join(f'{each.name} {described(each)}' for each in field.fields)})"
    if field.container is None:
        return kind
    key = f"{field.container.key}, " if field.container.key else ""
    return f"{field.container.kind} of {key}{kind}"


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("infer")(infer)
    app.add_typer(group, name="types", help="Propose an item type from a file.")
