"""Everything that happens in the town, as one endless stream in order of time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.simulation.chance import Chance, happens, weighted
from engine.simulation.people import LANGUAGES
from engine.simulation.scenes import Scene, everyday, pile_on, scam_seller, spam_campaign, worry
from engine.simulation.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.simulation.events import Event

# How often a new scene is of a kind, and how many items it brings on average.
SCENES: Final[Mapping[str, float]] = {
    "everyday": 0.962,
    "spam": 0.009,
    "pile_on": 0.012,
    "scam": 0.014,
    "worry": 0.003,
}
_ITEMS_PER_SCENE: Final = 2.9
_RETURNING: Final = 0.72


@dataclass(frozen=True)
class Pace:
    """items_per_second: of simulated time, on average, once the town is awake."""

    start: datetime
    items_per_second: float


def traffic(chance: Chance, pace: Pace) -> Iterator[Event]:
    """An endless stream; the same luck and pace give the same stream."""
    town = Town(chance)
    between = _ITEMS_PER_SCENE / pace.items_per_second
    agenda: list[tuple[float, int, Scene | None]] = [(0.0, 0, None)]
    serial = 0
    while True:
        seconds, _, scene = heapq.heappop(agenda)
        now = pace.start + timedelta(seconds=seconds)
        serial += 1
        if scene is None:
            heapq.heappush(agenda, (seconds + chance.expovariate(1 / between), serial, None))
            scene = _new_scene(town, now)
            step = next(scene, None)
        else:
            step = _go_on(scene, now)
        while step is not None and not isinstance(step, float):
            yield step
            step = _go_on(scene, now)
        if step is not None:
            serial += 1
            heapq.heappush(agenda, (seconds + step, serial, scene))


def _go_on(scene: Scene, now: datetime) -> float | Event | None:
    """The scene's next step, or None when it is over."""
    try:
        return scene.send(now)
    except StopIteration:
        return None


def _new_scene(town: Town, now: datetime) -> Scene:
    kind = weighted(town.chance, SCENES)
    if kind == "spam":
        return spam_campaign(town, weighted(town.chance, LANGUAGES), now)
    if kind == "pile_on":
        return pile_on(town, now)
    if kind == "scam":
        return scam_seller(town, weighted(town.chance, LANGUAGES), now)
    is_new = not town.people or not happens(town.chance, _RETURNING)
    person = town.newcomer(now) if is_new else town.chance.choice(town.people)
    if kind == "worry" and not is_new:
        return worry(town, person, now)
    return everyday(town, person, is_new=is_new, now=now)
