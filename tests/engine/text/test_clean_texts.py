"""How often variant mode finds in clean texts what word mode does not."""

from __future__ import annotations

import json

import polars as pl
import pytest

from engine.text import Automaton, Bank, Mode, Term
from tests.left_out import DATA

pytestmark = pytest.mark.data

MOST = {
    "sms_spam": 0.005,
    "youtube_spam": 0.01,
    "wiki_context_toxicity": 0.005,
    "germeval2018": 0.005,
    "told_br": 0.005,
    "stormfront": 0.015,
}
"""The share of texts; most of them hold an inflection of a term, and are no false alarm."""


def profanity() -> list[str]:
    entries = json.loads((DATA / "banks/profanity_words/en.json").read_text(encoding="utf-8"))
    words = {
        word.replace("*", "").strip() for entry in entries for word in entry["match"].split("|")
    }
    return sorted(word for word in words if len(word) >= 3)


def clean_texts(name: str) -> list[str]:
    rows = pl.read_parquet(DATA / f"text/{name}.parquet", columns=["text", "violating"])
    return rows.filter(~pl.col("violating"))["text"].drop_nulls().to_list()


@pytest.mark.parametrize("name", MOST)
def test_clean_texts_stay_clean(name: str) -> None:
    words = profanity()
    banks = [
        Bank(mode.value, mode.value, tuple(Term(word, mode) for word in words))
        for mode in (Mode.WORD, Mode.VARIANT)
    ]
    answers = Automaton.build(banks).hits_batch(clean_texts(name))
    assert all(1 in hits for hits in answers if 0 in hits)
    assert sum(hits == {1} for hits in answers) <= MOST[name] * len(answers)
