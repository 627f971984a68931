"""Terms of a bank as a CSV file: text,mode,note,expires_at,source, with a header line.

Only `text` is needed; other columns are ignored. A mode left out is the one given by the caller.
Times are ISO 8601; without an offset they are UTC, and a date is its first moment.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.errors import InvalidInput, Problem
from engine.text.banks import Mode, Term
from engine.text.terms import term_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

COLUMNS: Final = ("text", "mode", "note", "expires_at", "source")
HIT_COLUMNS: Final = ("hits", "last_hit_at")
MAX_NOTE: Final = 2_000


@dataclass(frozen=True)
class TermTable:
    """What a file holds. problems: one a bad line, its pointer `/lines/<number>`.

    repeats: how many lines said again what an earlier one said (same text and mode).
    """

    terms: tuple[Term, ...]
    problems: tuple[Problem, ...]
    repeats: int


@dataclass(frozen=True)
class Hit:
    """How often a term was found, and when last."""

    count: int
    last: datetime | None = None


def read_terms(text: str, mode: Mode = Mode.WORD) -> TermTable:
    """Raises InvalidInput where there is no column `text`."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    names = [str(name).strip().lower() for name in _names(reader)]
    if "text" not in names:
        raise InvalidInput(
            "The first line names no column 'text'.",
            hint=f"Begin with a line such as: {','.join(COLUMNS)}",
        )
    reader.fieldnames = names
    terms: dict[tuple[str, Mode], Term] = {}
    problems: list[Problem] = []
    repeats = 0
    for line, row in _rows(reader, problems):
        try:
            term = _term(row, mode)
        except InvalidInput as error:
            problems.append(_problem(line, error))
            continue
        repeats += (term.text, term.mode) in terms
        terms.setdefault((term.text, term.mode), term)
    return TermTable(tuple(terms.values()), tuple(problems), repeats)


def write_terms(terms: Sequence[Term], hits: Sequence[Hit] | None = None) -> str:
    """`read_terms` reads it back as it was, and past the hits of each term if they are given."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS if hits is None else (*COLUMNS, *HIT_COLUMNS))
    for place, term in enumerate(terms):
        row = (term.text, term.mode.value, term.note, _written(term.expires_at), term.source)
        hit = () if hits is None else (hits[place].count, _written(hits[place].last))
        writer.writerow((*row, *hit))
    return sheet.getvalue()


def _written(time: datetime | None) -> str:
    return time.astimezone(UTC).isoformat() if time else ""


def _names(reader: csv.DictReader[str]) -> Iterable[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise InvalidInput(f"The first line is not CSV: {error}.") from None


def _rows(
    reader: csv.DictReader[str], problems: list[Problem]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line on which the row ends, its cells); rows that are no CSV become problems."""
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            problems.append(_problem(reader.line_num, InvalidInput(f"not CSV: {error}.")))
            continue
        if row is None:
            return
        yield reader.line_num, {name: cell or "" for name, cell in row.items() if name in COLUMNS}


def _term(row: Mapping[str, str], mode: Mode) -> Term:
    term = Term(
        text=row["text"],
        mode=_mode(row.get("mode", "").strip().lower(), mode),
        note=row.get("note", ""),
        source=row.get("source", ""),
        expires_at=_time(row.get("expires_at", "").strip()),
    )
    if max(len(term.note), len(term.source)) > MAX_NOTE:
        raise InvalidInput(f"a note or source is longer than {MAX_NOTE} characters.")
    refusal = term_problem(term)
    if refusal is not None:
        raise refusal
    return term


def _mode(name: str, otherwise: Mode) -> Mode:
    if not name:
        return otherwise
    try:
        return Mode(name)
    except ValueError:
        known = ", ".join(Mode)
        raise InvalidInput(f"there is no mode '{name}'.", hint=f"One of {known}.") from None


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"'{text}' is no time.", hint="Write 2030-01-31 or 2030-01-31T12:00:00Z."
        ) from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _problem(line: int, error: InvalidInput) -> Problem:
    return Problem(f"Line {line}: {error.message}", f"/lines/{line}", error.hint)
