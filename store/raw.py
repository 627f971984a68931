"""The driver's own cursor in a bound transaction, for statements where arrays and bytes count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection


def cursor(tx: Connection, *, binary: bool = False) -> psycopg.Cursor[Any]:
    """In the same transaction; never commit through it."""
    connection = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    return connection.cursor(binary=binary)
