"""The media that an item points at, wherever in it they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.items.item_type import Field, ItemType, Scalar
from engine.items.refusal import json_pointer

KINDS: Final = frozenset({Scalar.IMAGE, Scalar.VIDEO, Scalar.AUDIO, Scalar.MEDIA})


@dataclass(frozen=True)
class MediaReference:
    """path: JSON pointer into the item's data. kind: IMAGE, VIDEO, AUDIO; MEDIA when unknown."""

    path: str
    kind: str
    url: str


Steps = tuple[str | int, ...]
_Finder = Callable[[object, Steps], Iterator[MediaReference]]


def media_references(item_type: ItemType, data: Mapping[str, object]) -> list[MediaReference]:
    """In the order of the fields; of stored data, at any depth, in lists and in maps."""
    return [each for find in _finders(item_type) for each in find(data, ())]


def has_media(item_type: ItemType) -> bool:
    return bool(_finders(item_type))


@lru_cache(maxsize=4096)
def _finders(item_type: ItemType) -> tuple[_Finder, ...]:
    """Empty for a type without media, so that its items cost nothing."""
    return _members(item_type.fields)


def _members(fields: tuple[Field, ...]) -> tuple[_Finder, ...]:
    found = ((field.name, _finder(field)) for field in fields)
    return tuple(_member(name, finder) for name, finder in found if finder is not None)


def _member(name: str, finder: _Finder) -> _Finder:
    def find(data: object, path: Steps) -> Iterator[MediaReference]:
        value = data.get(name) if isinstance(data, Mapping) else None
        if value is not None:
            yield from finder(value, (*path, name))

    return find


def _finder(field: Field) -> _Finder | None:
    if field.type in KINDS:
        element: _Finder | None = _reference(field.type)
    elif field.type is Scalar.OBJECT:
        element = _all(_members(field.fields))
    else:
        return None
    return element if field.container is None or element is None else _each(element)


def _reference(scalar: Scalar) -> _Finder:
    def find(value: object, path: Steps) -> Iterator[MediaReference]:
        if isinstance(value, Mapping) and isinstance(url := value.get("url"), str):
            kind = value.get("mediaType") if scalar is Scalar.MEDIA else scalar.value
            yield MediaReference(json_pointer(path), str(kind or Scalar.MEDIA.value), url)

    return find


def _all(finders: tuple[_Finder, ...]) -> _Finder | None:
    if not finders:
        return None

    def find(value: object, path: Steps) -> Iterator[MediaReference]:
        for finder in finders:
            yield from finder(value, path)

    return find


def _each(element: _Finder) -> _Finder:
    def find(value: object, path: Steps) -> Iterator[MediaReference]:
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield from element(one, (*path, str(key)))
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from element(one, (*path, index))

    return find
