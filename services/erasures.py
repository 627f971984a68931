"""Erasing what is known of one person, in Postgres and in the lake, however often it is stopped.

A worker's timer takes each erasure from stage to stage: list what is the person's, delete it in the
database in one transaction, rewrite the lake. Every stage may be done twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from engine.audit import Entry, Event
from engine.casework.erasure import LONGEST, ErasureState, pseudonym
from engine.errors import NotFound
from engine.items import ItemRef
from engine.permissions import Permission
from services.context import Caller, Context, require, system_caller
from services.jobs import known_id
from services.lake_cleaning import clean_lake, kept_in_lake
from store import audit, erasures, export_source, match_traces, organisations, window_events
from store.erasures import ErasureRow


@dataclass(frozen=True)
class Erasure:
    """due_by: when it is done at the latest. counts: what was deleted, once it was."""

    erasure_id: str
    state: ErasureState
    requested_at: datetime
    due_by: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]


def erase_person(context: Context, caller: Caller, person: ItemRef) -> Erasure:
    """Asks for it; asked again before it is done, the same one. Raises NotFound for the type.

    What the person sends after it was asked for is new, and stays.
    """
    require(caller, Permission.MANAGE_ORG)
    now, erasure_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        check_type(tx, person)
        row = erasures.request(tx, person, erasure_id=erasure_id, by=caller.actor, now=now)
        if row.erasure_id == erasure_id:
            detail = {"person": pseudonym(person)}
            entry = Entry(
                now, caller.actor, Event.PERSON_ASK_ERASURE, "erasure", erasure_id, detail
            )
            audit.append(tx, entry)
    return _view(row)


def check_type(tx: Connection, person: ItemRef) -> None:
    """Raises NotFound when there never was such an item type."""
    if person.type_id not in export_source.item_type_ids(tx):
        raise NotFound(f"There is no item type {person.type_id}.")


def read_erasure(context: Context, caller: Caller, erasure_id: str) -> Erasure:
    """Raises NotFound."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        row = erasures.find(tx, known_id(erasure_id))
    if row is None:
        raise NotFound(f"There is no erasure {erasure_id}.")
    return _view(row)


def _view(row: ErasureRow) -> Erasure:
    due_by = row.requested_at + LONGEST
    return Erasure(row.erasure_id, row.state, row.requested_at, due_by, row.finished_at, row.counts)


def erase_all(context: Context) -> int:
    """Takes every erasure of every organisation as far as it goes; how many were finished."""
    with context.database.system() as tx:
        org_ids = organisations.ids(tx)
    finished = 0
    for org_id in org_ids:
        with context.database.transaction(org_id) as tx:
            waiting = erasures.unfinished(tx)
        finished += sum(_erase(context, org_id, erasure_id) for erasure_id in waiting)
    return finished


def _erase(context: Context, org_id: int, erasure_id: str) -> bool:
    """True when it was finished here; False when another process is at it, or exports the lake."""
    for stage in (_list, _delete, _finish):
        with context.database.transaction(org_id) as tx:
            row = erasures.hold(tx, erasure_id)
            if row is None or not stage(context, org_id, tx, row):
                return False
    return True


def _list(context: Context, org_id: int, tx: Connection, row: ErasureRow) -> bool:
    """Postgres first: what it lets go meanwhile has long been in the lake, which is read then."""
    if row.state is ErasureState.WAITING and row.person is not None:
        erasures.list_items(tx, row.erasure_id, row.person)
        for type_id in export_source.item_type_ids(tx):
            for found in kept_in_lake(context.lake_root, org_id, type_id, row.person):
                erasures.list_more(tx, row.erasure_id, type_id, found)
        erasures.list_is_whole(tx, row.erasure_id)
    return True


def _delete(_context: Context, _org_id: int, tx: Connection, row: ErasureRow) -> bool:
    """While no counter is being started: one that read the person's items is cleaned after it."""
    if row.state is ErasureState.LISTED:
        window_events.lock_registration(tx)
        erasures.delete_listed(tx, row.erasure_id)
        match_traces.erase(tx, row.erasure_id)
    return True


def _finish(context: Context, org_id: int, tx: Connection, row: ErasureRow) -> bool:
    if row.person is None or not export_source.try_lock(tx, org_id):
        return False
    items = erasures.listed(tx, row.erasure_id)
    clean_lake(context, org_id, row.person, items, erasures.places(tx, row.erasure_id))
    now = context.clock()
    erasures.finish(tx, row.erasure_id, now)
    actor = system_caller(org_id, "erasure").actor
    detail = {"requestedBy": row.requested_by, "counts": dict(row.counts)}
    audit.append(tx, Entry(now, actor, Event.PERSON_ERASE, "erasure", row.erasure_id, detail))
    return True
