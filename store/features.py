"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. What was read of a key is remembered from batch to batch. What is new is read in one
scan of all that happened since, where that is less than a scan for each key; keys that are new are
read as they are, all counters of a key in one scan of the index. For keys with very many events,
what lies in the windows of all items of the batch is summed up by Postgres.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from store import window_alone, window_busy, window_reads
from store.window_columns import NEVER
from store.window_groups import Ask, Group, Kind, Part, Series, kinds_of, layout_of, moment
from store.window_memory import WindowMemory, borrowed
from store.window_reads import KeyQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from engine.language.nodes import Carries
    from store.database import Database
    from store.window_groups import Windowed
    from store.window_memory import Table
    from store.window_reads import Beside, Read

__all__ = [
    "Ask",
    "Part",
    "Series",
    "answers",
    "answers_of",
    "answers_read",
    "questions_ahead",
]

# So many events of a key are read at first; where there are more, one counter after the other.
MOST_FIRST_READ = 256
# A counter with more of one key is summed up by Postgres.
MOST_REMEMBERED = 50_000
# New keys for which a second connection is worth its while.
MANY = 50
# Keys to catch up with for which everything new is read, and how many events one may cost.
CATCH_UP = 8
EVENTS_A_KEY = 64
# A key with too many events is tried again once in so many batches.
TRY_AGAIN = 256
# So few questions leave nothing behind, unless their keys have many events.
FEW = 8
# So many questions wait for the memory that knows most.
PATIENT = 64


def answers(
    tx: Connection, asks: Sequence[Ask], memory: WindowMemory | None = None
) -> list[tuple[Measured, ...]]:
    """One answer an ask: a value for each part of its first series, then of the next.

    asks: in the order of their times. memory: what is known from the batches before.
    """
    return _Answering(asks, memory or WindowMemory()).over(tx)


def answers_of(database: Database, org_id: int, asks: Sequence[Ask]) -> list[tuple[Measured, ...]]:
    """As `answers`, with what this process remembers; many keys are read over two connections."""
    with (
        borrowed(database, org_id, patient=len(asks) >= PATIENT) as memory,
        database.at_once(org_id) as tx,
    ):
        if len(asks) <= FEW and not memory.remembers(asks):
            found = window_alone.answers(tx, asks, MOST_FIRST_READ)
            if found is not None:
                return found
        return _Answering(asks, memory).over(tx, partial(database.at_once, org_id))


def questions_ahead(
    database: Database, org_id: int, asks: Sequence[Ask]
) -> Sequence[KeyQuestion] | None:
    """What is to be read for a few asks; None where more has to be known than that.

    asks: their times are told from the instant before the first of the places that are not given
    yet (`store.placing.place_and_read`).
    """
    if not asks or len(asks) > FEW or any(layout_of(ask.series).firsts for ask in asks):
        return None
    with borrowed(database, org_id, patient=False) as memory:
        known = memory.remembers(asks)
    return None if known else window_alone.questions_of(asks, MOST_FIRST_READ)


def answers_read(asks: Sequence[Ask], read: Read) -> list[tuple[Measured, ...]] | None:
    """As `answers_of`, of what was read ahead; None where there is more than was read."""
    return window_alone.answers_read(asks, MOST_FIRST_READ, read)


class _Known(NamedTuple):
    """Asks of a kind, the rows of its keys in what is known, and which of them were known of."""

    kind: Kind
    table: Table
    rows: NDArray[np.int64]
    before: NDArray[np.bool_]

    def group(self, place: int, windowed: Windowed, unread_us: int, until_us: int) -> Group:
        return Group(windowed, self.kind.keys[place], self.kind.first_us, until_us, unread_us)


class _Unbegun(NamedTuple):
    """A key's counter of which it is not known when it began. n: among those of the table."""

    table: Table
    row: int
    n: int
    name: tuple[int, str]


