"""Connections that accept items: a few, as the role that may COPY, opened when needed."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg

from store.database import INGEST_ROLE, psycopg_url

MOST_CONNECTIONS = 4
CONNECT_S = 5
SETTINGS = "-c statement_timeout=25000 -c idle_in_transaction_session_timeout=60000"


class StaleConnection(Exception):
    """The server had closed an idle connection; nothing was sent on it."""


class Connections:
    """A few connections as `winnow_ingest`, opened when needed, dropped when they fail."""

    def __init__(self, url: str) -> None:
        self._url = psycopg_url(url)
        self._idle: list[psycopg.AsyncConnection[Any]] = []
        self.turn = asyncio.Semaphore(MOST_CONNECTIONS)

    async def take(self) -> tuple[psycopg.AsyncConnection[Any], bool]:
        """A connection, and whether it was idle before. Raises psycopg.Error."""
        if self._idle:
            return self._idle.pop(), True
        connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            cursor_factory=psycopg.AsyncClientCursor,
            connect_timeout=CONNECT_S,
            options=SETTINGS,
        )
        await connection.execute(f"SET ROLE {INGEST_ROLE}")
        return connection, False

    def give_back(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._idle.append(connection)

    async def drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
