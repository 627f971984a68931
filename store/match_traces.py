"""What the conditions of the rules that matched an item saw of it: written once, with the verdict.

A row holds, by rule, a list of [outcome, values, notes]: msgpack, led by the number of its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import text

from engine.language.traces import KeptLeaf
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

FORM: Final = 1
MOST_OF_RULE: Final = 8_192
MOST_OF_ITEM: Final = 65_536
"""Bytes: a longer trace keeps outcomes alone; of an item, what does not fit is left out."""

_AS_IT_IS: Final = frozenset({float, int, bool, str, type(None)})
LENGTH: Final = 1  # the extension type of lengths of time, in microseconds
_MICROSECOND: Final = timedelta(microseconds=1)
_ENCODE: Final = msgspec.msgpack.Encoder().encode


def encoded(leaves: Sequence[KeptLeaf]) -> bytes:
    """Of one rule; empty where not even what its conditions came to is short enough."""
    whole = _ENCODE([[each.outcome, _plain(each.seen), each.notes] for each in leaves])
    if len(whole) > MOST_OF_RULE:
        whole = _ENCODE([[each.outcome, None, ()] for each in leaves])
    return whole if len(whole) <= MOST_OF_RULE else b""


def _plain(value: object) -> object:
    """Lengths of time as msgpack can hold them."""
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case timedelta():
            microseconds = value // _MICROSECOND
            return msgspec.msgpack.Ext(LENGTH, microseconds.to_bytes(8, signed=True))
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case _:
            return value


def _length(code: int, data: memoryview) -> timedelta:
    assert code == LENGTH, f"an unknown kind of value, {code}"
    return int.from_bytes(data, signed=True) * _MICROSECOND


_Leaf = tuple[bool | None, tuple[Any, ...] | None, tuple[tuple[int, str], ...]]
_DECODE: Final = msgspec.msgpack.Decoder(
    tuple[int, dict[str, tuple[_Leaf, ...]]], ext_hook=_length
).decode


@dataclass(frozen=True, slots=True)
class Kept:
    """traces: by rule, as `encoded`; those that acted first."""

    seq: int
    arrived_at: datetime
    traces: Mapping[str, bytes]


# As evaluations are written: row-level security forbids COPY to the runtime role.
INSERT = """
INSERT INTO match_traces (org_id, arrived_at, seq, traces)
SELECT current_setting('app.org_id')::int, a, s, t
FROM unnest(%(at)b::timestamptz[], %(seqs)b::bigint[], %(traces)b::bytea[]) AS e(a, s, t)
"""


def insert(tx: Connection, rows: Sequence[Kept]) -> None:
    if rows:
        parameters = {
            "at": [row.arrived_at for row in rows],
            "seqs": [row.seq for row in rows],
            "traces": [document(row.traces) for row in rows],
        }
        cursor(tx).execute(INSERT, parameters)


def document(traces: Mapping[str, bytes]) -> bytes:
    left, kept = MOST_OF_ITEM, {}
    for rule_id, trace in traces.items():
        left -= len(trace)
        if left >= 0:
            kept[rule_id] = msgspec.Raw(trace)
    return _ENCODE([FORM, kept])


def parsed(given: bytes) -> dict[str, tuple[KeptLeaf, ...]]:
    """By rule."""
    form, traces = _DECODE(given)
    assert form == FORM, f"an unknown form of traces, {form}"
    return {
        rule_id: tuple(KeptLeaf(*leaf) for leaf in leaves) for rule_id, leaves in traces.items()
    }


FIND = text("SELECT traces FROM match_traces WHERE arrived_at = :arrived_at AND seq = :seq")


def find(tx: Connection, arrived_at: datetime, seq: int) -> dict[str, tuple[KeptLeaf, ...]]:
    """By rule; nothing where nothing was kept."""
    row = tx.execute(FIND, {"arrived_at": arrived_at, "seq": seq}).scalar_one_or_none()
    return {} if row is None else parsed(row)


ERASE = text("SELECT winnow_erase_traces(CAST(:erasure_id AS uuid))")


def erase(tx: Connection, erasure_id: str) -> int:
    """Those of the items that an erasure lists; how many there were."""
    gone: int = tx.execute(ERASE, {"erasure_id": erasure_id}).scalar_one()
    return gone
