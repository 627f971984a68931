"""What readers and authors say in a run without pace: heard while it plays, sent when it is over.

The figures of the items are told apart from them: a report makes its item a submission anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cli.demo_player import wire_item
from cli.demo_voices import Voices
from engine.simulation.events import Appealed, Event, Reported, Written

_MOST_REPORTS = 200


@dataclass
class Speech:
    voices: Voices
    reports: list[Reported] = field(default_factory=list)

    def overheard(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events; what is said in them is kept."""
        for event in events:
            match event:
                case Written():
                    self.voices.remember(event, wire_item(event, self.voices.type_ids))
                case Reported():
                    self.reports.append(event)
                case Appealed():
                    self.voices.appeal(event)
            yield event

    def sent(self, now: datetime) -> tuple[int, int]:
        """The latest reports, and every appeal against what was done: how many were taken."""
        reports = sum(self.voices.report(each) for each in self.reports[-_MOST_REPORTS:])
        return reports, self.voices.speak(now)
