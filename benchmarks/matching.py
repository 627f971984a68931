"""`match_5000`: 5,000 terms over 100,000 short texts, beside the bare library on the same data.

The bare library answers "does anything match" for substrings of lower-cased ASCII; ours folds
case for every script, keeps words whole and says which bank it was.
"""

from __future__ import annotations

import json
import random
import string
import sys
import time
from typing import TYPE_CHECKING

from engine.text import Automaton, Bank, Mode, Term
from engine.text.literals import hyperscan

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = 5_000
TEXTS = 100_000
RUNS = 5


def word(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(5, 10)))


def main() -> None:
    if hyperscan is None:
        sys.exit("match_5000 is measured beside hyperscan, which this machine does not have")
    rng = random.Random(1)
    terms = sorted({word(rng) for _ in range(TERMS)})
    vocabulary = [word(rng) for _ in range(20_000)]
    texts = [text(rng, vocabulary, terms) for _ in range(TEXTS)]
    peer_name, peer = bare_library(terms)
    peer_value = per_second(lambda: peer(texts))
    for mode in (Mode.WORD, Mode.SUBSTRING):
        bank = Bank("b", "b", tuple(Term(each, mode) for each in terms))
        automaton = Automaton.build([bank])
        report(f"match_5000_{mode.value}", automaton.hits_batch, texts, peer_name, peer_value)
    banks = [Bank(str(n), str(n), tuple(map(Term, terms[n::50]))) for n in range(50)]
    report("match_5000", Automaton.build(banks).hits_batch, texts, peer_name, peer_value)


def text(rng: random.Random, vocabulary: list[str], terms: list[str]) -> str:
    words = rng.choices(vocabulary, k=14)
    if rng.random() < 0.2:
        words[rng.randrange(14)] = rng.choice(terms)
    return " ".join(words).capitalize()


def bare_library(terms: list[str]) -> tuple[str, Callable[[list[str]], int]]:
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

    return "hyperscan", count


def keep(term: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(term)


def per_second(run: Callable[[], object]) -> float:
    """Texts a second, best of RUNS."""
    best = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return TEXTS / best


def report(
    name: str,
    match: Callable[[list[str]], object],
    texts: list[str],
    peer: str,
    peer_value: float,
) -> None:
    value = per_second(lambda: match(texts))
    line = {
        "name": name,
        "value": round(value),
        "unit": "texts/s",
        "peer": peer,
        "peer_value": round(peer_value),
        "ratio": round(value / peer_value, 2),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
