"""Random items with places: every kind of edge that the table of columns can hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.language.intervals import moment_of
from tests.engine.language.rule_maker import NUMBERS, TEXTS, TIMES
from tests.engine.language.world import ARRIVAL, Placed

if TYPE_CHECKING:
    import random

_LETTERS = "abAB éßİΣ👍日.%_'\"\\\n\tfremony123\u00a0\u200b"
_TEXTS = ("text", "other", "link", "class", "select", "we \"ird'\\ name")
_STEPS = (1, 1, 1_000, 60_000_000, 90_000_000, 3_600_000_000, 80_000_000_000)


def make_items(generator: random.Random, count: int) -> list[Placed]:
    items, arrived_at = [], ARRIVAL
    for _ in range(count):
        arrived_at += timedelta(microseconds=generator.choice(_STEPS))
        items.append(Placed(_row(generator, arrived_at), arrived_at))
    return items


def _row(generator: random.Random, arrived_at: datetime) -> dict[str, object]:
    row: dict[str, object] = {
        **{name: _text(generator) for name in _TEXTS},
        "score": _number(generator),
        "size": _number(generator),
        "verified": generator.random() < 0.5,
        "__class__": generator.random() < 0.5,
        "created_at": _time(generator, arrived_at),
        "seen_at": _time(generator, arrived_at),
        "author": _author(generator),
        "tags": [_or_none(generator, _text(generator)) for _ in range(generator.randrange(4))],
        "scores": [_or_none(generator, _number(generator)) for _ in range(generator.randrange(4))],
        "labels": {key: _or_none(generator, _text(generator)) for key in _keys(generator)},
        "weights": {key: _number(generator) for key in _keys(generator)},
        "address": {
            "city": _or_none(generator, _text(generator)),
            "zip": _or_none(generator, _number(generator)),
        },
        "_creator": {
            "bio": _or_none(generator, _text(generator)),
            "karma": _or_none(generator, _number(generator)),
            "joined": _or_none(generator, _time(generator, arrived_at)),
            "badges": [
                _or_none(generator, _text(generator)) for _ in range(generator.randrange(3))
            ],
        },
        "channel": _author(generator),
        "_thread": {
            "topic": _or_none(generator, _text(generator)),
            "members": _or_none(generator, _number(generator)),
            "open": _or_none(generator, generator.random() < 0.5),
            "votes": {key: _number(generator) for key in _keys(generator)},
        },
        "pages": [_or_none(generator, _page(generator)) for _ in range(generator.randrange(3))],
    }
    return {name: value for name, value in row.items() if generator.random() > 0.15}


def _or_none(generator: random.Random, value: object) -> object:
    return None if generator.random() < 0.15 else value


def _text(generator: random.Random) -> str:
    if generator.random() < 0.5:
        return generator.choice(TEXTS)
    return "".join(generator.choices(_LETTERS, k=generator.randrange(12)))


def _number(generator: random.Random) -> float:
    match generator.randrange(3):
        case 0:
            return generator.choice(NUMBERS)
        case 1:
            return float(generator.randrange(-5, 6))
        case _:
            return generator.uniform(-10, 10) * 10.0 ** generator.randrange(-3, 4)


def _time(generator: random.Random, arrived_at: datetime) -> datetime:
    if generator.random() < 0.3:
        return moment_of(generator.choice(TIMES))
    return arrived_at - timedelta(seconds=generator.randrange(-1_000_000, 10_000_000))


def _author(generator: random.Random) -> dict[str, object]:
    return {"id": generator.choice("uvw"), "typeId": generator.choice(("user", "page"))}


def _page(generator: random.Random) -> dict[str, object]:
    tags = [_or_none(generator, _text(generator)) for _ in range(generator.randrange(3))]
    return {
        "link": _or_none(generator, _text(generator)),
        "size": _or_none(generator, _number(generator)),
        "tags": _or_none(generator, tags),
    }


def _keys(generator: random.Random) -> list[str]:
    return [key for key in ("k", "", "none", "it's") if generator.random() < 0.5]
