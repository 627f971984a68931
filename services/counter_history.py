"""What a counter finds when it is started: items as the lake has them, and the rest from Postgres.

The lake has every item up to where its export has come, also those whose days Postgres has let go.
What it has is not asked of Postgres, but for items written while a field that is read had another
type.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from engine.errors import Unavailable
from engine.items import parse_item_type, row_values
from engine.language.graph import children_of
from engine.language.nodes import FieldRead
from store import config, erasures, export_source, lake_history, submissions
from store.config import ConfigKind
from store.lake_history import PlacedRow, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items import ItemType
    from engine.language import Counter
    from engine.language.nodes import Node

CHUNK: Final = 5_000
_DECODE: Final = msgspec.json.Decoder(dict[str, Any]).decode
_TRIES: Final = 2

log = structlog.get_logger()


@dataclass(frozen=True)
class ItemLake:
    """The items of an organisation in the lake. root: of the lake."""

    root: str
    org_id: int


@dataclass(frozen=True)
class _Past:
    """after, until: places, the first exclusive."""

    tx: Connection
    item_type: ItemType
    counters: Sequence[Counter]
    after: datetime
    until: datetime


def history(
    tx: Connection,
    lake: ItemLake | None,
    item_type: ItemType,
    counters: Sequence[Counter],
    after: datetime,
    until: datetime,
) -> Iterator[list[PlacedRow]]:
    """Rows with the fields that these counters read, in portions and in no order.

    A row may come twice when the lake is cleaned meanwhile. A lake that cannot be read is told of
    in the log, and everything is read from Postgres.
    """
    past = _Past(tx, item_type, counters, after, until)
    for _ in range(_TRIES if lake else 0):
        assert lake is not None
        try:
            yield from _from_both(past, lake)
        except Unavailable as unavailable:
            log.warning("lake_not_read", org_id=lake.org_id, reason=unavailable.message)
        else:
            return
    yield from _kept(past, after)


def _from_both(past: _Past, lake: ItemLake) -> Iterator[list[PlacedRow]]:
    type_id = past.item_type.type_id
    erased = erasures.places_under_way(past.tx)  # Before the lake: it is cleaned, then they go.
    found = lake_history.covered(lake.root, lake.org_id, type_id)
    reach = past.after if found is None else _reach(past, found.reach)
    if found is not None and reach > past.after:
        fields = _fields_read(past.counters)
        others = frozenset(lake_history.reshaped(past.item_type, _versions(past), fields))
        span = Span(past.after, min(reach, past.until), others)
        for rows in lake_history.history(found.snapshot, past.item_type, fields, span):
            yield [row for row in rows if row.seq not in erased] if erased else rows
        if others:
            kept = submissions.history(past.tx, type_id, past.after, span.until, sorted(others))
            yield from _read(past, kept)
    yield from _kept(past, max(reach, past.after))


def _reach(past: _Past, progress: int) -> datetime:
    """Up to where the lake has every item. Nowhere if the database is older than the lake."""
    last = export_source.last_place(past.tx)
    if last is None or progress > export_source.microseconds(last):
        return past.after
    name = export_source.items_name(past.item_type.type_id)
    return export_source.from_microseconds(export_source.seen(past.tx, name, progress))


def _kept(past: _Past, after: datetime) -> Iterator[list[PlacedRow]]:
    """What Postgres has from there on."""
    if after < past.until:
        type_id = past.item_type.type_id
        yield from _read(past, submissions.history(past.tx, type_id, after, past.until))


def _read(past: _Past, rows: Iterator[tuple[int, datetime, str]]) -> Iterator[list[PlacedRow]]:
    read = row_values(past.item_type)
    while chunk := list(islice(rows, CHUNK)):
        yield [PlacedRow(seq, at, read(_DECODE(data))) for seq, at, data in chunk]


def _versions(past: _Past) -> list[ItemType]:
    type_id = past.item_type.type_id
    revisions = config.versions(past.tx, ConfigKind.ITEM_TYPE, type_id)
    return [parse_item_type(type_id, each.version, each.document) for each in revisions]


def _fields_read(counters: Iterable[Counter]) -> frozenset[str]:
    stack: list[Node] = [
        node
        for counter in counters
        for node in (*counter.key, counter.condition, counter.carried)
        if node is not None
    ]
    found: set[str] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, FieldRead):
            found.add(node.path[0])
        stack.extend(children_of(node))
    return frozenset(found)
