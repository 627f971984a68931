from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.steps import cut


@pytest.mark.parametrize(
    ("rows", "files"),
    [
        ([], []),
        ([3, 3, 3], [(0, 1), (2,)]),
        ([20, 1, 1], [(0,), (1, 2)]),
        ([1, 1, 20], [(0, 1), (2,)]),
    ],
)
def test_files_are_taken_together_up_to_a_size(
    rows: list[int], files: list[tuple[int, ...]]
) -> None:
    assert [step.files for step in cut(rows, whole=False, most=6)] == files


@given(rows=st.lists(st.integers(0, 50)), whole=st.booleans())
def test_every_file_is_in_exactly_one_step_in_order(rows: list[int], *, whole: bool) -> None:
    steps = cut(rows, whole=whole, most=60)
    assert [index for step in steps for index in step.files] == list(range(len(rows)))
    assert sum(step.rows for step in steps) == sum(rows)
    assert [step.number for step in steps] == list(range(len(steps)))
    assert not whole or len(steps) <= 1
