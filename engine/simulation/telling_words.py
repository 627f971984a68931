"""Words that tell violating texts from clean ones, learned from labelled texts.

A word's score is the logarithm of its odds ratio (Haldane's half added to every cell) divided by
its standard error, so that a word must be both telling and frequent. It must also be right often
enough to be worth a look: at least halfway between the share of violating texts and all of them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WORD: Final = re.compile(r"[^\W\d_]{3,24}")
# Scripts that write no spaces: there, pairs of letters stand in for words.
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_LEAST_SCORE: Final = 2.5
_LEAST_TEXTS: Final = 4


def words_of(text: str) -> frozenset[str]:
    lowered = text.casefold()
    runs = _UNSPACED.findall(lowered)
    pairs = (run[at : at + 2] for run in runs for at in range(len(run) - 1))
    return frozenset(_WORD.findall(_UNSPACED.sub(" ", lowered))) | frozenset(pairs)


def is_unspaced(word: str) -> bool:
    return _UNSPACED.fullmatch(word) is not None


def telling_words(labelled: Iterable[tuple[str, bool]], limit: int) -> Sequence[str]:
    """At most `limit` words of violating texts, the most telling first; ties by alphabet."""
    violating: Counter[str] = Counter()
    clean: Counter[str] = Counter()
    totals = {True: 0, False: 0}
    for text, is_violating in labelled:
        totals[is_violating] += 1
        (violating if is_violating else clean).update(words_of(text))
    scored = [
        (-_score(count, clean[word], totals[True], totals[False]), word)
        for word, count in violating.items()
        if count >= _LEAST_TEXTS and _is_right_often(count, clean[word], totals)
    ]
    return [word for score, word in sorted(scored) if -score >= _LEAST_SCORE][:limit]


def _is_right_often(violating: int, clean: int, totals: Mapping[bool, int]) -> bool:
    share = totals[True] / (totals[True] + totals[False])
    return violating / (violating + clean) >= (1 + share) / 2


def _score(violating: int, clean: int, all_violating: int, all_clean: int) -> float:
    cells = (violating, all_clean - clean, clean, all_violating - violating)
    with_half = [count + 0.5 for count in cells]
    log_odds = math.log(with_half[0] * with_half[1] / (with_half[2] * with_half[3]))
    return log_odds / math.sqrt(sum(1 / count for count in with_half))
