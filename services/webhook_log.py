"""Webhooks sent and to be sent: the log, each attempt, sending one or many again, endpoints."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.audit import Entry, Event
from engine.configuration.configuration import Configuration
from engine.errors import Conflict, NotFound
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.jobs import known_id
from services.rulesets import known_configuration
from store import audit, outbox
from store import deliveries as deliveries_of
from store.deliveries import EndpointRow, Selection
from store.outbox import Delivery, PastAttempt

HIDDEN = "(hidden)"


@dataclass(frozen=True)
class DeliveryView:
    """attempts: how many there were. state: pending, leased, delivered, dead or cancelled."""

    delivery_id: str
    idempotency_key: str
    kind: str
    action_id: str | None
    action_name: str | None
    url: str
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True)
class AttemptView:
    """status, response: what the platform answered; error: why it did not."""

    attempt: int
    started_at: datetime
    latency_ms: float
    status: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True)
class DeliveryPage:
    """One delivery. headers: the configured ones by name; their values may be credentials."""

    delivery_id: str
    idempotency_key: str
    kind: str
    action_id: str | None
    action_name: str | None
    url: str
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    headers: dict[str, str]
    body: str
    attempt_log: tuple[AttemptView, ...]


def deliveries(
    context: Context, caller: Caller, page: PageRequest, state: str | None, action_id: str | None
) -> Page[DeliveryView]:
    """Latest first."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rows = outbox.page(
            tx,
            state=state,
            action_id=action_id,
            before=(page.after.at, page.after.id) if page.after else None,
            most=page.limit + 1,
        )
    found = page_of(rows, page, lambda row: Position(row.created_at, row.outbox_id))
    return map_page(found, lambda row: _view(row, configuration))


def delivery(context: Context, caller: Caller, delivery_id: str) -> DeliveryPage:
    """Raises NotFound."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        row = outbox.get(tx, known_id(delivery_id))
        if row is None:
            raise NotFound(f"there is no delivery `{delivery_id}`")
        attempts = outbox.past_attempts(tx, row.outbox_id)
        view = _view(row, known_configuration(tx))
    return DeliveryPage(
        **vars(view),
        headers=dict.fromkeys(row.headers, HIDDEN),
        body=row.body.decode("utf-8", "replace"),
        attempt_log=tuple(_attempt(attempt) for attempt in attempts),
    )


def replay(context: Context, caller: Caller, delivery_id: str) -> None:
    """Sends a finished message again, under the same idempotency key. Raises NotFound, Conflict."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        row = outbox.get(tx, known_id(delivery_id))
        if row is None:
            raise NotFound(f"there is no delivery `{delivery_id}`")
        if not outbox.replay(tx, row.outbox_id, now):
            raise Conflict(
                f"this delivery is {row.state}", hint="it can be replayed when it has ended"
            )
        entry = Entry(now, caller.actor, Event.DELIVERY_REPLAY, "delivery", row.outbox_id)
        audit.append(tx, entry)


@dataclass(frozen=True)
class Replayed:
    """matched: those of the selection; replayed: none of them in a dry run."""

    matched: int
    replayed: int


def replay_many(context: Context, caller: Caller, wanted: Selection, *, apply: bool) -> Replayed:
    """Sends what is selected again, or only counts it."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        if not apply:
            return Replayed(deliveries_of.count(tx, wanted), 0)
        done = deliveries_of.replay(tx, wanted, now)
        detail = {
            "count": done,
            "state": wanted.state,
            "actionId": wanted.action_id,
            "from": wanted.since.isoformat() if wanted.since else None,
            "to": wanted.until.isoformat() if wanted.until else None,
        }
        audit.append(tx, Entry(now, caller.actor, Event.DELIVERY_REPLAY, "delivery", "*", detail))
    return Replayed(done, done)


class Breaker(StrEnum):
    """closed: it is called. open: it is left alone. probing: one message at a time goes there."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True)
class EndpointView:
    """failures: in a row. waiting: webhooks that are to be sent there."""

    endpoint: str
    breaker: Breaker
    failures: int
    open_until: datetime | None
    waiting: int


def endpoints(context: Context, caller: Caller) -> tuple[EndpointView, ...]:
    """Every host that webhooks were ever sent to."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        rows = deliveries_of.endpoints(tx)
    return tuple(_endpoint(row, now) for row in rows)


def _endpoint(row: EndpointRow, now: datetime) -> EndpointView:
    breaker = Breaker.CLOSED
    if row.open_until is not None:
        breaker = Breaker.OPEN if row.open_until > now else Breaker.PROBING
    return EndpointView(row.endpoint, breaker, row.failures, row.open_until, row.waiting)


def _view(row: Delivery, configuration: Configuration) -> DeliveryView:
    action = configuration.actions.get(row.action_id or "")
    return DeliveryView(
        delivery_id=row.outbox_id,
        idempotency_key=row.idempotency_key,
        kind=row.kind,
        action_id=row.action_id,
        action_name=action.name if action else None,
        url=row.url,
        state=row.state,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )


def _attempt(attempt: PastAttempt) -> AttemptView:
    return AttemptView(
        attempt=attempt.attempt,
        started_at=attempt.started_at,
        latency_ms=attempt.latency_ms,
        status=attempt.status,
        error=attempt.error,
        response=attempt.response,
    )
