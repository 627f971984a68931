"""Lists come a page at a time. A cursor says where the next page starts: a time and an id."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from engine.errors import InvalidInput, Problem

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Position:
    """The last row of a page: what it is ordered by, and its id to tell equals apart."""

    at: datetime
    id: str


@dataclass(frozen=True)
class PageRequest:
    limit: int = DEFAULT_LIMIT
    after: Position | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """next_cursor: None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def page_request(limit: int, cursor: str | None) -> PageRequest:
    """Raises InvalidInput for a cursor that we did not write."""
    return PageRequest(min(max(limit, 1), MAX_LIMIT), read_cursor(cursor) if cursor else None)


def page_of(rows: Sequence[T], request: PageRequest, position: Callable[[T], Position]) -> Page[T]:
    """`rows` holds up to one row more than the limit; that one only says there is a next page."""
    kept = tuple(rows[: request.limit])
    more = len(rows) > request.limit
    return Page(kept, write_cursor(position(kept[-1])) if more else None)


def map_page(page: Page[T], change: Callable[[T], U]) -> Page[U]:
    return Page(tuple(change(item) for item in page.items), page.next_cursor)


def write_cursor(position: Position) -> str:
    text = f"{position.at.isoformat()}|{position.id}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Position:
    """Raises InvalidInput."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, bar, identity = text.partition("|")
        moment = datetime.fromisoformat(at)
    except (ValueError, UnicodeError) as error:
        raise _unknown_cursor() from error
    if not bar or moment.tzinfo is None or "\0" in identity:
        raise _unknown_cursor()
    return Position(moment, identity)


def _unknown_cursor() -> InvalidInput:
    message = "the query parameter `cursor` is not one we gave"
    return InvalidInput(message, hint="leave it out", problems=(Problem(message),))
