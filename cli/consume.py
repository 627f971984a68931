"""`winnow consume`: items from a NATS JetStream stream instead of REST."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from api.item_body import read_each
from cli.installation import open_installation
from cli.logs import configure_logging
from clients.nats_stream import Address, Delivered, NatsStream
from engine.errors import InvalidInput, Problem, TooLarge, Unavailable
from services import streams
from services.streams import Message
from store.settings import load_settings
from store.streams import alone_at

if TYPE_CHECKING:
    from types import FrameType

    from engine.items import RawItem
    from services.context import Context

FIRST_PAUSE_S = 0.5
MOST_ITEMS = 10_000
LONGEST_PAUSE_S = 30.0
log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    app.command("consume")(consume)


def consume(
    stream: Annotated[str, typer.Option(help="The JetStream stream that holds the items.")],
    org: Annotated[int, typer.Option(help="The organisation the items belong to.")],
    nats: Annotated[str, typer.Option(help="Where NATS is.")] = "nats://127.0.0.1:4222",
    subject: Annotated[str, typer.Option(help="Which of its subjects are read.")] = ">",
    consumer: Annotated[str, typer.Option(help="The name of the durable consumer.")] = "winnow",
    credentials: Annotated[Path | None, typer.Option(help="A NATS credentials file.")] = None,
    batch: Annotated[int, typer.Option(help="Messages taken in together.", min=1, max=5000)] = 500,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="Stop when no message is left.")
    ] = False,
    var: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """Take in items from a NATS JetStream stream, each exactly once.

    A message is one item, as in the list of POST /items/async, or {"items": [...]}. What cannot be
    taken in is kept with its reason: GET /api/v1/streams/refusals.
    """
    settings = load_settings(var_dir=var)
    configure_logging("consume", settings.log_level)
    address = Address(nats, stream, subject, consumer, str(credentials) if credentials else None)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with open_installation(settings) as context:
        streams.check_organisation(context, org)
        with alone_at(context.database, org, stream):
            _Consuming(context, org, address, batch, stop).run(until_empty=until_empty)


class _Consuming:
    def __init__(
        self, context: Context, org_id: int, address: Address, batch: int, stop: threading.Event
    ) -> None:
        self.context, self.org_id, self.address = context, org_id, address
        self.batch, self.stop = batch, stop

    def run(self, *, until_empty: bool) -> None:
        """Begins again where the database says, whenever NATS or Postgres was away."""
        pause = FIRST_PAUSE_S
        while not self.stop.is_set():
            try:
                with NatsStream(self.address) as stream:
                    self._read(stream, until_empty=until_empty)
            except Unavailable as error:
                log.warning("stream_interrupted", error=error.message, hint=error.hint)
                self.stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                return

    def _read(self, stream: NatsStream, *, until_empty: bool) -> None:
        name = self.address.stream
        seq = streams.read_to(self.context, self.org_id, name)
        stream.begin_after(seq)
        log.info("stream_reading", stream=name, after=seq)
        while not self.stop.is_set():
            delivered = stream.fetch(self.batch, 1.0)
            if not delivered:
                if until_empty:
                    return
                continue
            messages = [_message(one) for one in delivered]
            taken = streams.take_in(self.context, self.org_id, name, messages)
            stream.done_with(delivered)
            log.info("stream_read", stream=name, **vars(taken))


def _message(delivered: Delivered) -> Message:
    return Message(delivered.seq, delivered.subject, delivered.body, _items(delivered.body))


def _items(body: bytes) -> tuple[RawItem | tuple[Problem, ...], ...]:
    """One item, or a list of them; a body that is neither is one refusal."""
    try:
        several = body.lstrip()[:200].startswith(b'{"items"')
        return tuple(read_each(body if several else b'{"items":[' + body + b"]}", MOST_ITEMS))
    except (InvalidInput, TooLarge) as error:
        problems = getattr(error, "problems", ()) or (Problem(error.message, hint=error.hint),)
        return (tuple(problems),)
