"""What the authors and threads of items were when the items arrived, for the rules that ask."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from engine.configuration.related import KINDS, members_read, related_fields, related_types
from engine.items import row_values
from engine.items.columns import arrow_schema
from engine.language.types import PROFILE_COLUMNS
from store import profiles
from store.lake_profiles import RelatedColumn
from store.profiles import ProfileAsk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.items import ItemType
    from engine.language import Predicate
    from store.lake import Snapshot
    from store.profiles import ProfileRow

DECODE = msgspec.json.Decoder(dict[str, Any]).decode

Key = tuple[str, str]


@dataclass(frozen=True)
class Relating:
    """A row whose rules read what its author or thread is.

    related: the field that names it, by `creator` or `thread`. The row gets a column for each.
    """

    row: dict[str, object]
    related: Mapping[str, str]
    arrived_at: datetime

    def keys(self, configuration: Configuration) -> Iterator[tuple[str, Key]]:
        """(column, item type and id) of each that can be known."""
        for word, name in self.related.items():
            reference = self.row.get(name)
            if isinstance(reference, Mapping):
                key = str(reference.get("typeId")), str(reference.get("id"))
                item_type = configuration.item_types.get(key[0])
                if item_type is not None and item_type.kind is KINDS[word]:
                    yield PROFILE_COLUMNS[word], key


@dataclass
class _History:
    """The submissions of one item, the oldest first; each is read once."""

    read: Callable[[Mapping[str, object]], dict[str, object]]
    times: list[datetime] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: dict[int, dict[str, object]] = field(default_factory=dict)

    def add(self, found: ProfileRow) -> None:
        self.times.append(found.arrived_at)
        self.texts.append(found.data)

    def at(self, moment: datetime) -> dict[str, object] | None:
        place = bisect_right(self.times, moment) - 1
        if place < 0:
            return None
        if place not in self.rows:
            self.rows[place] = self.read(DECODE(self.texts[place]))
        return self.rows[place]


def relate(tx: Connection, configuration: Configuration, items: Iterable[Relating]) -> None:
    """Gives each row what its author and thread were then; one statement for all of them."""
    places: dict[Key, list[datetime]] = defaultdict(list)
    wanted: list[tuple[Relating, str, Key]] = []
    for item in items:
        for column, key in item.keys(configuration):
            wanted.append((item, column, key))
            places[key].append(item.arrived_at)
    histories = _histories(tx, configuration, places) if places else {}
    for item, column, key in wanted:
        item.row[column] = histories[key].at(item.arrived_at)


def related_columns(
    predicates: Sequence[Predicate],
    item_types: Mapping[str, ItemType],
    tables: Mapping[str, Snapshot],
) -> list[RelatedColumn]:
    """The same in history. tables: by item type, of those that are in the lake."""
    fields, kinds = related_fields(predicates), related_types(predicates, item_types)
    return [
        RelatedColumn(
            column=PROFILE_COLUMNS[word],
            field=name,
            members=members_read(predicates, word, kinds[word]),
            tables={
                each.type_id: (tables[each.type_id], arrow_schema(each))
                for each in kinds[word]
                if each.type_id in tables
            },
        )
        for word, name in fields.items()
    ]


def _histories(
    tx: Connection, configuration: Configuration, places: Mapping[Key, Sequence[datetime]]
) -> dict[Key, _History]:
    asks = [ProfileAsk(*key, min(moments), max(moments)) for key, moments in places.items()]
    readers = {
        type_id: row_values(configuration.item_types[type_id])
        for type_id in {ask.type_id for ask in asks}
    }
    histories = [_History(readers[ask.type_id]) for ask in asks]
    for found in profiles.between(tx, asks):
        histories[found.ask].add(found)
    return dict(zip(places, histories, strict=True))
