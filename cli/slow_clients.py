"""Connections that send the head of a request too slowly are closed, so that they hold nothing up.

Bodies are timed where they are read (`api.edge`); idle connections end by uvicorn's own time-out.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 15.0


class TimedProtocol(HttpToolsProtocol):
    """A request's head must be there within `head_s` of its first byte, or of the connection.

    Most heads arrive in one piece; only where one does not is there a timer to set.
    """

    head_s = HEAD_S
    _in_head = False
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base does
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self._late is None:
            self._expect_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._forget_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_head = False
        self._forget_head()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(self.head_s, self._close)

    def _forget_head(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        self._late = None
        transport: Any = self.transport
        transport.close()
