"""The people of the simulated town who speak up: readers report, authors appeal.

Both go to the API as a platform's server sends them, with the item as the platform has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from app.winnow_client import ApiError, platform
from engine.simulation.events import Appealed, Ref, Reported, Written

_REMEMBERED = 20_000


@dataclass
class Voices:
    """acted: the ids of the actions that the platform was told to take on an item, by its own id.

    policies: ids by name. tell: is told of a report or an appeal that was refused.
    """

    sender: platform.Platform
    type_ids: Mapping[str, str]
    policies: Mapping[str, str]
    acted: Mapping[str, Sequence[str]]
    tell: Callable[[str], object]
    written: dict[Ref, platform.Item] = field(default_factory=dict)
    appealing: dict[Ref, Appealed] = field(default_factory=dict)
    appealed: set[Ref] = field(default_factory=set)

    def remember(self, item: Written, wire: Mapping[str, object]) -> None:
        """wire: the item as it was sent."""
        self.written[item.ref] = platform.Item(
            item.ref.item_id, self.type_ids[item.ref.thing], dict(_data(wire))
        )
        for oldest in list(islice(self.written, max(len(self.written) - _REMEMBERED, 0))):
            del self.written[oldest]

    def report(self, event: Reported) -> bool:
        """Whether it was taken; what the platform has forgotten cannot be reported."""
        item = self.written.get(event.target)
        if item is None:
            return False
        try:
            self.sender.report(
                self._ref(event.reporter),
                item,
                reported_at=event.at,
                policy_id=self.policies.get(event.reason),
                reason=f"Looks like this to me: {event.reason.value.lower()}.",
            )
        except ApiError as refused:
            self.tell(f"A report was refused: {refused.message}")
            return False
        return True

    def appeal(self, event: Appealed) -> None:
        """Kept until something was done about the item: before, there is nothing to appeal."""
        if event.target not in self.appealed:
            self.appealing[event.target] = event

    def speak(self, now: datetime) -> int:
        """How many appeals were taken, of the authors who have heard what was done by now."""
        heard = [event for event in self.appealing.values() if event.target.item_id in self.acted]
        return sum(self._send(self.appealing.pop(event.target), now) for event in heard)

    def _send(self, event: Appealed, now: datetime) -> bool:
        self.appealed.add(event.target)
        item = self.written.get(event.target)
        if item is None:
            return False
        try:
            self.sender.appeal(
                f"appeal-{event.target.thing}-{event.target.item_id}".lower(),
                self._ref(event.author),
                item,
                appealed_at=now,
                action_ids=tuple(dict.fromkeys(self.acted[event.target.item_id])),
                reason=event.words,
            )
        except ApiError as refused:
            self.tell(f"An appeal was refused: {refused.message}")
            return False
        return True

    def _ref(self, ref: Ref) -> platform.Ref:
        return platform.Ref(ref.item_id, self.type_ids[ref.thing])


def _data(wire: Mapping[str, object]) -> Mapping[str, object]:
    data = wire["data"]
    assert isinstance(data, Mapping)
    return data
