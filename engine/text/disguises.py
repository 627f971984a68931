"""What variant mode asks of a term, and of the place in a text where it may stand.

A term matches where its letters stand in order, each at least as often in a row as in the term;
between any two there may be invisible characters and up to MAX_GAP signs (`h.e.l.l.o`). Blanks,
apostrophes and signs that could be letters may stand between letters only where something stands
between all of them (`h e l l o`, three letters at least). A blank in the term asks for a gap.
The match begins where a word begins and ends where a word ends, or with one of ENDINGS; letters
that go on one by one on either side belong to the word (`c l a s s` is not `ass`). At least one
character of it is a letter, not a figure or sign that stands for one; none, if none of the term is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import chain, groupby, product
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.text.homoglyphs import BLANK, BOUND, FIRST_LETTER, LIGHT, SILENT, SPECIAL
from engine.text.pages import MOST_ALIKE, pages
from engine.text.words import is_decoration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.text.pages import Page

MAX_GAP: Final = 8
ENDINGS: Final = (
    *("s", "z", "es", "ed", "d", "er", "ers", "r", "rs", "in", "ing", "ings"),
    *("ish", "ful", "fully", "ness", "ism", "ist", "ists", "ly"),
)
"""Of words of four letters and more; shorter ones take those of SHORT_ENDINGS only."""
SHORT_ENDINGS: Final = ("s", "z", "es", "ed", "ing")
_SHORT: Final = 3
_SPELLED: Final = 3  # letters a word needs to be found one by one
_LONE_WORDS: Final = "iau"
_MOST_CHOICES: Final = 3
_LETTERS: Final = frozenset({"So", "Mc", "Mn"})
_CLOSE: Final = 0
_OVER_SIGNS: Final = 1
_OVER_BLANKS: Final = 2


class Step(NamedTuple):
    """One letter of a match. at: on the page. gap: what lies before it; width: in characters.

    fresh: another letter than the one before; apart: the term itself has a blank here.
    """

    at: int
    gap: int
    width: int
    fresh: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Disguised:
    """One spelling of a term, folded. plain: its letters. runs: (letter, how often at least)."""

    plain: str
    runs: tuple[tuple[str, int], ...]
    has_letters: bool

    @property
    def literals(self) -> frozenset[str]:
        """What stands in a stream where the term stands on the page."""
        with_blanks = "".join(letter for letter, _ in self.runs)
        joined = self.plain.replace(BLANK, "")
        return frozenset((with_blanks, "".join(letter for letter, _ in groupby(joined))))

    def find(self, page: Page, at: int) -> tuple[int, int] | None:
        """Start and end in the text of the match whose first letter may stand here."""
        letters = page.letters
        end = at + len(self.plain)
        if (
            letters[at - 1 : at] < FIRST_LETTER
            and letters[end : end + 1] < FIRST_LETTER
            and letters.startswith(self.plain, at)
            and self._is_undisguised(page, at, end)
        ):
            return at, end
        return self._walked(page, at)

    def _is_undisguised(self, page: Page, start: int, end: int) -> bool:
        """The common case: nothing but the term's own letters, between gaps that are seen."""
        return (
            page.places is None
            and self.has_letters
            and page.text[start:end].isalpha()
            and SILENT not in page.letters[max(start - 1, 0) : end + 1]
        )

    def _walked(self, page: Page, at: int) -> tuple[int, int] | None:
        walked = _walk(page.letters, at, self.runs)
        steps = _trimmed(page.letters, walked, self.runs) if walked else ()
        if not steps or not _holds_together(page.letters, steps):
            return None
        if not self._ends_well(page.letters, steps[-1].at + 1):
            return None
        return self._written(page, [step.at for step in steps])

    def _ends_well(self, letters: str, at: int) -> bool:
        rest: list[str] = []
        while at < len(letters) and len(rest) < _LONGEST_ENDING:
            char = letters[at]
            if char != SILENT:
                if char < FIRST_LETTER or _stands_for_letter(char):
                    break
                rest.append(char)
            at += 1
        endings = _SHORT_ENDINGS if len(self.plain) <= _SHORT else _ENDINGS
        return not rest or "".join(rest) in endings

    def _written(self, page: Page, letters: Sequence[int]) -> tuple[int, int] | None:
        """None where figures stand for all letters, or letters for the figures asked for."""
        places = [page.place(at) for at in letters]
        if any(_is_letter(page.text[place]) for place in places) is not self.has_letters:
            return None
        return _in_text(page, places[0], places[-1] + 1)


def disguised(text: str) -> tuple[Disguised, ...]:
    """Every spelling of a term: what reads as `rn` also reads as `m`. None for signs alone."""
    has_letters = any(map(_is_letter, text))
    found = {}
    for page in pages(text):
        kept = (_small(char) for char in page.letters if char == BLANK or char >= FIRST_LETTER)
        for plain in _spellings(BLANK.join("".join(kept).split(BLANK))):
            runs = tuple((letter, len(list(run))) for letter, run in groupby(plain))
            found[plain] = Disguised(plain, runs, has_letters)
    return tuple(each for each in found.values() if each.plain)


def _spellings(plain: str) -> Iterator[str]:
    plain = BLANK.join(plain.split())
    parts = plain.replace("rn", "m").split("m")
    if len(parts) - 1 > _MOST_CHOICES:
        yield from {plain, "m".join(parts), "rn".join(parts)}
        return
    for joints in product(("m", "rn"), repeat=len(parts) - 1):
        yield "".join(chain.from_iterable(zip(parts, (*joints, ""), strict=True)))


