"""From a row of a file to an item as the API takes it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.errors import InvalidInput
from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.items.numbers import number_text
from store.item_files import Record

ID_COLUMNS: Final = ("id", "item_id", "itemId", "uuid", "_id")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFERENCES: Final = frozenset({Scalar.RELATED_ITEM, Scalar.USER_ID})


class UnfitRow(Exception):
    """A row that cannot become an item."""


@dataclass(frozen=True)
class Shape:
    """What is the same for every row.

    renames: field -> the column it is read from; other columns keep their names.
    references: related-item field -> the id of the item type that a bare id in it belongs to.
    id_column: None names items after the file and the line.
    """

    item_type: ItemType
    renames: Mapping[str, str]
    references: Mapping[str, str]
    id_column: str | None
    stem: str

    def item(self, line: int, record: Record) -> dict[str, object]:
        """Raises UnfitRow."""
        renamed = set(self.renames.values())
        data = {name: value for name, value in record.items() if name not in renamed}
        for field, column in self.renames.items():
            if column in record:
                data[field] = record[column]
        for each in self.item_type.fields:
            if each.name in data:
                data[each.name] = self._completed(each, data[each.name])
        return {
            "id": self._item_id(line, record),
            "typeId": self.item_type.type_id,
            "data": data,
        }

    def _item_id(self, line: int, record: Record) -> str:
        if self.id_column is None:
            return f"{self.stem}-{line}"
        value = record.get(self.id_column)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number_text(value)
        raise UnfitRow(f"The row has no id in '{self.id_column}'.")

    def _completed(self, field: Field, value: object) -> object:
        """What files spell shorter than the API does: bare ids, bare dates, JSON in a cell."""
        if isinstance(value, str) and _holds_json(field):
            value = _parsed(value)
        if field.container is not None:
            return value
        if field.type in _REFERENCES and not isinstance(value, (bool, list, dict)):
            bare = value if isinstance(value, str) else number_text(float(str(value)))
            return {"id": bare, "typeId": self.references[field.name]}
        if field.type is Scalar.DATETIME and isinstance(value, str) and _DATE.fullmatch(value):
            return f"{value}T00:00:00Z"
        return value


def shape_of(
    item_type: ItemType,
    item_types: Sequence[ItemType],
    renames: Mapping[str, str],
    id_column: str | None,
    sample: Sequence[str],
    stem: str,
) -> Shape:
    """sample: the columns of the first row; the first usual id among them is the id_column.

    Raises InvalidInput.
    """
    names = [each.name for each in item_type.fields]
    for name in renames:
        if name not in names:
            raise InvalidInput(f"{item_type.name} has no field '{name}'.", hint=_near(name, names))
    usual = (name for name in ID_COLUMNS if name in sample)
    references = {
        field.name: _referred(field, item_type, item_types)
        for field in item_type.fields
        if field.type in _REFERENCES
    }
    return Shape(item_type, renames, references, id_column or next(usual, None), stem)


def check_columns(columns: Sequence[str] | None, wanted: Sequence[str]) -> None:
    """columns: None where every row has its own. Raises InvalidInput."""
    for column in wanted:
        if columns is not None and column not in columns:
            raise InvalidInput(f"The file has no column '{column}'.", hint=_near(column, columns))


def _referred(field: Field, item_type: ItemType, item_types: Sequence[ItemType]) -> str:
    """The type of what a bare id names: a user by default; a thread or an item by its role."""
    role = next((role for role, name in item_type.roles.items() if name == field.name), None)
    if role is Role.PARENT_ID:
        return item_type.type_id
    kind = Kind.THREAD if role is Role.THREAD_ID else Kind.USER
    of_kind = [each for each in item_types if each.kind is kind]
    if kind is Kind.USER:
        of_kind.sort(key=lambda each: each.name != "User")
    return of_kind[0].type_id if of_kind else item_type.type_id


def _holds_json(field: Field) -> bool:
    return field.container is not None or field.type is Scalar.OBJECT or field.type in _REFERENCES


def _parsed(text: str) -> object:
    if text[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _near(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(names)}."
