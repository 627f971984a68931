"""Who lives on the simulated platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from engine.simulation.chance import Chance, happens, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LANGUAGES: Final[Mapping[str, float]] = {
    "en": 0.52,
    "es": 0.13,
    "de": 0.10,
    "pt": 0.09,
    "fr": 0.09,
    "ja": 0.07,
}
COUNTRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("US", "GB", "IE", "AU", "CA", "IN", "NG"),
    "es": ("ES", "MX", "AR", "CO", "CL"),
    "de": ("DE", "AT", "CH"),
    "pt": ("BR", "PT"),
    "fr": ("FR", "BE", "CA", "SN"),
    "ja": ("JP",),
}
GIVEN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("amy", "ben", "chloe", "dev", "ella", "finn", "grace", "hamid", "ivy", "jack", "kemi"),
    "es": ("ana", "bruno", "carla", "diego", "elena", "javi", "lucia", "mateo", "noa", "paz"),
    "de": ("anna", "bernd", "clara", "emil", "frieda", "jonas", "lena", "moritz", "uwe"),
    "pt": ("bia", "caio", "duda", "igor", "joana", "lara", "nuno", "rui", "tiago"),
    "fr": ("aline", "basile", "chloe", "driss", "elise", "hugo", "lou", "manon", "yann"),
    "ja": ("aoi", "daiki", "emi", "haru", "kenta", "mei", "ren", "sora", "yui"),
}
_WORDS: Final = ("reads", "bakes", "runs", "cycles", "paints", "codes", "sails", "knits", "gardens")


@dataclass(frozen=True)
class Person:
    user_id: str
    name: str
    language: str
    country: str
    joined_at: datetime
    followers: int
    verified: bool

    def age_days(self, at: datetime) -> float:
        """Never negative; two decimals, as platforms report it."""
        return max(0.0, round((at - self.joined_at) / timedelta(days=1), 2))


def ordinary_person(chance: Chance, number: int, now: datetime) -> Person:
    """One in twelve joined this week; half of the others more than a year ago."""
    language = weighted(chance, LANGUAGES)
    days = chance.random() * 7 if happens(chance, 0.08) else chance.lognormvariate(5.9, 1.1)
    given = chance.choice(GIVEN_NAMES[language])
    name = f"{given}_{chance.choice(_WORDS)}{_suffix(chance)}"
    return Person(
        user_id=f"u{number}",
        name=name,
        language=language,
        country=chance.choice(COUNTRIES[language]),
        joined_at=now - timedelta(days=min(days, 4000.0)),
        followers=int(chance.lognormvariate(4.0, 1.4)),
        verified=happens(chance, 0.04),
    )


def throwaway_person(chance: Chance, number: int, now: datetime, language: str) -> Person:
    """Made for a campaign: young, unknown, named by a program."""
    given = chance.choice(GIVEN_NAMES[language])
    return Person(
        user_id=f"u{number}",
        name=f"{given}{chance.randint(1000, 99999)}",
        language=language,
        country=chance.choice(COUNTRIES[language]),
        joined_at=now - timedelta(days=chance.expovariate(1 / 2.5)),
        followers=chance.randint(0, 6),
        verified=False,
    )


def _suffix(chance: Chance) -> str:
    return str(chance.randint(1, 99)) if happens(chance, 0.6) else ""