def _walk(letters: str, at: int, runs: Sequence[tuple[str, int]]) -> list[Step]:
    """The letters of all runs from here on, as many as there are; none where one is missing."""
    steps: list[Step] = []
    ahead = (at, _CLOSE, 0)
    apart = False
    for index, (letter, least) in enumerate(runs):
        if letter == BLANK:
            apart = True
            continue
        closes = index + 1 == len(runs) or runs[index + 1][0] == BLANK
        count = 0
        while ahead[0] >= 0 and _small(letters[ahead[0]]) == letter:
            if (apart and ahead[1] == _CLOSE) or (closes and count >= least and ahead[1]):
                break
            steps.append(Step(*ahead, fresh=count == 0, apart=apart))
            ahead = _next(letters, ahead[0] + 1)
            apart = False
            count += 1
        if count < least:
            return []
    return steps


def _next(letters: str, at: int) -> tuple[int, int, int]:
    """(place of the next letter or -1, kind of gap before it, how wide)."""
    gap, width = _CLOSE, 0
    while at < len(letters):
        char = letters[at]
        if char >= FIRST_LETTER:
            return at, gap, width
        if char != SILENT:
            width += 1
            if width > MAX_GAP or char in (BOUND, SPECIAL):
                break
            gap = max(gap, _OVER_BLANKS if char in (BLANK, LIGHT) else _OVER_SIGNS)
        at += 1
    return -1, gap, width


def _trimmed(
    letters: str, steps: Sequence[Step], runs: Sequence[tuple[str, int]]
) -> Sequence[Step]:
    """From the first of the leading letters that begins a word, without signs to spare behind."""
    leading = next((n for n, step in enumerate(steps) if n and step.fresh), len(steps))
    first = next(
        (
            n
            for n in range(leading - runs[0][1] + 1)
            if (n == 0 or steps[n].gap or _stands_for_letter(letters[steps[n - 1].at]))
            and _ends(letters, steps[n].at - 1, -1)
        ),
        None,
    )
    if first is None:
        return ()
    last = max(n for n, step in enumerate(steps) if step.fresh)
    spare = len(steps) - max(last, first) - runs[-1][1]
    end = len(steps)
    while spare > 0 and _stands_for_letter(letters[steps[end - 1].at]):
        end, spare = end - 1, spare - 1
    return steps[first:end]


def _holds_together(letters: str, steps: Sequence[Step]) -> bool:
    """Whether letters with gaps between them are one word, and all of it."""
    gaps = [step for step in steps[1:] if step.gap and not step.apart]
    if not gaps:
        return True
    if any(step.fresh and not step.gap for step in steps[1:]):
        return all(step.gap == _OVER_SIGNS for step in gaps)
    if any(step.gap == _OVER_BLANKS for step in gaps) and not _is_spelled(steps):
        return False
    widest = max(step.width for step in gaps)
    sides = ((steps[0].at, -1), (steps[-1].at, 1))
    return not any(_goes_on(letters, at, way, widest) for at, way in sides)


def _is_spelled(steps: Sequence[Step]) -> bool:
    """Whether at least _SPELLED letters stand by themselves, each up to MOST_ALIKE times."""
    chunks = [0]
    for step in steps:
        if step.gap:
            chunks.append(0)
        chunks[-1] += 1
    return len(chunks) >= _SPELLED and max(chunks) <= MOST_ALIKE


def _goes_on(letters: str, at: int, way: int, widest: int) -> bool:
    """Whether another letter stands by itself on this side, as near as those of the match."""
    other = _single_letter(letters, at, way, widest)
    if other < 0:
        return False
    is_word = letters[other] in _LONE_WORDS
    return not is_word or _single_letter(letters, other, way, widest) >= 0


def _single_letter(letters: str, at: int, way: int, widest: int) -> int:
    """The place of the next letter if it has gaps, no wider than this, on both sides; or -1."""
    at += way
    width = 0
    while 0 <= at < len(letters) and letters[at] < FIRST_LETTER:
        width += letters[at] != SILENT
        if width > widest or letters[at] == BOUND:
            return -1
        at += way
    inside = 0 <= at < len(letters) and width > 0
    return at if inside and not _touches(letters, at + way, way) else -1


def _ends(letters: str, at: int, way: int) -> bool:
    """Whether a word ends before this place, going this way."""
    while 0 <= at < len(letters):
        char = letters[at]
        if char != SILENT:
            return char < FIRST_LETTER or _stands_for_letter(char)
        at += way
    return True


def _touches(letters: str, at: int, way: int) -> bool:
    """Whether there is a letter here, or a sign that stands for one."""
    while 0 <= at < len(letters) and letters[at] == SILENT:
        at += way
    return 0 <= at < len(letters) and letters[at] >= FIRST_LETTER


def _stands_for_letter(char: str) -> bool:
    return "A" <= char <= "Z"


def _small(char: str) -> str:
    return char.lower() if _stands_for_letter(char) else char


def _is_letter(char: str) -> bool:
    """A letter of any script, or the drawing of one."""
    if char.isalpha() or unicodedata.category(char) in _LETTERS:
        return True
    return not char.isascii() and any(map(str.isalpha, unicodedata.normalize("NFKC", char)))


def _in_text(page: Page, start: int, end: int) -> tuple[int, int]:
    """With the accents of the last letter."""
    text = page.text
    while end < len(text) and is_decoration(text[end]) and unicodedata.combining(text[end]):
        end += 1
    return start, end


def _folded(endings: Iterable[str]) -> frozenset[str]:
    return frozenset(each.plain for ending in endings for each in disguised(ending))


_ENDINGS: Final = _folded(ENDINGS)
_SHORT_ENDINGS: Final = _folded(SHORT_ENDINGS)
BEGIN_ENDINGS: Final = "".join(sorted({ending[0] for ending in _ENDINGS}))
_LONGEST_ENDING: Final = max(map(len, _ENDINGS)) + 1