class _Answering:
    """One batch of asks on its way to its answers."""

    def __init__(self, asks: Sequence[Ask], memory: WindowMemory) -> None:
        self.total = len(asks)
        self.memory = memory
        memory.batch += 1
        self.known = [self._known(kind) for kind in kinds_of(asks)]
        self.last_us = max((each.kind.last_us for each in self.known), default=0)

    def _known(self, kind: Kind) -> _Known:
        table = self.memory.table(kind.layout)
        table.see(kind.first_us)
        rows = table.rows_of(kind.keys, self.memory.batch)
        before = table.knows(rows, kind.first_us)
        table.begin(rows[~before], kind.first_us)
        return _Known(kind, table, rows, before)

    def over(self, tx: Connection, beside: Beside | None = None) -> list[tuple[Measured, ...]]:
        """beside: begins another transaction, to read many new keys meanwhile."""
        self._read(tx, beside)
        found = self._answers(tx)
        self.memory.frontier_us = max(self.memory.frontier_us, self.last_us)
        self.memory.settle()
        return found

    def _read(self, tx: Connection, beside: Beside | None) -> None:
        unknown = list(self._unread(known=False))
        unbegun = [each for known in self.known for each in _unbegun(known)]
        catches_up = self._catches_up()
        half = len(unknown) if catches_up else len(unknown) // 2
        if beside is None or half < MANY:
            self._read_on(tx, unknown, catches_up=catches_up)
            _find_firsts(tx, unbegun)
        else:
            with ThreadPoolExecutor(1) as aside:
                reading = aside.submit(_read_aside, beside, unknown[:half], unbegun)
                self._read_on(tx, unknown[half:], catches_up=catches_up)
                self._learn(tx, unknown[:half], reading.result())
        for _, table, rows, _ in self.known:
            table.untils[rows] = np.maximum(table.untils[rows], self.last_us)

    def _read_on(self, tx: Connection, unknown: Sequence[KeyQuestion], *, catches_up: bool) -> None:
        """What is new of the keys that are known, and the others."""
        if catches_up:
            self._catch_up(tx)
        unread = [*unknown, *self._unread(known=True)]
        self._learn(tx, unread, window_reads.of_keys(tx, unread))

    def _catches_up(self) -> bool:
        """Whether to read everything new may be less work than to read each key."""
        memory = self.memory
        if self._known_keys() < CATCH_UP or memory.frontier_us >= self.last_us:
            return False
        memory.resting = max(memory.resting - 1, -1)
        return memory.resting < 0

    def _known_keys(self) -> int:
        return sum(int(np.count_nonzero(known.before)) for known in self.known)

    def _catch_up(self, tx: Connection) -> None:
        memory, most = self.memory, EVENTS_A_KEY * self._known_keys()
        read, keys = window_reads.of_everything(tx, memory.frontier_us, self.last_us, most + 1)
        if len(keys) > most:
            memory.take_rest()
        else:
            memory.catch_up(read, keys, self.last_us)

    def _unread(self, *, known: bool) -> Iterator[KeyQuestion]:
        """Of keys that are not up to date; known: of those that were known of before."""
        most = MOST_REMEMBERED if known else MOST_FIRST_READ
        for number, (kind, table, rows, before) in enumerate(self.known):
            if kind.layout.widest:
                untils = table.untils[rows]
                behind = ((before == known) & (untils < self.last_us)).nonzero()[0]
                for place, after_us in zip(behind.tolist(), untils[behind].tolist(), strict=True):
                    yield KeyQuestion(
                        kind.layout,
                        kind.keys[place],
                        after_us,
                        self.last_us,
                        most + 1,
                        number,
                        place,
                    )

    def _learn(self, tx: Connection, asked: Sequence[KeyQuestion], read: Read) -> None:
        if not asked:
            return
        mosts, kinds, places = np.array([question[4:] for question in asked]).T
        whole = np.bincount(read.questions, minlength=len(asked)) < mosts
        for number, (_, table, rows, _) in enumerate(self.known):
            mine = whole & (kinds == number)
            picked = np.flatnonzero(mine[read.questions])
            table.learn(rows[places[read.questions[picked]]], read.only(picked))
        self._learn_many(tx, [asked[n] for n in np.flatnonzero(~whole).tolist()])

    def _learn_many(self, tx: Connection, asked: Sequence[KeyQuestion]) -> None:
        """Counter by counter; what is too much even so is summed up for each batch."""
        many: dict[Carries, list[tuple[_Known, int, Group]]] = defaultdict(list)
        for question in asked:
            known = self.known[question.kind]
            for windowed in question.layout.widest:
                after_us = max(question.after_us, known.kind.first_us - windowed.width_us)
                group = known.group(question.place, windowed, after_us, question.until_us)
                many[windowed.carries].append((known, int(known.rows[question.place]), group))
        for carries, groups in many.items():
            unread = [group for *_, group in groups]
            found = window_reads.newest(tx, carries, unread, MOST_REMEMBERED)
            for (known, row, group), newest in zip(groups, found, strict=True):
                if newest is not None and newest.whole:
                    known.table.learn(np.full(len(newest.read.times), row), newest.read)
                elif newest is not None:
                    known.table.close(row, group.windowed)

    def _answers(self, tx: Connection) -> list[tuple[Measured, ...]]:
        found: list[tuple[Measured, ...]] = [()] * self.total
        for known in self.known:
            columns = _columns(known)
            self._fill_busy(tx, known, columns)
            every = (each for place in sorted(columns) for each in columns[place])
            for number, line in zip(known.kind.numbers, zip(*every, strict=True), strict=True):
                found[number] = line
        return found

    def _fill_busy(
        self, tx: Connection, known: _Known, columns: dict[int, list[list[Measured]]]
    ) -> None:
        """Of counters of keys that are not here because too much happens."""
        busy: dict[Carries, list[tuple[int, Windowed]]] = defaultdict(list)
        for place, windowed in known.table.closed(known.rows):
            busy[windowed.carries].append((place, windowed))
        for carries, each in busy.items():
            groups = [known.group(place, windowed, 0, self.last_us) for place, windowed in each]
            sums = window_busy.sums(tx, carries, groups)
            for (place, windowed), summed in zip(each, sums, strict=True):
                for n in np.flatnonzero(known.kind.asked == place).tolist():
                    at_us = int(known.kind.times[n])
                    for part, column in zip(
                        windowed.series.parts, columns[windowed.place], strict=True
                    ):
                        column[n] = summed.answer(part, at_us)
                if self.memory.batch % TRY_AGAIN == 0:
                    known.table.forget(int(known.rows[place]))


