"""A few questions, as an item judged at once asks them, answered from what is read for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from engine.language.nodes import Carries
from store import window_reads
from store.window_groups import Events, layout_of, moment
from store.window_reads import KeyQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from store.window_groups import Ask, Series
    from store.window_reads import Read

    # Times, numbers and members of the events of a question's counter.
    Told = Mapping[tuple[int, int], tuple[list[int], list[float], list[Any]]]
    Firsts = Mapping[tuple[int, str], int | None]


def answers(tx: Connection, asks: Sequence[Ask], most: int) -> list[tuple[Measured, ...]] | None:
    """One answer an ask, as of a batch; None where a key has more events than `most`."""
    read = window_reads.of_keys(tx, questions_of(asks, most))
    return answers_read(asks, most, read, _firsts(tx, asks))


def questions_of(asks: Sequence[Ask], most: int) -> list[KeyQuestion]:
    """Those of its windows; one more than `most` events of a key are asked for."""
    return [
        KeyQuestion(layout, ask.key, ask.at_us - layout.width_us, ask.at_us, most + 1, 0, place)
        for place, ask in enumerate(asks)
        if (layout := layout_of(ask.series)).widest
    ]


def answers_read(
    asks: Sequence[Ask], most: int, read: Read, firsts: Firsts | None = None
) -> list[tuple[Measured, ...]] | None:
    """As `answers`, of what was read for the questions. firsts: when keys began, where asked."""
    asked = read.questions.tolist()
    if max(Counter(asked).values(), default=0) > most:
        return None
    questions = questions_of(asks, most)
    told = _told([questions[n].place for n in asked], read)
    return [tuple(_of_ask(place, ask, told, firsts or {})) for place, ask in enumerate(asks)]


def _told(places: Sequence[int], read: Read) -> Told:
    """places: of the ask of each event. By that, and the counter."""
    found: dict[tuple[int, int], tuple[list[int], list[float], list[Any]]]
    found = defaultdict(lambda: ([], [], []))
    events = zip(
        places,
        read.counters.tolist(),
        read.times.tolist(),
        read.numbers.tolist(),
        read.members.tolist(),
        strict=True,
    )
    for place, counter, time, number, member in events:
        times, numbers, members = found[place, counter]
        times.append(time)
        numbers.append(number)
        members.append(member)
    return found


def _firsts(tx: Connection, asks: Sequence[Ask]) -> Firsts:
    names = [
        (ask.series[place].counter_id, ask.key)
        for ask in asks
        for place in layout_of(ask.series).firsts
    ]
    return dict(zip(names, window_reads.firsts(tx, names), strict=True)) if names else {}


def _of_ask(place: int, ask: Ask, told: Told, firsts: Firsts) -> Iterator[Measured]:
    for series in ask.series:
        carries = series.parts[0].measure.carries
        if carries is Carries.FIRST:
            first_us = firsts[series.counter_id, ask.key]
            began = first_us is not None and first_us <= ask.at_us and moment(first_us)
            yield from [began or None] * len(series.parts)
        else:
            events = _events(told, place, series, carries)
            for part in series.parts:
                yield events.answer(part, ask.at_us)


def _events(told: Told, place: int, series: Series, carries: Carries) -> Events:
    times, numbers, members = told.get((place, series.counter_id), ((), (), ()))
    return Events(times, members if carries is Carries.MEMBER else numbers)
