"""What people say, by language. Every grammar has the same starting symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.simulation.phrases.de import GERMAN
from engine.simulation.phrases.en import ENGLISH
from engine.simulation.phrases.es import SPANISH
from engine.simulation.phrases.fr import FRENCH
from engine.simulation.phrases.ja import JAPANESE
from engine.simulation.phrases.pt import PORTUGUESE

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAMMARS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "en": ENGLISH,
    "de": GERMAN,
    "es": SPANISH,
    "pt": PORTUGUESE,
    "fr": FRENCH,
    "ja": JAPANESE,
}

STARTS: Final = (
    "post",
    "comment",
    "message",
    "bio",
    "listing_title",
    "listing_description",
    "appeal",
    "spam",
    "insult",
    "scam_title",
    "scam_description",
    "worry",
)
