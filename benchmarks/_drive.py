"""A load generator that costs little: requests made beforehand, over plain sockets, one thread."""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTIONS = 64
LENGTH = b"content-length: "


class Client:
    """One connection that waits for its answer before it sends again."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.answer = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.answer = b""
        self.socket.sendall(request)

    def answered(self, status: int) -> bool:
        """Whether the whole answer is here."""
        self.answer += self.socket.recv(65_536)
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 %d" % status):
            sys.exit(f"refused: {self.answer[:500]!r}")
        length = head.partition(LENGTH)[2].partition(b"\r\n")[0]
        return len(body) >= int(length or 0)


def drive(
    port: int, made: Sequence[bytes], rate: float | None = None, status: int = 202
) -> list[float]:
    """Seconds from when each request was due to its answer.

    rate: requests a second; None: as many as the connections can carry. status: of every answer.
    """
    waiting = selectors.DefaultSelector()
    free = deque(Client(port) for _ in range(CONNECTIONS))
    for client in free:
        waiting.register(client.socket, selectors.EVENT_READ, client)
    spent: list[float] = []
    line, started, sent = iter(made), time.perf_counter(), 0
    request = next(line, None)
    while request is not None or len(spent) < sent:
        now = time.perf_counter()
        due = now if rate is None else started + sent / rate
        while request is not None and free and due <= now:
            free.popleft().send(request, due)
            sent += 1
            request = next(line, None)
            due = now if rate is None else started + sent / rate
        pause = None if rate is None or request is None else max(due - time.perf_counter(), 0)
        for key, _ in waiting.select(pause):
            answering: Client = key.data
            if answering.answered(status):
                spent.append(time.perf_counter() - answering.due)
                free.append(answering)
    for client in free:
        client.socket.close()
    return spent