def _read_aside(beside: Beside, unread: Sequence[KeyQuestion], unbegun: Sequence[_Unbegun]) -> Read:
    with beside() as tx:
        _find_firsts(tx, unbegun)
        return window_reads.of_keys(tx, unread)


def _unbegun(known: _Known) -> Iterator[_Unbegun]:
    kind, table, rows, _ = known
    for n, place in enumerate(kind.layout.firsts):
        counter_id = kind.layout.series[place].counter_id
        for key in np.flatnonzero(table.firsts[n][rows] == NEVER).tolist():
            yield _Unbegun(table, int(rows[key]), n, (counter_id, kind.keys[key]))


def _find_firsts(tx: Connection, unbegun: Sequence[_Unbegun]) -> None:
    """What never happened yet stays unknown."""
    if unbegun:
        found = window_reads.firsts(tx, [each.name for each in unbegun])
        for (table, row, n, _), first_us in zip(unbegun, found, strict=True):
            if first_us is not None:
                table.firsts[n][row] = first_us


def _columns(known: _Known) -> dict[int, list[list[Measured]]]:
    """By the place of a series, for each of its parts what it says of each ask."""
    kind, table, rows, _ = known
    columns: dict[int, list[list[Measured]]] = defaultdict(list)
    for place, column in table.answers(rows[kind.asked], kind.times):
        columns[place].append(column)
    for n, place in enumerate(kind.layout.firsts):
        began = zip(table.firsts[n][rows][kind.asked].tolist(), kind.times.tolist(), strict=True)
        column = [moment(first_us) if first_us <= at_us else None for first_us, at_us in began]
        columns[place] = [column] * len(kind.layout.series[place].parts)
    return columns
