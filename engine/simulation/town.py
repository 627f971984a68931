"""The simulated platform itself: its people, what they wrote lately, and how a thing is written."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.simulation.events import Offence, Ref, Thing, Written
from engine.simulation.grammar import expand
from engine.simulation.people import Person, ordinary_person, throwaway_person
from engine.simulation.phrases import GRAMMARS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.simulation.chance import Chance

_LINK = re.compile(r"https?://\S+")
_HASHTAG = re.compile(r"#\w+")
_REMEMBERED = 400


@dataclass
class Town:
    chance: Chance
    people: list[Person] = field(default_factory=list)
    recent: deque[tuple[Written, Person]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _numbers: dict[str, int] = field(default_factory=dict)

    def next_number(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def newcomer(self, now: datetime) -> Person:
        person = ordinary_person(self.chance, self.next_number("u"), now)
        self.people.append(person)
        return person

    def throwaway(self, now: datetime, language: str) -> Person:
        return throwaway_person(self.chance, self.next_number("u"), now, language)

    def says(self, language: str, symbol: str, given: Mapping[str, str] | None = None) -> str:
        return expand(GRAMMARS[language], symbol, self.chance, given)

    def ref(self, thing: Thing) -> Ref:
        letter = thing.value[0].lower()
        return Ref(thing, f"{letter}{self.next_number(thing.value)}")

    def account_of(self, person: Person) -> Ref:
        return Ref(Thing.ACCOUNT, person.user_id)

    def profile(self, person: Person, at: datetime, offence: Offence | None = None) -> Written:
        bio = self.says(person.language, "bio")
        data: dict[str, object] = {
            "name": person.name,
            "bio": bio,
            "joined_at": person.joined_at.isoformat(),
            "country": person.country,
            "language": person.language,
            "followers": person.followers,
            "verified": person.verified,
            **_truth(offence),
        }
        return Written(self.account_of(person), at, data, {}, offence)

    def written(
        self,
        thing: Thing,
        person: Person,
        at: datetime,
        data: Mapping[str, object],
        *,
        refs: Mapping[str, Ref] | None = None,
        offence: Offence | None = None,
    ) -> Written:
        """Anything with an author: what every such item type has is filled in here."""
        full: dict[str, object] = {
            "created_at": at.isoformat(),
            "language": person.language,
            "country": person.country,
            "account_age_days": person.age_days(at),
            "author_joined_at": person.joined_at.isoformat(),
            "reports": 0,
            **data,
            **_truth(offence),
        }
        pointing = {"author": self.account_of(person), **(refs or {})}
        made = Written(self.ref(thing), at, full, pointing, offence)
        if thing in {Thing.POST, Thing.COMMENT}:
            self.recent.append((made, person))
        return made

    def post(
        self, person: Person, at: datetime, text: str, offence: Offence | None = None
    ) -> Written:
        return self.written(Thing.POST, person, at, _text_fields(text), offence=offence)

    def reply(
        self,
        person: Person,
        at: datetime,
        text: str,
        under: Written,
        offence: Offence | None = None,
    ) -> Written:
        refs = {"parent": under.ref, "thread": under.refs.get("thread", under.ref)}
        return self.written(
            Thing.COMMENT, person, at, _text_fields(text), refs=refs, offence=offence
        )


def _text_fields(text: str) -> dict[str, object]:
    return {"text": text, "links": _LINK.findall(text), "hashtags": _HASHTAG.findall(text)}


def _truth(offence: Offence | None) -> dict[str, object]:
    return {
        "simulated_truth": offence is not None,
        "simulated_policy": offence.value if offence else None,
    }
