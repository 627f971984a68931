"""Items from a stream: each once, whatever is read again; what is refused is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from engine.errors import NotFound, Problem
from engine.items import RawItem
from engine.paging import PageRequest
from services import streams
from services.context import system_caller
from services.streams import Message, take_in
from store.streams import StreamPosition
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

STREAM = "ITEMS"


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def message(town: Town, seq: int, **data: object) -> Message:
    raw = RawItem(f"item-{seq}", town.post, None, "original", data or {"text": f"text {seq}"})
    return Message(seq, "items.post", b"{}", (raw,))


def items(town: Town) -> list[str]:
    return [row.item_id for row in town.rows("SELECT item_id FROM submissions ORDER BY seq")]


def test_messages_become_items_in_their_order(town: Town) -> None:
    taken = take_in(town.context, town.org_id, STREAM, [message(town, n) for n in (1, 2, 5)])
    assert (taken.accepted, taken.refused, taken.repeated, taken.seq) == (3, 0, 0, 5)
    assert items(town) == ["item-1", "item-2", "item-5"]
    assert streams.read_to(town.context, town.org_id, STREAM) == 5
    assert len(town.rows("SELECT 1 FROM pending")) == 3


def test_what_is_delivered_again_is_not_taken_again(town: Town) -> None:
    take_in(town.context, town.org_id, STREAM, [message(town, n) for n in (1, 2)])
    taken = take_in(town.context, town.org_id, STREAM, [message(town, n) for n in (1, 2, 3)])
    assert (taken.accepted, taken.repeated) == (1, 2)
    assert items(town) == ["item-1", "item-2", "item-3"]


def test_two_readers_at_once_take_each_message_once(town: Town) -> None:
    batch = [message(town, n) for n in range(1, 21)]
    with ThreadPoolExecutor(4) as readers:
        taken = list(
            readers.map(lambda _: take_in(town.context, town.org_id, STREAM, batch), range(4))
        )
    assert sum(one.accepted for one in taken) == 20
    assert items(town) == [f"item-{n}" for n in range(1, 21)]


def test_what_fails_moves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object, **_named: object) -> None:
        raise ConnectionError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(streams, "place_items", fails)
        with pytest.raises(ConnectionError):
            take_in(town.context, town.org_id, STREAM, [message(town, 1)])
    assert streams.read_to(town.context, town.org_id, STREAM) == 0
    take_in(town.context, town.org_id, STREAM, [message(town, 1)])
    assert items(town) == ["item-1"]


def test_what_cannot_be_taken_in_is_kept_with_its_reason(town: Town) -> None:
    wrong = message(town, 2, text=5)
    broken = Message(3, "items.post", b"not json", ((Problem("the body is not JSON"),),))
    taken = take_in(town.context, town.org_id, STREAM, [message(town, 1), wrong, broken])
    assert (taken.accepted, taken.refused, taken.seq) == (1, 2, 3)
    manager = system_caller(town.org_id, "test")
    page = streams.list_refusals(town.context, manager, PageRequest(1))
    assert [(one.seq, one.body) for one in page.items] == [(3, b"not json")]
    assert page.next_cursor
    everything = streams.list_refusals(town.context, manager, PageRequest(10)).items
    assert "text" in everything[1].problems[0]["message"]
    [position] = streams.list_streams(town.context, manager)
    assert position == StreamPosition(STREAM, 3, 1, 2, town.context.clock())


def test_an_organisation_that_is_not_there_is_said(context: Context) -> None:
    with pytest.raises(NotFound, match="no organisation 77"):
        streams.check_organisation(context, 77)
