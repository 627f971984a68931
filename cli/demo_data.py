"""Reads labelled texts from Parquet files for the demo to play."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from engine.errors import InvalidInput, Problem
from engine.simulation.recorded import Recording

# Our name -> the file's column and the type it is read as.
_COLUMNS: Mapping[str, tuple[str, pl.DataType]] = {
    "record_id": ("id", pl.String()),
    "text": ("text", pl.String()),
    "violating": ("violating", pl.Boolean()),
    "policy": ("policy", pl.String()),
    "created_at": ("created_at", pl.Datetime("us", "UTC")),
    "user_id": ("user_id", pl.String()),
    "thread_id": ("thread_id", pl.String()),
    "language": ("lang", pl.String()),
    "fold": ("fold", pl.Int64()),
}


def read_recordings(path: Path) -> Sequence[Recording]:
    """Rows with a text, in file order; only the column `text` is required.

    Raises InvalidInput that names the file and what it lacks.
    """
    frame = _read(path)
    return [_recording(row, path.stem, n) for n, row in enumerate(_rows(frame)) if row["text"]]


def _read(path: Path) -> pl.DataFrame:
    hint = "Give Parquet files that have at least a column `text`."
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", hint=hint)
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path} cannot be read as Parquet: {error}", hint=hint) from error
    if "text" not in frame.columns:
        missing = Problem("no column `text`", str(path), f"it has {', '.join(frame.columns)}")
        raise InvalidInput(f"{path} has no column `text`.", hint=hint, problems=(missing,))
    return frame


def _rows(frame: pl.DataFrame) -> Iterator[dict[str, object]]:
    chosen = [
        (pl.col(column).cast(kind, strict=False) if column in frame.columns else pl.lit(None))
        .alias(name)
        for name, (column, kind) in _COLUMNS.items()
    ]  # fmt: skip
    return frame.select(chosen).iter_rows(named=True)


def _recording(row: Mapping[str, object], dataset: str, number: int) -> Recording:
    created, violating, fold = row["created_at"], row["violating"], row["fold"]
    return Recording(
        record_id=_text(row["record_id"]) or f"{dataset}:{number}",
        text=str(row["text"]),
        dataset=dataset,
        violating=violating if isinstance(violating, bool) else None,
        policy=_text(row["policy"]),
        created_at=created.astimezone(UTC) if isinstance(created, datetime) else None,
        user_id=_text(row["user_id"]),
        thread_id=_text(row["thread_id"]),
        language=_text(row["language"]),
        fold=fold if isinstance(fold, int) else None,
    )


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None
