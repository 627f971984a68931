"""What the simulated platform's policy team has written into its banks.

Written by people who have not seen the simulator's phrases all the way through: it misses some,
and catches a few that it should not, as real lists do.
"""

from __future__ import annotations

from typing import Final

from engine.configuration.banks import TextBank
from engine.text import Mode, Term


def _words(*texts: str) -> tuple[Term, ...]:
    return tuple(Term(text, Mode.WORD) for text in texts)


def _parts(*texts: str) -> tuple[Term, ...]:
    return tuple(Term(text, Mode.SUBSTRING) for text in texts)


SPAM_PHRASES: Final = TextBank(
    bank_id="",
    version=0,
    name="spam phrases",
    description="Offers of quick money and prizes, as campaigns word them.",
    terms=(
        *_words(
            "guaranteed profit",
            "make money fast",
            "crypto signals",
            "bitcoin mining",
            "free gift card",
            "giveaway ticket",
            "you have been selected",
            "earn $300",
            "earn $950",
            "schnelles geld",
            "garantierter gewinn",
            "gratis gutschein",
            "ganancia garantizada",
            "dinero rápido",
            "lucro garantido",
            "dinheiro rápido",
            "gain garanti",
            "argent facile",
        ),
        *_parts("必ず儲かる", "簡単に稼げる", "ギフトカード無料"),
    ),
)

INSULTS: Final = TextBank(
    bank_id="",
    version=0,
    name="insults",
    description="Personal insults in the languages of the platform.",
    terms=(
        *_words("idiot", "moron", "loser", "pathetic clown", "stupid cow", "shut up"),
        *_words("trottel", "versager", "depp", "halt die klappe"),
        *_words("idiota", "imbécil", "payaso", "cállate", "inútil"),
        *_words("imbecil", "palhaço", "otário", "cala a boca"),
        *_words("abruti", "minable", "ferme-la"),
        *_parts("黙れ", "負け犬", "役立たず"),
    ),
)

WORRYING_WORDS: Final = TextBank(
    bank_id="",
    version=0,
    name="worrying words",
    description="Words of people who may need somebody to talk to. For care, not for punishment.",
    terms=(
        *_words("want to disappear", "cannot go on", "not wake up", "do not see the point"),
        *_words("sehe keinen sinn mehr", "nicht mehr weitermachen"),
        *_words("no puedo seguir así", "no le veo sentido"),
        *_words("não vejo mais sentido", "não aguento mais"),
        *_words("je n'en peux plus", "plus l'intérêt de rien"),
        *_parts("消えてしまいたい", "もう続けられない"),
    ),
)

DISGUISED_SPELLING: Final = TextBank(
    bank_id="",
    version=0,
    name="disguised spelling",
    description="Words spelled so that a list does not see them.",
    terms=(
        Term(r"([a-zA-Z]\.){4,}[a-zA-Z]", Mode.REGEX, "s.p.a.c.e.d"),
        Term(r"[a-zA-Z][013457][a-zA-Z]?[013457][a-zA-Z]", Mode.REGEX, "l3e7"),
        Term("[a-zA-Z][\u0400-\u04ff]|[\u0400-\u04ff][a-zA-Z]", Mode.REGEX, "mixed alphabets"),
        Term("\u200b", Mode.SUBSTRING, "zero width space"),
    ),
)

BANKS: Final = (SPAM_PHRASES, INSULTS, WORRYING_WORDS, DISGUISED_SPELLING)
