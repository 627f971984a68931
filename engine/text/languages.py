"""Which language a text is written in."""

from __future__ import annotations

import unicodedata

import pycld2

from engine.text.folding import well_formed


def language(text: str) -> str | None:
    """ISO 639 code such as `en`, `pt`, `zh`; None where the text is too short or mixed to tell.

    Compact Language Detector 2: the same answer for the same text, on every machine.
    """
    readable = "".join(
        char if unicodedata.category(char)[0] != "C" else " " for char in well_formed(text)
    )
    reliable, _, details = pycld2.detect(readable, isPlainText=True, bestEffort=False)
    code: str = details[0][1]
    return code.partition("-")[0] if reliable and code != "un" else None
