"""What is derived from an item on request: the words spoken in its videos.

A transcriber is a signal like any other, from any package that is installed: one that takes VIDEO,
gives TEXT, and whose name ends in `.transcription`. Of several, the first by name is asked.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine.errors import InvalidInput, Problem
from engine.items import Scalar
from engine.items.media import media_references
from engine.items.refusal import json_pointer
from engine.signals.asking import Question
from services.signal_calls import asker_of
from services.signals import installed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.items import Item, ItemType
    from engine.signals import Signal

TRANSCRIPTION: Final = "VIDEO_TRANSCRIPTION"
TRANSCRIBER: Final = ".transcription"
ONE_FIELD: Final = "CONTENT_FIELD"
MOST_DERIVED: Final = 20


@dataclass(frozen=True)
class Derivation:
    """asked: the query value as it was sent. spec: what it says."""

    asked: str
    spec: Mapping[str, Any]

    @property
    def source(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.spec["source"]
        return found


def read_derivations(asked: Sequence[str]) -> tuple[Derivation, ...]:
    """Of query values, each base64url of a JSON object. Raises InvalidInput."""
    if len(asked) > MOST_DERIVED:
        raise InvalidInput(f"at most {MOST_DERIVED} derived fields can be asked for")
    return tuple(Derivation(one, _spec(one)) for one in asked)


def _spec(encoded: str) -> dict[str, Any]:
    """With `derivationType` and `source`."""
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        decoded = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError) as error:
        raise _wrong("it is not base64url of a JSON object") from error
    if not isinstance(decoded, dict) or decoded.get("derivationType") != TRANSCRIPTION:
        raise _wrong(f"its derivationType must be {TRANSCRIPTION}")
    if not isinstance(decoded.get("source"), dict):
        raise _wrong("its source must be an object")
    return decoded


def _wrong(why: str) -> InvalidInput:
    message = f"The query parameter includeDerivedField cannot be read: {why}."
    return InvalidInput(message, problems=(Problem(message),))


def derived_fields(
    derivations: Sequence[Derivation], item: Item, item_type: ItemType
) -> dict[str, dict[str, Any]]:
    """By each query value: what it asks for, and its value; null without an answer."""
    videos = {one.asked: _videos(one, item, item_type) for one in derivations}
    heard = _transcribed({url for urls in videos.values() for url in urls})
    return {
        one.asked: {"value": _together(videos[one.asked], heard), "field": one.spec}
        for one in derivations
    }


def _videos(derivation: Derivation, item: Item, item_type: ItemType) -> list[str]:
    """The addresses in one field, or in the whole item."""
    found = [one for one in media_references(item_type, item.data) if one.kind == Scalar.VIDEO]
    if derivation.source.get("type") != ONE_FIELD:
        return [one.url for one in found]
    if derivation.source.get("contentTypeId") != item_type.type_id:
        return []
    place = json_pointer((str(derivation.source.get("name")),))
    return [one.url for one in found if one.path == place or one.path.startswith(f"{place}/")]


def _transcribed(urls: set[str]) -> dict[str, str]:
    """Of videos whose words are known, those."""
    transcriber = _transcriber(installed().signals)
    if transcriber is None or not urls:
        return {}
    asked = tuple(sorted(urls))
    (reply,) = asker_of()([Question(transcriber, (), asked)])
    return {url: str(text) for url, text in zip(asked, reply.answers, strict=True) if text}


def _transcriber(signals: Mapping[str, Signal]) -> Signal | None:
    return next(
        (
            signal
            for name, signal in sorted(signals.items())
            if name.endswith(TRANSCRIBER)
            and "VIDEO" in signal.takes
            and signal.gives == "TEXT"
            and all(option.optional for option in signal.options)
        ),
        None,
    )


def _together(urls: Sequence[str], heard: Mapping[str, str]) -> str | None:
    known = [heard[url] for url in urls if url in heard]
    return " ".join(known) or None
