"""Media wait for their hashes outside any request, and a failing one stops no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.item_types import ITEM_TYPES
from services.media import forget_media, hash_all
from services.timers import timers
from store import media
from tests.services.town import POST, Town

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Context
    from store.media import Medium, WaitingMedium
    from tests.world import MovableClock, Organisation

IMAGES = {
    "name": "images",
    "type": "IMAGE",
    "container": {"containerType": "ARRAY", "keyScalarType": None, "valueScalarType": "IMAGE"},
}
PICTURES = [{"url": "https://a.example/1.jpg"}, {"url": "https://a.example/2.jpg"}]


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    made = Town(context, org.org_id)
    made.update(ITEM_TYPES, made.post, {**POST, "fields": [*POST["fields"], IMAGES]})
    return made


def known(town: Town) -> list[Medium]:
    [row] = town.rows("SELECT DISTINCT item_id FROM submissions")
    with town.context.database.transaction(town.org_id) as tx:
        return media.of_item(tx, town.post, row.item_id)


def test_media_are_noted_once_when_their_item_is_evaluated(town: Town) -> None:
    town.send("a", images=PICTURES)
    assert known(town) == []
    town.evaluate()
    assert [(m.path, m.state) for m in known(town)] == [
        ("/images/0", "waiting"),
        ("/images/1", "waiting"),
    ]


def test_what_the_hasher_says_is_kept(town: Town) -> None:
    asked: list[str] = []

    def hasher(medium: WaitingMedium) -> Mapping[str, str]:
        asked.append(medium.url)
        return {"pdq": "f" * 64}

    town.send("a", images=PICTURES)
    town.evaluate()
    assert hash_all(town.context, hasher) == 2
    assert hash_all(town.context, hasher) == 0
    assert sorted(asked) == [one["url"] for one in PICTURES]
    assert [(m.state, m.hashes) for m in known(town)] == [("hashed", {"pdq": "f" * 64})] * 2


def test_one_that_fails_is_tried_again_and_then_given_up(town: Town, clock: MovableClock) -> None:
    def hasher(medium: WaitingMedium) -> Mapping[str, str]:
        if medium.path == "/images/0":
            raise OSError("no such picture")
        return {"pdq": "0"}

    town.send("a", images=PICTURES)
    town.evaluate()
    tried = []
    for _ in range(6):
        tried.append(hash_all(town.context, hasher))
        clock.advance(hours=2)
    assert tried == [2, 1, 1, 1, 0, 0]
    first, second = known(town)
    assert (first.state, first.error) == ("failed", "OSError: no such picture")
    assert (second.state, second.error) == ("hashed", None)


def test_without_a_hasher_nothing_is_asked() -> None:
    names = {timer.name for timer in timers(None)}
    assert "media" not in names
    assert {timer.name for timer in timers(None, lambda _: {})} == names | {"media"}


def test_media_are_forgotten_in_time(town: Town, clock: MovableClock) -> None:
    town.send("a", images=PICTURES)
    town.evaluate()
    [row] = town.rows("SELECT max(arrived_at) AS at FROM media")
    clock.now = row.at
    clock.advance(days=29)
    assert forget_media(town.context) == 0
    clock.advance(days=2)
    assert forget_media(town.context) == 2
