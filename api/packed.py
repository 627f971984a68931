"""Bodies that come packed: unpacked piece by piece, so that none is held before it is counted."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import Message, Receive

ENCODINGS: Final = frozenset({b"gzip", b"x-gzip", b"deflate"})
AS_IT_IS: Final = frozenset({b"", b"identity"})
PIECE_BYTES: Final = 1 << 16
# zlib's word for: look at the head, and take what gzip or zlib writes.
EITHER_HEAD: Final = 47
NOT_SO = "The body is not packed as its Content-Encoding says."
NOT_READ = "Of packed bodies, those by gzip and deflate are read."


def unpacked(receive: Receive, encoding: bytes) -> Receive:
    """What it gives raises a 415 for an encoding that is not read, a 400 for what is not in it.

    encoding: in lower case.
    """
    return _Unpacking(receive).next_piece if encoding in ENCODINGS else _unread


async def _unread() -> Message:
    raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, NOT_READ)


class _Unpacking:
    """waiting: packed and not looked at yet. ended: nothing more will come."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.inflater = zlib.decompressobj(EITHER_HEAD)
        self.waiting = b""
        self.ended = False
        self.done = False

    async def next_piece(self) -> Message:
        while not self.done:
            piece = self._inflated()
            if piece:
                return {"type": "http.request", "body": piece, "more_body": True}
            if self.ended:
                return self._last()
            message = await self.receive()
            if message["type"] != "http.request":
                return message
            self.waiting = message.get("body", b"")
            self.ended = not message.get("more_body", False)
        return await self.receive()  # from here on it is asked whether the caller is still there

    def _inflated(self) -> bytes:
        """As much as one piece holds; empty when more has to come first."""
        if self.inflater.eof:
            self._nothing_may_follow()
            return b""
        try:
            piece = self.inflater.decompress(self.waiting, PIECE_BYTES)
        except zlib.error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, NOT_SO) from None
        self.waiting = self.inflater.unconsumed_tail
        return piece

    def _nothing_may_follow(self) -> None:
        if self.waiting or self.inflater.unused_data:
            raise HTTPException(HTTPStatus.BAD_REQUEST, NOT_SO)

    def _last(self) -> Message:
        if not self.inflater.eof:
            raise HTTPException(HTTPStatus.BAD_REQUEST, NOT_SO)
        self._nothing_may_follow()
        self.done = True
        return {"type": "http.request", "body": b"", "more_body": False}
