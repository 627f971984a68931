"""The driver's own cursor in a bound transaction, for statements where arrays and bytes count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    import psycopg
    from sqlalchemy import Connection

# A queue's size changes from nothing to millions and back faster than statistics follow, and a plan
# made for nothing sorts the whole queue for every lease.
FOLLOW_INDEXES = """
SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
"""


def cursor(tx: Connection, *, binary: bool = False) -> psycopg.Cursor[Any]:
    """In the same transaction; never commit through it."""
    connection = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    return connection.cursor(binary=binary)


def together(tx: Connection) -> AbstractContextManager[Any]:
    """What is done within happens as a whole, also where each statement is its own transaction."""
    connection = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    return connection.transaction()


def follow_indexes(tx: Connection) -> None:
    """From here to its end, the transaction reads tables through their indexes, in their order."""
    cursor(tx).execute(FOLLOW_INDEXES)


def whole_numbers(numbers: Iterable[int]) -> str:
    """An array as Postgres reads it: many times faster to write than the driver's."""
    return f"{{{','.join(map(str, numbers))}}}"


def texts(values: Sequence[str]) -> str:
    """As `whole_numbers` has it, of texts."""
    joined = '","'.join(values)
    if "\\" in joined or joined.count('"') != 2 * max(len(values) - 1, 0):
        joined = '","'.join(each.replace("\\", "\\\\").replace('"', '\\"') for each in values)
    return f'{{"{joined}"}}' if values else "{}"
