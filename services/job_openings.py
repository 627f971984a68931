"""New jobs: each to the queue that the routing rules say, with why it went there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import ref

from engine.casework.routing import Route, Router, Subject, compile_router, default_queue_id
from engine.items import row_values
from engine.language.types import PROFILE_COLUMNS
from services.profiles import Relating, relate
from store import items_lookup, jobs, routings
from store.jobs import NewJob
from store.routings import Routing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration

_routers: dict[int, tuple[ref[Configuration], Router]] = {}
_lock = threading.Lock()
MOST_ROUTERS = 64


@dataclass(frozen=True)
class Opening:
    """A job to open, or a source to add to the item's open one of the same kind.

    sources: why, at least one. origin: what opens it, as routing rules read it (`submit-report`).
    queue_id: given, it is not routed. data: the item's stored JSON where the caller has it; None
    has it looked up. barred: the actors who may not take the job.
    """

    type_id: str
    item_id: str
    sources: Sequence[Mapping[str, object]]
    origin: str
    kind: str = "DEFAULT"
    seq: int | None = None
    arrived_at: datetime | None = None
    policy_ids: Sequence[str] = ()
    queue_id: str | None = None
    data: Mapping[str, object] | None = None
    barred: Sequence[str] = field(default=())


def open_routed(
    tx: Connection,
    configuration: Configuration,
    openings: Sequence[Opening],
    *,
    now: datetime,
    new_id: Callable[[], str],
) -> list[str | None]:
    """The id of each one's job, in order; None in an organisation without any queue.

    Locks jobs in the order of their items, so that two callers do not wait for each other.
    """
    router = router_of(configuration)
    planned = [
        (opening, route, new_id())
        for opening in sorted(openings, key=_key)
        if (route := _route(tx, router, opening, now)).queue_id is not None
    ]
    jobs.open_jobs(
        tx,
        [
            _new_job(opening, source, fresh, route.queue_id or "", now)
            for opening, route, fresh in planned
            for source in opening.sources
        ],
    )
    opened = jobs.open_ids(tx, [_key(opening) for opening, _, _ in planned])
    routings.insert(
        tx,
        [
            _logged(fresh, opening, route, configuration, now)
            for opening, route, fresh in planned
            if opened[_key(opening)] == fresh
        ],
    )
    return [opened.get(_key(opening)) for opening in openings]


def _key(opening: Opening) -> tuple[str, str, str]:
    return opening.type_id, opening.item_id, opening.kind


def _new_job(
    opening: Opening, source: Mapping[str, object], job_id: str, queue_id: str, now: datetime
) -> NewJob:
    return NewJob(
        job_id=job_id,
        queue_id=queue_id,
        type_id=opening.type_id,
        item_id=opening.item_id,
        seq=opening.seq,
        arrived_at=opening.arrived_at,
        source={**source, "at": now.isoformat()},
        policy_ids=opening.policy_ids,
        now=now,
        kind=opening.kind,
        barred=opening.barred,
    )


def _route(tx: Connection, router: Router, opening: Opening, now: datetime) -> Route:
    if opening.queue_id is not None and opening.queue_id in router.configuration.queues:
        return Route(opening.queue_id, queue_named=True)
    if not router.wants(opening.kind, opening.type_id):
        return Route(default_queue_id(router.configuration, opening.kind))
    data, at = _data(tx, opening, now)
    subject = Subject(
        kind=opening.kind,
        type_id=opening.type_id,
        data=data,
        policy_ids=opening.policy_ids,
        source=opening.origin,
        at=at,
        profiles=profiles_read(tx, router, opening.type_id, data, at),
    )
    return router.route(subject)


def profiles_read(
    tx: Connection, router: Router, type_id: str, data: Mapping[str, object], at: datetime
) -> Mapping[str, object]:
    """What the item's author and thread were then, where routing rules ask."""
    related = router.related.get(type_id)
    if not related:
        return {}
    row = row_values(router.item_types[type_id])(data)
    relate(tx, router.configuration, [Relating(row, related, at)])
    return {column: row[column] for column in PROFILE_COLUMNS.values() if column in row}


def _data(tx: Connection, opening: Opening, now: datetime) -> tuple[Mapping[str, object], datetime]:
    """The item's stored JSON, and when it arrived."""
    if opening.data is not None:
        return opening.data, opening.arrived_at or now
    if opening.seq is not None and opening.arrived_at is not None:
        stored = items_lookup.at_place(tx, opening.seq, opening.arrived_at)
    else:
        stored = items_lookup.latest(tx, opening.type_id, opening.item_id)
    return (stored.data, stored.arrived_at) if stored else ({}, opening.arrived_at or now)


def _logged(
    job_id: str, opening: Opening, route: Route, configuration: Configuration, now: datetime
) -> Routing:
    return Routing(
        job_id=job_id,
        at=now,
        kind=opening.kind,
        queue_id=route.queue_id or "",
        rule_id=route.rule_id,
        config_version=configuration.config_version,
        trail=tuple(
            {"ruleId": s.rule_id, "name": s.name, "outcome": s.outcome.value, "shadow": s.shadow}
            for s in route.trail
        ),
        queue_named=route.queue_named,
    )


def router_of(configuration: Configuration) -> Router:
    """Compiled once for each configuration that a process holds."""
    with _lock:
        known = _routers.get(id(configuration))
    if known is not None and known[0]() is configuration:
        return known[1]
    router = compile_router(configuration)
    with _lock:
        if len(_routers) >= MOST_ROUTERS:
            _routers.clear()
        _routers[id(configuration)] = ref(configuration), router
    return router
