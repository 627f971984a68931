"""What the database tells its processes: new items, new messages, new configuration."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg import sql

from store.config import CHANNEL as CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store.database import Database

ITEMS = "winnow_pending"
OUTBOX = "winnow_outbox"


@contextmanager
def listen(database: Database) -> Iterator[Callable[[float], frozenset[str]]]:
    """A function that waits so many seconds at most and gives the channels heard meanwhile.

    Notifications may be lost while the connection is away, so whoever listens also looks.
    """
    connection = database.listen(CONFIGURATION)
    try:
        for channel in (ITEMS, OUTBOX):
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

        def heard(timeout_s: float) -> frozenset[str]:
            found = connection.notifies(timeout=timeout_s, stop_after=1)
            return frozenset(notice.channel for notice in found)

        yield heard
    finally:
        connection.close()
