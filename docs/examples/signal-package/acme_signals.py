"""Signals of the Acme company. Winnow finds them through the entry point in pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.signals import Cost, Failed, ModelCard, Option, Signal, Threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.signals.signal import Options

RUDE = {"en": {"idiot", "stupid", "shut"}, "de": {"dumm", "idiot", "halt"}}
LONGEST = 10_000


def rudeness(values: Sequence[str], options: Options) -> list[float | Failed]:
    """The share of rude words, 0 to 1."""
    known = RUDE.get(str(options.get("language", "en")))
    if known is None:
        return [Failed("no such language")] * len(values)
    return [_share(value, known) for value in values]


def _share(text: str, rude: set[str]) -> float | Failed:
    if len(text) > LONGEST:
        return Failed("longer than 10,000 characters")
    words = text.casefold().split()
    return sum(word.strip(".,!?") in rude for word in words) / len(words) if words else 0.0


def shouting(values: Sequence[str], _options: Options) -> list[bool | None]:
    """None where there are no letters to tell by."""
    return [value.isupper() if any(map(str.isalpha, value)) else None for value in values]


def signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="acme.rudeness",
            version="1",
            summary="How rude the text is, 0 to 1: the share of rude words.",
            takes=("TEXT",),
            gives="NUMBER",
            answer=rudeness,
            cost=Cost.MODEL,
            options=(Option("language", "TEXT", summary="en or de; en if left out."),),
            languages=("en", "de"),
            thresholds=(
                Threshold(0.2, "review", "finds most insults, one in three wrongly"),
                Threshold(0.5, "act"),
            ),
            card=ModelCard(
                intended_use="A first look at comments.",
                limitations="Knows six words, and nothing of irony.",
                licence="Apache-2.0",
            ),
            deadline_s=1.0,
            at_once=4,
            batch=256,
        ),
        Signal(
            name="acme.shouting",
            version="1",
            summary="Whether every letter is a capital.",
            takes=("TEXT",),
            gives="BOOLEAN",
            answer=shouting,
            cost=Cost.LOCAL,
        ),
    )
