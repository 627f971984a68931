"""Words that follow one another, with other words between them.

A phrase's words each stand alone as in `word` mode, in the order given, with at most
MAX_WORDS_BETWEEN other words between one and the next. A match starts at each place of the first
word from which the rest can be reached, and ends as soon as it can.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from engine.text.folding import fold, places_of, to_utf8
from engine.text.literals import literal_finder
from engine.text.words import is_decoration, is_word_character, stands_alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.text.literals import Backend

MAX_WORDS_BETWEEN: Final = 5

Place = tuple[int, int]


class PhraseFinder:
    """phrases: each of at least one word."""

    def __init__(self, phrases: Sequence[str], backend: Backend) -> None:
        self._phrases = [words_of(phrase) for phrase in phrases]
        words = dict.fromkeys(word for phrase in self._phrases for word in phrase)
        self._words = [to_utf8(word) for word in words]
        self._numbers = {word: number for number, word in enumerate(words)}
        self._finder = literal_finder(self._words, backend)
        keys: dict[str, list[int]] = {}
        for number, phrase in enumerate(self._phrases):
            keys.setdefault(max(phrase, key=len), []).append(number)
        self._keyed = list(keys.values())
        self._keys = [to_utf8(key) for key in keys]
        self._key_finder = literal_finder(self._keys, backend)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(phrase, start, end) in code points of the text."""
        data = to_utf8(fold(text))
        candidates = {n for key, _ in self._key_places(data) for n in self._keyed[key]}
        if not candidates:
            return
        occurrences = self._occurrences(data)
        starts = word_starts(text)
        for number in sorted(candidates):
            words = [occurrences.get(self._numbers[word], []) for word in self._phrases[number]]
            for start, end in _chains(words, starts):
                yield number, start, end

    def may_match(self, data: bytes) -> Iterator[int]:
        """Where in folded UTF-8 the longest word of a phrase ends."""
        return (end for _, end in self._key_places(data))

    def _key_places(self, data: bytes) -> Iterator[tuple[int, int]]:
        for key, end in self._key_finder.find(data) if self._key_finder else ():
            if stands_alone(data, end - len(self._keys[key]), end):
                yield key, end

    def _occurrences(self, data: bytes) -> dict[int, list[Place]]:
        """Of each word, in reading order."""
        assert self._finder is not None
        places = places_of(data)
        found: dict[int, list[Place]] = {}
        for word, end in self._finder.find(data):
            start = end - len(self._words[word])
            if stands_alone(data, start, end):
                found.setdefault(word, []).append((places[start], places[end]))
        for occurrences in found.values():
            occurrences.sort()
        return found


def words_of(phrase: str) -> tuple[str, ...]:
    return tuple(fold(phrase).split())


def word_starts(text: str) -> list[int]:
    """Where the words of a text begin."""
    starts = []
    inside = False
    for place, char in enumerate(text):
        if is_decoration(char):
            continue
        if is_word_character(char):
            if not inside:
                starts.append(place)
            inside = True
        else:
            inside = False
    return starts


def _chains(words: Sequence[Sequence[Place]], starts: Sequence[int]) -> Iterator[Place]:
    """words: where each word of the phrase is, in order. starts: where any word begins.

    Of the places of one word from which the end can be reached, a later one never ends earlier:
    only the nearest has to be looked at.
    """
    reached = list(words[-1])
    for occurrences in reversed(words[:-1]):
        before = []
        for start, end in occurrences:
            nearest = bisect_left(reached, (end, 0))
            if nearest == len(reached):
                break
            after, last = reached[nearest]
            if bisect_left(starts, after) - bisect_left(starts, end) <= MAX_WORDS_BETWEEN:
                before.append((start, last))
        reached = before
    yield from reached
