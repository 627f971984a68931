"""How a run is cut into steps: whole files in order, each step counted alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS_A_STEP: Final = 16_000_000


@dataclass(frozen=True)
class Step:
    """files: positions in the list of files; rows: what they hold together."""

    number: int
    files: tuple[int, ...]
    rows: int


def cut(rows_of_files: Sequence[int], *, whole: bool, most: int = ROWS_A_STEP) -> tuple[Step, ...]:
    """Steps of at most `most` rows, but at least one file; `whole`: all in one step.

    A run whose rules count other items needs all of history at once.
    """
    steps: list[Step] = []
    files: list[int] = []
    rows = 0
    for index, count in enumerate(rows_of_files):
        if files and not whole and rows + count > most:
            steps.append(Step(len(steps), tuple(files), rows))
            files, rows = [], 0
        files.append(index)
        rows += count
    if files:
        steps.append(Step(len(steps), tuple(files), rows))
    return tuple(steps)
