"""Connections and transactions. The runtime role is set here, and so is the organisation."""

from __future__ import annotations

import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from engine.errors import InvalidConfiguration, Unavailable
from store import audit, idempotency
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

APP_ROLE = "winnow_app"
INGEST_ROLE = "winnow_ingest"
DRIVER = "postgresql+psycopg"
POOL_SIZE = 20

# Told to end by an administrator, ended by a crash, or still starting.
SERVER_GOES_AWAY = ("57P01", "57P02", "57P03")

SET_ORGANISATION = text("SELECT set_config('app.org_id', :org_id, true)")


def sqlalchemy_url(url: str) -> URL:
    """Raises InvalidConfiguration for a text that is not a Postgres URL."""
    hint = "It looks like postgresql://user:password@host:5432/database."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidConfiguration("DATABASE_URL is not a URL.", hint=hint) from error
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise InvalidConfiguration(
            f"DATABASE_URL names '{parsed.get_backend_name()}', not a Postgres server.", hint=hint
        )
    return parsed.set(drivername=DRIVER)


def psycopg_url(url: str) -> str:
    return sqlalchemy_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


# In one round trip, as the first of a transaction.
BEGIN_FOR = "BEGIN; SET LOCAL app.org_id = '{org_id:d}'"

# For all that follows on this connection, until it is said again.
BIND = "SET app.org_id = '{org_id:d}'"
BOUND_TO = "organisation"


def bind_organisation(tx: Connection, org_id: int) -> None:
    """What follows in this transaction sees the rows of this organisation alone."""
    tx.execute(SET_ORGANISATION, {"org_id": str(org_id)})


class Database:
    """Connects as the URL's user and at once becomes `winnow_app`, bound by row-level security.

    What a statement was given is left out of its errors: they are logged, and it is people's data.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _pooled(url)
        # Nothing is under way where every statement ends its own transaction.
        self._bound = _pooled(url, pool_reset_on_return=None)
        self._owner = create_engine(sqlalchemy_url(url), poolclass=NullPool, hide_parameters=True)
        for engine in (self._engine, self._bound):
            event.listen(engine, "connect", _become_app)
        event.listen(self._bound, "connect", _follow_indexes)
        event.listen(self._owner, "connect", _begin_ourselves)

    @contextmanager
    def transaction(self, org_id: int) -> Iterator[Connection]:
        with begun_for(self._engine, org_id) as tx:
            yield tx

    @contextmanager
    def at_once(self, org_id: int) -> Iterator[Connection]:
        """For single statements: each is a transaction of its own, of one round trip.

        Nothing that ends with a transaction (locks, SET LOCAL, what the audit log is told) outlives
        a statement. Raises Unavailable.
        """
        with _lost_is_unavailable():
            connection = _bound(self._bound, org_id)
            driver = _driver(connection)
            try:
                yield connection
            except psycopg.OperationalError as error:
                if driver.closed:
                    raise _unavailable(error) from error
                raise
            finally:
                if driver.closed:
                    connection.invalidate()
                connection.close()

    @contextmanager
    def system(self) -> Iterator[Connection]:
        """No organisation: tables are empty, only the definer functions answer."""
        with _begin(self._engine) as tx:
            yield tx

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        """As the URL's own user, who owns the tables: for partitions and migrations alone."""
        with _begin(self._owner) as tx:
            yield tx

    def listen(self, channel: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the caller's own, in autocommit, that hears the channel."""
        connection = psycopg.connect(psycopg_url(self.url), autocommit=True)
        connection.execute(f"SET ROLE {APP_ROLE}")
        connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
        return connection

    def close(self) -> None:
        self._engine.dispose()
        self._bound.dispose()
        self._owner.dispose()


def _pooled(url: str, **more: object) -> Engine:
    """The connection used last, which has everything at hand, is used next."""
    return create_engine(
        sqlalchemy_url(url),
        **more,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_use_lifo=True,
        hide_parameters=True,
    )


def _become_app(connection: psycopg.Connection[Any], record: object) -> None:
    _begin_ourselves(connection, record)
    connection.execute(f"SET ROLE {APP_ROLE}")


def _follow_indexes(connection: psycopg.Connection[Any], _record: object) -> None:
    """Plans made while a table was small are kept, and would read it whole ever after."""
    connection.execute("SET enable_seqscan = off; SET enable_sort = off")


def _begin_ourselves(connection: psycopg.Connection[Any], _record: object) -> None:
    """The driver does not begin transactions: it would take a round trip for that alone."""
    connection.autocommit = True


@contextmanager
def begun_for(engine: Engine, org_id: int) -> Iterator[Connection]:
    """A transaction of an organisation, over the engine of another one of its transactions."""
    with _begin(engine, BEGIN_FOR.format(org_id=org_id)) as tx:
        yield tx


@contextmanager
def _begin(engine: Engine, statement: str = "BEGIN") -> Iterator[Connection]:
    """Raises Unavailable when there is no server, or when it goes away meanwhile."""
    with (
        _lost_is_unavailable(),
        _begun(engine, statement) as connection,
        connection.begin(),
    ):
        audit.forget(connection)
        yield connection
        if audit.waiting(connection):
            idempotency.claim(connection)
        audit.flush(connection)


@contextmanager
def _lost_is_unavailable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if not is_lost(error):
            raise
        raise _unavailable(error.orig) from error


def _begun(engine: Engine, statement: str) -> Connection:
    """A connection that was cut while nobody used it is found out here, and a new one is made."""
    connection = engine.connect()
    try:
        cursor(connection).execute(statement, prepare=False)
    except psycopg.OperationalError:
        connection.invalidate()
        connection.close()
        engine.dispose()  # the others were cut with it, as a rule
    else:
        return connection
    connection = engine.connect()
    try:
        cursor(connection).execute(statement, prepare=False)
    except psycopg.OperationalError as error:
        connection.close()
        raise _unavailable(error) from error
    return connection


def _bound(engine: Engine, org_id: int) -> Connection:
    """A connection whose statements see one organisation, as those before them did, mostly.

    It was not cut: nothing was heard from it since it was used last.
    """
    connection = engine.connect()
    if connection.info.get(BOUND_TO) == org_id and not _has_news(_driver(connection)):
        return connection
    connection.info.pop(BOUND_TO, None)
    connection.close()
    connection = _begun(engine, BIND.format(org_id=org_id))
    connection.info[BOUND_TO] = org_id
    return connection


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _has_news(driver: psycopg.Connection[Any]) -> bool:
    """Asks this machine alone; costs no round trip."""
    heard = select.poll()
    heard.register(driver.fileno(), select.POLLIN)
    return bool(heard.poll(0))


def _unavailable(error: BaseException | None) -> Unavailable:
    hint = str(error).strip().partition("\n")[0]
    return Unavailable("The database does not answer.", hint=hint)


def is_lost(error: DBAPIError) -> bool:
    """True when the connection is gone or never was, as against a statement that failed."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {
        None,
        *SERVER_GOES_AWAY,
    }
