"""Options that the commands which try rules share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from services.rule_files import FileSource, read_bank

if TYPE_CHECKING:
    from collections.abc import Sequence

Data = Annotated[
    list[Path],
    typer.Option("--data", help="JSONL, CSV or Parquet file; again for more of the same format."),
]
MaybeData = Annotated[
    list[Path] | None,
    typer.Option("--data", help="JSONL, CSV or Parquet file; again for more of the same format."),
]
Where = Annotated[str | None, typer.Option("--where", help="The rule: one SQL predicate.")]
Renames = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Read a further field from a column; `_arrived_at` is the time of arrival.",
    ),
]
Banks = Annotated[
    list[str] | None,
    typer.Option("--bank", metavar="NAME=FILE", help="A text bank, one term a line."),
]


def file_source(
    data: Sequence[Path], renames: Sequence[str] | None, banks: Sequence[str] | None
) -> FileSource:
    """Raises InvalidInput for a pair that is none and for a bank that cannot be read."""
    named = [pair("--bank", each) for each in banks or ()]
    return FileSource(
        paths=tuple(data),
        renames=dict(pair("--map", each) for each in renames or ()),
        banks=tuple(read_bank(name, Path(path)) for name, path in named),
    )


def pair(option: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise InvalidInput(f"{option} {text!r} is not NAME=VALUE.", hint=f"Write {option} a=b.")
    return name, value


def one_rule(where: str | None, where_file: Path | None) -> str:
    """The rule's text, from whichever of the two was given. Raises InvalidInput."""
    if (where is None) == (where_file is None):
        raise InvalidInput("One rule is needed.", hint="Give --where SQL or --where-file FILE.")
    return read_text(where_file) if where_file is not None else str(where)


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise InvalidInput(f"{path} cannot be read: {failed}.") from failed
