"""How many near duplicates share a key of `near_duplicate_key()`, and how many other texts do.

Over the texts of a labelled set (`WINNOW_DATA`, else `../shared/data`): each is changed as
campaigns change theirs, and the share of changed texts that keep a key of theirs is the recall;
among pairs of different texts, the share that have a key in common is the rate of false alarms. One
line for each number of keys asked.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from engine.text.similarity import near_duplicate_band

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Change = Callable[[random.Random, str], str]

DATA = Path(os.environ.get("WINNOW_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
SETS = ("sms_spam", "sms_smishing", "youtube_spam")
MOST = 1_000
SHORTEST = 40
BANDS = (1, 2, 3, 4, 8)
LEET = str.maketrans("aeios", "43105")


def disguised(rng: random.Random, text: str) -> str:
    return "".join(c.translate(LEET) if rng.random() < 0.3 else c for c in text)


def renumbered(rng: random.Random, text: str) -> str:
    digits = "".join(str(rng.randrange(10)) if c.isdigit() else c for c in text)
    return f"{digits} {rng.randrange(100_000)}"


def one_word_changed(rng: random.Random, text: str) -> str:
    words = text.split()
    words[rng.randrange(len(words))] = rng.choice(("today", "friend", "offer", "please"))
    return " ".join(words)


def three_words_changed(rng: random.Random, text: str) -> str:
    for _ in range(3):
        text = one_word_changed(rng, text)
    return text


def greeted(rng: random.Random, text: str) -> str:
    return f"{rng.choice(('Hi there,', 'Dear customer,', 'Hey!'))} {text}"


def misspelled(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


CHANGES: tuple[Change, ...] = (
    disguised,
    renumbered,
    one_word_changed,
    three_words_changed,
    greeted,
    misspelled,
)


def texts_of(name: str) -> list[str]:
    """Long enough to have near duplicates, each once."""
    column = pq.read_table(DATA / "text" / f"{name}.parquet", columns=["text"]).column("text")
    found = dict.fromkeys(t for t in column.to_pylist() if t and len(t) >= SHORTEST)
    return list(found)[:MOST]


def keys(text: str) -> list[str | None]:
    return [near_duplicate_band(text, band) for band in range(max(BANDS))]


def share_a_key(one: Sequence[str | None], other: Sequence[str | None], bands: int) -> bool:
    pairs = zip(one[:bands], other[:bands], strict=True)
    return any(a is not None and a == b for a, b in pairs)


def alarms(known: Sequence[Sequence[str | None]], bands: int) -> int:
    """Pairs of different texts with a key in common."""
    owners: dict[str, list[int]] = defaultdict(list)
    for place, mine in enumerate(known):
        for key in mine[:bands]:
            if key is not None:
                owners[key].append(place)
    return len({(a, b) for each in owners.values() for a in each for b in each if a < b})


def measure(name: str) -> None:
    rng, texts = random.Random(1), texts_of(name)
    known = [keys(text) for text in texts]
    changed = {change.__name__: [keys(change(rng, text)) for text in texts] for change in CHANGES}
    pairs = len(texts) * (len(texts) - 1) // 2
    for bands in BANDS:
        recall = {
            change: sum(share_a_key(a, b, bands) for a, b in zip(known, theirs, strict=True))
            / len(texts)
            for change, theirs in changed.items()
        }
        figures = {
            "name": f"near_duplicates_{name}_{bands}",
            "value": round(sum(recall.values()) / len(recall), 3),
            "unit": "recall",
            "texts": len(texts),
            "false_alarms_per_million_pairs": round(1e6 * alarms(known, bands) / pairs, 1),
            **{change: round(share, 3) for change, share in recall.items()},
        }
        sys.stdout.write(json.dumps(figures) + "\n")


def main() -> None:
    for name in SETS:
        measure(name)


if __name__ == "__main__":
    main()
