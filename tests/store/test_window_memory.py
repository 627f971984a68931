"""What a worker remembers has an end, and what was asked about longest ago goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest

from engine.language.nodes import Carries, Measure
from store import window_memory
from store.window_groups import Part
from store.window_memory import Key, WindowMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS: dict[Carries, Sequence[object] | None] = {
    Carries.NOTHING: None,
    Carries.NUMBER: [0.5, 1.5, 2.5],
    Carries.MEMBER: ["a", "b", "a"],
}
ANSWERS: dict[Carries, dict[Measure, float]] = {
    Carries.NOTHING: {Measure.COUNT: 2},
    Carries.NUMBER: {Measure.SUM: 4.0, Measure.AVG: 2.0, Measure.MAX: 2.5},
    Carries.MEMBER: {Measure.DISTINCT: 2},
}


def key_of(carries: Carries) -> Key:
    key = Key(0, carries)
    key.extend([10, 20, 30], EVENTS[carries], until_us=30)
    return key


@pytest.mark.parametrize("carries", EVENTS)
def test_a_key_answers_from_what_it_remembers(carries: Carries) -> None:
    key = key_of(carries)
    events = EVENTS[carries]
    key.extend([20, 30], events and events[1:], until_us=30)
    assert {m: key.answer(Part(20, m), 30) for m in ANSWERS[carries]} == ANSWERS[carries]


@pytest.mark.parametrize("carries", EVENTS)
def test_memory_holds_no_more_than_its_room(carries: Carries) -> None:
    room = 4 * key_of(carries).words
    memory = WindowMemory(room)
    for number in range(9):
        memory.keep((1, f"k{number}"), key_of(carries))
        memory.recall((1, "k0"), 0)
    assert memory.words == sum(key.words for key in memory.keys.values()) == room
    assert [key for _, key in memory.keys] == ["k6", "k7", "k8", "k0"]


def test_keys_without_events_have_an_end_too() -> None:
    memory = WindowMemory()
    with mock.patch.object(window_memory, "MOST_KEYS", 3):
        for number in range(5):
            memory.keep((1, f"k{number}"), Key(0, Carries.NOTHING))
    assert [key for _, key in memory.keys] == ["k2", "k3", "k4"]


def test_what_reaches_further_back_than_memory_is_read_anew() -> None:
    memory = WindowMemory()
    memory.keep((1, "k"), Key(50, Carries.NOTHING))
    assert memory.recall((1, "k"), 49) is None
    assert memory.recall((1, "k"), 50) is not None
