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


def in_one_trip(tx: Connection) -> AbstractContextManager[Any]:
    """What is asked within is sent together; on single statements it is one transaction, too."""
    connection = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    return connection.pipeline()


def follow_indexes(tx: Connection) -> None:
    """From here to its end, the transaction reads tables through their indexes, in their order."""
    cursor(tx).execute(FOLLOW_INDEXES)


def whole_numbers(numbers: Iterable[int]) -> str:
    """An array as Postgres reads it: many times faster to write than the driver's."""
    return f"{{{','.join(map(str, numbers))}}}"


def numbers(values: Iterable[float | None]) -> str:
    """As `whole_numbers` has it, of numbers in double precision, or NULLs."""
    return f"{{{','.join('NULL' if each is None else repr(each) for each in values)}}}"


def texts(values: Sequence[str | None]) -> str:
    """As `whole_numbers` has it, of texts, or NULLs."""
    if None in values:
        return f"{{{','.join('NULL' if each is None else _quoted(each) for each in values)}}}"
    whole = cast("Sequence[str]", values)
    joined = '","'.join(whole)
    if "\\" in joined or joined.count('"') != 2 * max(len(whole) - 1, 0):
        return f"{{{','.join(map(_quoted, whole))}}}"
    return f'{{"{joined}"}}' if whole else "{}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
