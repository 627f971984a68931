"""Plays what happens in the simulated town through the REST API, as a platform's server would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import httpx
import msgspec

from cli.demo_voices import Voices
from engine.errors import Unavailable
from engine.simulation.events import Appealed, Event, Reported, Written
from engine.simulation.recorded import TRUTH

_TRIES = 8
_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass
class Heard:
    """What the platform remembers of its own traffic.

    sent: items the API took. unsure: items sent again because no answer came, so that they may be
    there twice. truth: by (item type, item id) the offence, "" for one without a name, or None.
    """

    sent: int = 0
    unsure: int = 0
    reports: int = 0
    appeals: int = 0
    by_thing: Counter[str] = field(default_factory=Counter)
    truth: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def remember(self, item: Written) -> None:
        self.sent += 1
        self.by_thing[item.ref.thing] += 1
        self.truth[(item.ref.thing, item.ref.item_id)] = _offence_of(item)


def _offence_of(item: Written) -> str | None:
    if item.data.get(TRUTH) is True:
        judged = item.data.get("judged_against")
        return str(judged).capitalize() if judged else ""
    return item.offence.value if item.offence else None


def wire_item(item: Written, type_ids: Mapping[str, str]) -> dict[str, object]:
    """The flat form of an item, references resolved to item types."""
    refs = {
        name: {"id": ref.item_id, "typeId": type_ids[ref.thing]} for name, ref in item.refs.items()
    }
    return {
        "id": item.ref.item_id,
        "typeId": type_ids[item.ref.thing],
        "data": {**item.data, **refs},
    }


@dataclass(frozen=True)
class Player:
    """http: carries the API key. pause: waits a number of seconds.

    voices: who send reports and appeals; without them only items are played.
    """

    http: httpx.Client
    type_ids: Mapping[str, str]
    heard: Heard
    pause: Callable[[float], object] = time.sleep
    voices: Voices | None = None

    def play(self, events: Iterable[Event], batch: int) -> Iterator[int]:
        """Sends in batches, in order, and yields each batch's size once it is accepted."""
        items = self._items(events)
        while chosen := list(islice(items, batch)):
            self.send(chosen)
            yield len(chosen)

    def send(self, items: list[Written]) -> None:
        """Raises Unavailable when the API refuses or stays away."""
        wire = [wire_item(item, self.type_ids) for item in items]
        body = msgspec.json.encode({"items": wire})
        for attempt in range(_TRIES):
            told = self._post(body)
            if told is not None and told.status_code == httpx.codes.ACCEPTED:
                for item, sent in zip(items, wire, strict=True):
                    self._remember(item, sent)
                return
            if told is not None and told.status_code not in _BUSY:
                raise Unavailable(f"The API refused an item: {told.status_code} {told.text[:500]}")
            self.heard.unsure += len(items) if told is None else 0
            self.pause(0.1 * 2**attempt)
        raise Unavailable("The API does not take items any more.", hint="Look at its log.")

    def _post(self, body: bytes) -> httpx.Response | None:
        try:
            return self.http.post("/items/async/", content=body, headers=_JSON)
        except httpx.HTTPError:
            return None

    def _remember(self, item: Written, sent: Mapping[str, object]) -> None:
        self.heard.remember(item)
        if self.voices:
            self.voices.remember(item, sent)

    def _items(self, events: Iterable[Event]) -> Iterator[Written]:
        for event in events:
            if self.voices:
                self.heard.appeals += self.voices.speak(event.at)
            match event:
                case Written():
                    yield event
                case Reported() if self.voices:
                    self.heard.reports += self.voices.report(event)
                case Appealed() if self.voices:
                    self.voices.appeal(event)


_JSON = {"Content-Type": "application/json"}
