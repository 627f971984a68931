"""`winnow import`: send the rows of a file through ingest, as a platform would."""

from __future__ import annotations

import contextlib
import json as jsonlib
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.import_sender import Item, Sender, connect
from cli.import_shape import Shape, UnfitRow, check_columns, shape_of
from cli.output import ExitCode, emit, say
from engine.errors import InvalidInput, Unavailable
from engine.items import ItemType
from store.item_files import FileRow, ItemFile


@dataclass
class Summary:
    """next_line: where `--from-line` goes on, None when the file is done."""

    file: str
    type: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    retries: int = 0
    seconds: float = 0.0
    items_per_second: float = 0.0
    rejected_file: str | None = None
    next_line: int | None = None
    error: str | None = None


class Rejects:
    """The side file: one JSON object a bad row. It exists only when there is one."""

    def __init__(self, path: Path, *, resumed: bool) -> None:
        self.path = path
        self.count = 0
        self._file: Any = None
        if not resumed:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: FileRow, reason: str) -> None:
        """Raises InvalidInput when the side file cannot be written."""
        try:
            if self._file is None:
                self._file = self.path.open("a", encoding="utf-8")
            line = {"line": row.line, "reason": reason, "row": row.record or row.raw}
            self._file.write(jsonlib.dumps(line, ensure_ascii=True, default=str) + "\n")
            self._file.flush()
        except OSError as failed:
            raise InvalidInput(
                f"{self.path}: the rejected rows cannot be written ({failed.strerror}).",
                hint="Name another file with --rejected.",
            ) from failed
        self.count += 1


@dataclass
class Import:
    """One run over one file: rows in, batches out."""

    file: ItemFile
    shape: Shape
    sender: Sender
    rejects: Rejects
    batch: int
    summary: Summary
    pending: list[tuple[FileRow, Item]] = field(default_factory=list)

    def run(self, from_line: int) -> Iterator[None]:
        """Yields after every row and at the end, for whoever shows progress."""
        for row in self.file.rows():
            if row.line >= from_line:
                self._take(row)
            yield
        self._flush()
        self.summary.next_line = None
        yield

    def _take(self, row: FileRow) -> None:
        self.summary.rows += 1
        if row.record is None:
            self.rejects.add(row, row.reason)
            return
        try:
            self.pending.append((row, self.shape.item(row.line, row.record)))
        except UnfitRow as unfit:
            self.rejects.add(row, str(unfit))
            return
        if len(self.pending) >= self.batch:
            self._flush()

    def _flush(self) -> None:
        if not self.pending:
            return
        self.summary.next_line = self.pending[0][0].line
        refused = self.sender.send([item for _, item in self.pending])
        for refusal in refused:
            self.rejects.add(self.pending[refusal.index][0], refusal.reason)
        self.summary.accepted += len(self.pending) - len(refused)
        self.summary.next_line = self.pending[-1][0].line + 1
        self.pending.clear()


def import_file(
    file: Annotated[Path, typer.Argument(help="A .jsonl, .csv or .parquet file.")],
    type_name: Annotated[str, typer.Option("--type", help="Name or id of the item type.")],
    api_key: Annotated[str, typer.Option(help="Key of the organisation.", envvar="WINNOW_API_KEY")],
    url: Annotated[
        str, typer.Option(help="Where Winnow is.", envvar="WINNOW_API_URL")
    ] = "http://127.0.0.1:8080",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from another column."),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="Column with the ids.", show_default="id, item_id, ..."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Items in one request.")] = 500,
    from_line: Annotated[int, typer.Option(min=1, help="Go on from here.")] = 1,
    rejected: Annotated[
        Path | None, typer.Option(help="Where bad rows go.", show_default="FILE.rejected.jsonl")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send the rows of a file through ingest. Bad rows go to a side file, with reasons."""
    source = ItemFile(file)
    side = rejected or file.with_name(file.name + ".rejected.jsonl")
    renames = pairs(mapping or [])
    columns = source.columns()
    check_columns(columns, [*renames.values(), *filter(None, [id_column])])
    with connect(url, api_key) as client, Rejects(side, resumed=from_line > 1) as rejects:
        sender = Sender(client)
        item_types = sender.item_types()
        item_type = named(type_name, item_types)
        sample = columns or first_keys(source)
        shape = shape_of(item_type, item_types, renames, id_column, sample, file.stem)
        summary = Summary(str(file), item_type.name, next_line=from_line)
        perform(Import(source, shape, sender, rejects, batch, summary), from_line)
    report(summary, json=json)
    if summary.rejected or summary.error:
        raise typer.Exit(ExitCode.FINDING)


def perform(job: Import, from_line: int) -> None:
    """Runs the import to its end or to the first trouble that patience does not cure."""
    started = time.monotonic()
    try:
        with progress_bar() as bar:
            task = bar.add_task(job.file.path.name, total=job.file.total or 1, ok=0, bad=0)
            for _ in job.run(from_line):
                bar.update(
                    task,
                    completed=job.file.done,
                    ok=job.summary.accepted,
                    bad=job.rejects.count,
                )
    except Unavailable as stopped:
        job.summary.error = stopped.message
    except KeyboardInterrupt:
        job.summary.error = "interrupted"
    summary, seconds = job.summary, time.monotonic() - started
    summary.seconds = round(seconds, 3)
    summary.items_per_second = round(summary.accepted / seconds, 1) if seconds else 0.0
    summary.rejected, summary.retries = job.rejects.count, job.sender.retries
    summary.rejected_file = str(job.rejects.path) if job.rejects.count else None


def progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[ok]} in, {task.fields[bad]} rejected"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def report(summary: Summary, *, json: bool) -> None:
    if json:
        emit(asdict(summary))
    else:
        print(
            f"{summary.accepted} accepted, {summary.rejected} rejected,"
            f" {summary.seconds:.1f} s, {summary.items_per_second:.0f} items/s"
        )
    if summary.rejected_file:
        say(f"the rejected rows are in {summary.rejected_file}, with reasons")
    if summary.error:
        say(f"error: {summary.error}")
        say(f"hint: go on with --from-line {summary.next_line}; items of the last batch may repeat")


def named(name: str, item_types: list[ItemType]) -> ItemType:
    for item_type in item_types:
        if name in {item_type.name, item_type.type_id}:
            return item_type
    known = ", ".join(sorted(each.name for each in item_types))
    raise InvalidInput(f"There is no item type '{name}'.", hint=f"There are: {known}.")


def pairs(mapping: list[str]) -> dict[str, str]:
    found = {}
    for pair in mapping:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise InvalidInput(f"--map {pair}: expected FIELD=COLUMN.")
        found[name] = column
    return found


def first_keys(file: ItemFile) -> tuple[str, ...]:
    """The keys of the first row that can be read; other rows may have others."""
    return next((tuple(row.record) for row in file.rows() if row.record is not None), ())


def register(app: typer.Typer) -> None:
    app.command("import", help="Send the rows of a file through ingest.")(import_file)
