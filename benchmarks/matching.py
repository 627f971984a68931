"""Terms over 100,000 texts of about 120 characters, beside the bare library on the same data.

`match_5000` and `match_50000`: words of 50 banks; `match_5000_word` and `match_5000_substring`: one
bank. The bare library answers "does anything match" for substrings of lower-cased ASCII; ours
folds case for every script, keeps words whole and says which bank it was. `match_variant`: 5,000
terms in any disguise. Both sides are timed in turns, in processor time; `ratio` is the median of
the turns' ratios.
"""

from __future__ import annotations

import json
import random
import statistics
import string
import sys
import time
from typing import TYPE_CHECKING

from engine.text import Automaton, Bank, Mode, Term
from engine.text.literals import hyperscan

if TYPE_CHECKING:
    from collections.abc import Callable

    Match = Callable[[list[str]], object]

TEXTS = 100_000
RUNS = 7


def word(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(5, 10)))


def main() -> None:
    if hyperscan is None:
        sys.exit("matching is measured beside hyperscan, which this machine does not have")
    for size in (5_000, 50_000):
        rng = random.Random(1)
        terms = sorted({word(rng) for _ in range(size)})
        vocabulary = [word(rng) for _ in range(20_000)]
        texts = [text(rng, vocabulary, terms) for _ in range(TEXTS)]
        peer = bare_library(terms)
        banks = [Bank(str(n), str(n), tuple(map(Term, terms[n::50]))) for n in range(50)]
        report(f"match_{size}", Automaton.build(banks).hits_batch, peer, texts)
        for name, mode in SINGLE[size]:
            bank = Bank("b", "b", tuple(Term(each, mode) for each in terms))
            report(name, Automaton.build([bank]).hits_batch, peer, texts)


SINGLE: dict[int, tuple[tuple[str, Mode], ...]] = {
    5_000: (
        ("match_5000_word", Mode.WORD),
        ("match_5000_substring", Mode.SUBSTRING),
        ("match_variant", Mode.VARIANT),
    ),
    50_000: (("match_50000_variant", Mode.VARIANT),),
}


def text(rng: random.Random, vocabulary: list[str], terms: list[str]) -> str:
    words = rng.choices(vocabulary, k=14)
    if rng.random() < 0.2:
        words[rng.randrange(14)] = rng.choice(terms)
    return " ".join(words).capitalize()


def bare_library(terms: list[str]) -> Match:
    """The loop that the library's own documentation shows."""
    database = hyperscan.Database()
    flags = [hyperscan.HS_FLAG_CASELESS] * len(terms)
    database.compile(
        expressions=[term.encode() for term in terms],
        ids=list(range(len(terms))),
        elements=len(terms),
        flags=flags,
        literal=True,
    )
    scratch = hyperscan.Scratch(database)

    def count(texts: list[str]) -> int:
        matched = 0
        for each in texts:
            found: list[int] = []
            database.scan(each.encode(), keep, 0, found, scratch)
            matched += bool(found)
        return matched

    return count


def keep(term: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(term)


def seconds(match: Match, texts: list[str]) -> float:
    start = time.process_time()
    match(texts)
    return time.process_time() - start


def report(name: str, ours: Match, peer: Match, texts: list[str]) -> None:
    turns = [(seconds(peer, texts), seconds(ours, texts)) for _ in range(RUNS)]
    line = {
        "name": name,
        "value": round(TEXTS / min(own for _, own in turns)),
        "unit": "texts/s",
        "peer": "hyperscan",
        "peer_value": round(TEXTS / min(other for other, _ in turns)),
        "ratio": round(statistics.median(other / own for other, own in turns), 2),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
