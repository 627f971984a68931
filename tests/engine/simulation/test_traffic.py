"""The simulated town: repeatable, in order, believable enough to moderate."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from engine.simulation.events import Event, Offence, Reported, Thing, Written
from engine.simulation.traffic import Pace, traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def played(seed: int, events: int) -> list[Event]:
    stream = traffic(random.Random(seed), Pace(START, items_per_second=5))
    return list(islice(stream, events))


def written(seed: int, events: int = 6000) -> Iterator[Written]:
    return (event for event in played(seed, events) if isinstance(event, Written))


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    assert played(7, 500) == played(7, 500)
    assert played(7, 500) != played(8, 500)


@pytest.mark.parametrize("seed", range(3))
def test_time_never_runs_backwards(seed: int) -> None:
    times = [event.at for event in played(seed, 3000)]
    assert times == sorted(times)
    assert times[0] == START


def test_the_pace_is_about_what_was_asked_for() -> None:
    items = list(written(3, 12_000))
    seconds = (items[-1].at - items[0].at) / timedelta(seconds=1)
    assert 2.5 < len(items) / seconds < 10


def test_every_thing_and_every_offence_occurs() -> None:
    items = list(written(1, 20_000))
    assert {item.ref.thing for item in items} == set(Thing)
    assert {item.offence for item in items} == {*Offence, None}


def test_most_of_what_people_write_is_harmless() -> None:
    items = list(written(2, 10_000))
    assert 0.05 < sum(item.offence is not None for item in items) / len(items) < 0.3


def test_an_account_introduces_itself_before_it_writes() -> None:
    known: set[object] = set()
    for item in written(4):
        if item.ref.thing is Thing.ACCOUNT:
            known.add(item.ref)
        else:
            assert item.refs["author"] in known


def test_a_reply_points_at_something_written_before_it() -> None:
    seen: set[object] = set()
    for item in written(5):
        if item.ref.thing is Thing.COMMENT:
            assert item.refs["parent"] in seen
            assert item.refs["thread"].thing is Thing.POST or item.refs["thread"] in seen
        seen.add(item.ref)


def test_the_hidden_truth_lies_beside_the_words() -> None:
    for item in written(6):
        assert item.data["simulated_truth"] is (item.offence is not None)
        assert item.data["simulated_policy"] == (item.offence.value if item.offence else None)


def test_a_campaign_writes_many_variations_around_one_address() -> None:
    links = Counter(
        link
        for item in written(9, 20_000)
        if item.offence is Offence.SPAM
        for link in item.data.get("links", ())  # type: ignore[attr-defined]
    )
    texts = {
        str(item.data["text"]) for item in written(9, 20_000) if item.offence is Offence.SPAM
        and "text" in item.data
    }  # fmt: skip
    assert links.most_common(1)[0][1] >= 10
    assert len(texts) > 50


def test_an_item_is_sent_again_once_three_readers_have_reported_it() -> None:
    events = played(11, 20_000)
    reported = Counter(event.target for event in events if isinstance(event, Reported))
    again = [e for e in events if isinstance(e, Written) and e.data.get("reports")]
    assert again
    assert all(reported[event.ref] >= int(str(event.data["reports"])) >= 3 for event in again)


def test_ids_are_new_except_when_an_item_comes_again() -> None:
    first_time = [e.ref for e in written(12, 20_000) if not e.data.get("reports")]
    assert len(first_time) == len(set(first_time))
