"""One NATS JetStream stream, read in its order from a message on.

The library speaks asyncio; everything else here does not, so each call runs the loop until it is
answered.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy
from nats.js.errors import APIError, FetchTimeoutError
from nats.js.errors import NotFoundError as NoSuchThing

from engine.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    T = TypeVar("T")

ANSWER_S = 10.0
ACK_WAIT_S = 60.0


@dataclass(frozen=True)
class Address:
    """credentials: the path of a NATS credentials file, or None."""

    url: str
    stream: str
    subject: str
    consumer: str
    credentials: str | None = None


@dataclass(frozen=True)
class Delivered:
    """seq: of the message in its stream."""

    seq: int
    subject: str
    body: bytes
    message: Msg


class NatsStream:
    """Raises Unavailable when the server does not answer, NotFound when there is no such stream.

    The durable consumer is made anew each time, so that messages come in the order of the stream
    and begin where the caller says. Another reader of the same consumer would lose it.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None
        self._subscription: JetStreamContext.PullSubscription | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._client is not None:
            with suppress(NatsError, asyncio.TimeoutError, OSError):
                self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def begin_after(self, seq: int) -> None:
        """Messages up to `seq` have been seen."""
        self._run(self._begin_after(seq))

    def fetch(self, most: int, wait_s: float) -> Sequence[Delivered]:
        """Those that are there, or that come within the time; none after it."""
        assert self._subscription is not None, "begin_after comes first"
        try:
            messages = self._run(self._subscription.fetch(most, timeout=wait_s))
        except TimeoutError:
            return ()
        return [_delivered(message) for message in messages]

    def done_with(self, delivered: Sequence[Delivered]) -> None:
        """The server need not send them again."""

        async def acknowledge() -> None:
            for one in delivered:
                await one.message.ack()
            assert self._client is not None
            await self._client.flush()

        self._run(acknowledge())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run_until_complete(work)
        except (TimeoutError, FetchTimeoutError):
            raise TimeoutError from None
        except NoSuchThing as error:
            address = self._address
            raise NotFound(
                f"NATS has no stream {address.stream!r}.", hint="Create it, or name another."
            ) from error
        except (NatsError, APIError, OSError) as error:
            raise Unavailable("NATS does not answer.", hint=str(error)) from error

    async def _begin_after(self, seq: int) -> None:
        address = self._address
        self._client = await nats.connect(
            address.url,
            user_credentials=address.credentials,
            connect_timeout=ANSWER_S,
            allow_reconnect=False,
            max_reconnect_attempts=0,
            error_cb=_told_by_the_call,
        )
        stream = self._client.jetstream(timeout=ANSWER_S)
        info = await stream.stream_info(address.stream)
        with suppress(NoSuchThing):
            await stream.delete_consumer(address.stream, address.consumer)
        in_order = info.config.retention is not RetentionPolicy.WORK_QUEUE
        config = ConsumerConfig(
            durable_name=address.consumer,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if in_order else DeliverPolicy.ALL,
            opt_start_seq=seq + 1 if in_order else None,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            filter_subject=address.subject,
        )
        await stream.add_consumer(address.stream, config)
        self._subscription = await stream.pull_subscribe_bind(
            consumer=address.consumer, stream=address.stream
        )


async def _told_by_the_call(_error: Exception) -> None:
    """Every failure also fails the call that is waiting; said once is enough."""


def _delivered(message: Msg) -> Delivered:
    return Delivered(message.metadata.sequence.stream, message.subject, message.data, message)
