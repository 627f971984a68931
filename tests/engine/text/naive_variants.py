"""Variant mode spelled out: every way to lay a term's letters over a text is tried."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from engine.text.disguises import ENDINGS, MAX_GAP, SHORT_ENDINGS
from engine.text.homoglyphs import CLOSED, LIGHT, SIGN, SILENT, reading, second_reading
from engine.text.pages import MOST_ALIKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Unit:
    letter: str  # or "" for a gap
    kind: str  # of gap
    sign: bool  # a sign that stands for a letter
    real: bool


def found(term: str, text: str) -> bool:
    return any(
        matches(spelling, reading_of, lettered=is_lettered(term))
        for reading_of in readings(text)
        for spelling in spellings(term)
    )


def is_lettered(term: str) -> bool:
    return any(map(is_real, term))


def is_real(char: str) -> bool:
    """A letter, or the drawing of one, where a figure or a sign only stands for it."""
    return char.isalpha() or unicodedata.category(char) == "So"


def spellings(term: str) -> set[str]:
    words = "".join(
        " " if char.isspace() else reading(char) for char in term if reading(char) >= " "
    )
    plain = " ".join(words.lower().split())
    found = {plain}
    for _ in range(3):
        found |= {
            each[:at] + swapped + each[at + len(old) :]
            for each in found
            for old, swapped in (("m", "rn"), ("rn", "m"))
            for at in range(len(each))
            if each.startswith(old, at)
        }
    return found - {""}


def readings(text: str) -> Iterator[list[Unit]]:
    for read in (reading, second_reading):
        yield units(text, read, signs_are_letters=True)
        yield units(text, read, signs_are_letters=False)


def units(text: str, read: Callable[[str], str], *, signs_are_letters: bool) -> list[Unit]:
    parts: list[Unit] = []
    for char in text:
        for letter in read(char):
            gap = letter < "0"
            sign = "A" <= letter <= "Z"
            if letter == CLOSED and parts and parts[-1].kind == "(":
                parts[-1] = Unit("o", "", sign=True, real=False)
                parts.append(Unit("", SILENT, sign=False, real=False))
            else:
                parts.append(Unit("" if gap else letter.lower(), letter, sign, is_real(char)))
            if char == "(":
                parts[-1] = Unit("c", "(", sign=True, real=False)
    if not signs_are_letters:
        parts = [Unit("", LIGHT, sign=False, real=False) if p.sign else p for p in parts]
    return parts


def matches(plain: str, given: list[Unit], *, lettered: bool) -> bool:
    return any(laid(plain, given, start, lettered=lettered) for start in range(len(given)))


def laid(plain: str, given: list[Unit], start: int, *, lettered: bool) -> bool:
    runs = [(letter, len(list(run))) for letter, run in groupby(plain)]
    return any(
        is_whole(plain, given, path) and any(given[at].real for at in path) is lettered
        for path in paths(runs, given, start)
    )


def paths(runs: list[tuple[str, int]], given: list[Unit], start: int) -> Iterator[list[int]]:
    """Places of letters, in order, with gaps that could be allowed between them."""
    letters = [letter for letter, _ in runs]
    least = dict(enumerate(count for _, count in runs))

    def onward(run: int, count: int, path: list[int]) -> Iterator[list[int]]:
        if run == len(letters) - 1 and count >= least[run]:
            yield path
        for at in reachable(given, path[-1] + 1):
            if given[at].letter == letters[run]:
                yield from onward(run, count + 1, [*path, at])
            turns = count >= least[run] and run + 1 < len(letters)
            if turns and given[at].letter == letters[run + 1]:
                yield from onward(run + 1, 1, [*path, at])

    if given[start].letter == letters[0]:
        yield from onward(0, 1, [start])


def reachable(given: list[Unit], at: int) -> Iterator[int]:
    width = 0
    while at < len(given) and not given[at].letter:
        width += given[at].kind != SILENT
        if width > MAX_GAP or given[at].kind == "!":
            return
        at += 1
    if at < len(given):
        yield at


def is_whole(plain: str, given: list[Unit], path: list[int]) -> bool:
    if not (begins(given, path[0]) and ends(plain, given, path[-1])):
        return False
    between = [{unit.kind for unit in given[a + 1 : b]} - {SILENT} for a, b in pairwise(path)]
    if not any(between):
        return True
    close = [not kinds for kinds in between]
    same = [given[a].letter == given[b].letter for a, b in pairwise(path)]
    if any(c and not s for c, s in zip(close, same, strict=True)):
        return all(kinds <= {SIGN, CLOSED} for kinds in between)
    chunks = "".join("x" if c else "x " for c in close) + "x"
    light = any(kinds - {SIGN, CLOSED} for kinds in between)
    if light and (len(chunks.split()) < 3 or max(map(len, chunks.split())) > MOST_ALIKE):
        return False
    widest = max(sum(unit.kind != SILENT for unit in given[a + 1 : b]) for a, b in pairwise(path))
    return not goes_on(given[: path[0]][::-1], widest) and not goes_on(
        given[path[-1] + 1 :], widest
    )


def goes_on(outward: list[Unit], widest: int) -> bool:
    """Whether the next letters are single ones too; a lone `i`, `a` or `u` is a word."""
    seen = "".join(
        "" if u.kind == SILENT and not u.letter else "!" if u.kind == "!" else u.letter or " "
        for u in outward
    )
    signs = [u.sign for u in outward if u.letter or u.kind != SILENT]

    def single(at: int) -> int:
        gap = at
        while gap < len(seen) and seen[gap] == " ":
            gap += 1
        inside = gap < len(seen) and seen[gap] != "!" and 0 < gap - at <= widest
        after = gap + 1
        free = after >= len(seen) or seen[after] in " !"
        return gap if inside and free else -1

    first = single(0)
    return first >= 0 and (seen[first] not in "iau" or signs[first] or single(first + 1) >= 0)


def begins(given: list[Unit], at: int) -> bool:
    before = [unit for unit in given[:at] if unit.letter or unit.kind != SILENT]
    return not before or not before[-1].letter or before[-1].sign


def ends(plain: str, given: list[Unit], at: int) -> bool:
    rest = ""
    for unit in given[at + 1 :]:
        if not unit.letter and unit.kind == SILENT:
            continue
        if not unit.letter or unit.sign:
            break
        rest += unit.letter
    endings = SHORT_ENDINGS if len(plain) <= 3 else ENDINGS
    return rest in {"", *(each for end in endings for each in spellings(end))}
