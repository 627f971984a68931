"""What a worker remembers has an end, and what was asked about longest ago goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest

from engine.language.nodes import Measure
from store import window_memory
from store.window_groups import Part, Series, layout_of
from store.window_memory import WindowMemory, borrowed
from store.window_reads import Read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.database import Database
    from store.window_memory import Table
    from tests.world import Organisation

ALL = 10**6
COUNTS = (Series(1, (Part(ALL, Measure.COUNT),)),)
BOTH = (
    Series(1, (Part(ALL, Measure.SUM), Part(20, Measure.MAX))),
    Series(2, (Part(20, Measure.DISTINCT),)),
)


def events(counter: int, times: Sequence[int]) -> Read:
    """Their times are their numbers, and half of it their members."""
    counters = np.full(len(times), counter)
    members = np.array([str(time // 2) for time in times], object)
    numbers = np.array(times, float)
    return Read(counters, counters, np.array(times, np.int64), numbers, members)


def told(table: Table, key: str, counter: int, times: Sequence[int]) -> None:
    row = table.rows[key]
    table.learn(np.full(len(times), row), events(counter, times))


def table_of(memory: WindowMemory, series: tuple[Series, ...], keys: Sequence[str]) -> Table:
    """For items from time 100 on."""
    table = memory.table(layout_of(series))
    memory.batch += 1
    table.begin(table.rows_of(keys, memory.batch), 100)
    return table


def answered(table: Table, key: str, at_us: int) -> list[object]:
    rows = np.array([table.rows[key]])
    return [column[0] for _, column in table.answers(rows, np.array([at_us]))]


def test_a_key_answers_from_what_it_learned() -> None:
    table = table_of(WindowMemory(), BOTH, ["a", "b"])
    told(table, "a", 1, [80, 90, 100])
    told(table, "a", 2, [85, 94, 95, 99])
    told(table, "b", 1, [1])
    assert answered(table, "a", 100) == [270.0, 100.0, 3]
    assert answered(table, "a", 99) == [170.0, 90.0, 3]
    assert answered(table, "b", 100) == [1.0, None, 0]


def test_what_was_known_already_is_not_added_again() -> None:
    table = table_of(WindowMemory(), COUNTS, ["a"])
    told(table, "a", 1, [80, 90])
    table.untils[table.rows["a"]] = 90
    told(table, "a", 1, [80, 90, 95])
    assert answered(table, "a", 100) == [3]


def test_what_everybody_did_is_learned_by_those_who_were_up_to_date() -> None:
    memory = WindowMemory()
    table = table_of(memory, COUNTS, ["a", "b"])
    table.untils[[table.rows["a"], table.rows["b"]]] = 100, 99
    memory.frontier_us = 100
    memory.catch_up(events(1, [101, 102, 103]), np.array(["a", "b", "c"], object), 110)
    assert answered(table, "a", 110) == [1]
    assert answered(table, "b", 110) == [0]
    assert table.untils[[table.rows["a"], table.rows["b"]]].tolist() == [110, 99]


def test_an_old_batch_does_not_find_what_was_forgotten() -> None:
    table = table_of(WindowMemory(), (Series(1, (Part(20, Measure.COUNT),)),), ["a"])
    rows = np.array([table.rows["a"]])
    with mock.patch.object(window_memory, "SLACK_US", 10):
        for time in range(100, 140):
            table.see(time)
            told(table, "a", 1, [time])
    assert table.knows(rows, 139).all()
    assert not table.knows(rows, 100).any()
    assert answered(table, "a", 139) == [20]


@pytest.mark.parametrize("series", [COUNTS, BOTH])
def test_memory_holds_no_more_than_its_room(series: tuple[Series, ...]) -> None:
    memory = WindowMemory(most_words=200)
    for number in range(40):
        table = table_of(memory, series, ["always", f"k{number}"])
        told(table, f"k{number}", 1, range(1, 9))
        memory.settle()
        assert memory.words <= 200
    assert "always" in table.rows
    assert "k39" in table.rows
    assert "k0" not in table.rows
    assert answered(table, "k39", 100)[0] in {8, 36.0}


def test_keys_without_events_have_an_end_too() -> None:
    memory = WindowMemory()
    with mock.patch.object(window_memory, "MOST_KEYS", 3):
        for number in range(9):
            table_of(memory, COUNTS, [f"k{number}"])
            memory.settle()
    assert memory.keys == 3


def test_a_room_that_was_left_is_given_to_another() -> None:
    table = table_of(WindowMemory(), COUNTS, ["a", "b"])
    told(table, "a", 1, [1, 2, 3, 4])
    told(table, "a", 1, [5])
    filled = table.columns.filled
    told(table, "b", 1, [6, 7])
    assert table.columns.filled == filled
    assert answered(table, "a", 100) == [5]
    assert answered(table, "b", 100) == [2]


def test_a_counter_with_too_many_events_of_a_key_is_left_out() -> None:
    memory = WindowMemory(most_words=64)
    with mock.patch.object(window_memory, "MOST_EVENTS", 10):
        table = table_of(memory, COUNTS, ["a", "b", "c", "d"])
        told(table, "d", 1, range(1, 100))
        memory.settle()
    rows = np.array([table.rows[key] for key in table.rows])
    [(place, windowed)] = table.closed(rows)
    assert list(table.rows)[place] == "d"
    assert windowed.series == COUNTS[0]


def test_who_is_patient_gets_the_memory_that_knows_most(
    database: Database, org: Organisation
) -> None:
    with borrowed(database, org.org_id, patient=True) as first:
        with borrowed(database, org.org_id, patient=False) as second:
            assert second is not first
        with borrowed(database, org.org_id, patient=False) as third:
            assert third is second
    with borrowed(database, org.org_id, patient=True) as again:
        assert again is first


def test_nothing_is_remembered_for_long(database: Database, org: Organisation) -> None:
    with borrowed(database, org.org_id, patient=True) as memory:
        table_of(memory, COUNTS, ["a"])
    with borrowed(database, org.org_id, patient=True) as memory:
        assert memory.keys == 1
    with (
        mock.patch.object(window_memory, "MOST_AGE_S", -1.0),
        borrowed(database, org.org_id, patient=True) as memory,
    ):
        assert memory.keys == 0


def test_a_batch_that_fails_leaves_nothing_half_known(
    database: Database, org: Organisation
) -> None:
    lent = borrowed(database, org.org_id, patient=True)
    memory = lent.__enter__()
    table_of(memory, COUNTS, ["a"])
    assert not lent.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert memory.keys == 0


def test_a_rest_gets_longer_while_there_is_too_much() -> None:
    memory = WindowMemory()
    rests = []
    for _ in range(7):
        memory.take_rest()
        rests.append(memory.resting)
    assert rests == [1, 2, 4, 8, 16, 16, 16]
