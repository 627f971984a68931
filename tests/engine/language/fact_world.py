"""Facts around the arrivals of items, as the row engine knows them and as DuckDB reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engine.language.facts import TimedFact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.facts import Asked

Facts = dict["Asked", list[TimedFact]]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
US: Final = timedelta(microseconds=1)
COLUMNS: Final = pa.schema(
    [
        ("kind", pa.string()),
        ("subject_type_id", pa.string()),
        ("subject_id", pa.string()),
        ("name", pa.string()),
        ("amount", pa.float64()),
        ("begins", pa.int64()),
        ("ends", pa.int64()),
    ]
)
LABELS: Final = ("trusted", "p-spam")
_AUTHORS: Final = tuple(product(("user", "page"), "uvw"))
_NAMES: Final = ("p-spam", "trusted", "p-hate", None)
_AMOUNTS: Final = (1.0, 2.0, 0.1, -1.0, 0.3, 1e300)
_LASTING: Final = (None, 0, 1, 60_000_000, 3_600_000_000, 86_400_000_000)


def fact_table(facts: Mapping[Asked, Sequence[TimedFact]]) -> pa.Table:
    rows = [
        {"kind": kind, "subject_type_id": subject[0], "subject_id": subject[1], **fact._asdict()}
        for (kind, subject), known in facts.items()
        for fact in known
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def item_id(place: int) -> str:
    return f"i{place}"


def facts_around(type_id: str, arrivals: Sequence[datetime]) -> Facts:
    """Of authors and of some items: on an arrival, one microsecond before and one after.

    type_id: of the items. What each is depends on its number alone.
    """
    facts: Facts = {}
    kinds = ("strike", "report", "label")
    for place, arrival in enumerate(arrivals):
        subject = (type_id, item_id(place)) if place % 5 == 0 else _AUTHORS[place % len(_AUTHORS)]
        begins = (arrival - EPOCH) // US + place % 3 - 1
        lasting = _LASTING[place % 11 % len(_LASTING)]
        fact = TimedFact(
            _NAMES[place % 7 % len(_NAMES)],
            _AMOUNTS[place % 13 % len(_AMOUNTS)],
            begins,
            None if lasting is None else begins + lasting,
        )
        for kind in (kinds[place % 3], kinds[place // 3 % 3]):
            facts.setdefault((kind, subject), []).append(fact)
    return facts
