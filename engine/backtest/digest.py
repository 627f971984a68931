"""A name for everything a report depends on: same digest, same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.backtest.spec import Spec

FORM: Final = 1


@dataclass(frozen=True)
class Inputs:
    """schema, banks, sources and engines: name -> version or content digest.

    sources: the tables or files read. code: digest of the program that counts.
    """

    spec: Spec
    schema: Mapping[str, str]
    banks: Mapping[str, str]
    sources: Mapping[str, str]
    engines: Mapping[str, str]
    code: str


def digest(inputs: Inputs) -> str:
    """SHA-256 in hex over the inputs with all names sorted."""
    written = msgspec.json.encode({"form": FORM, "inputs": inputs}, order="sorted")
    return hashlib.sha256(written).hexdigest()


def content_name(value: object) -> str:
    """A digest of any frozen dataclass, list or mapping of plain values."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
