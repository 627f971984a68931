"""The verbs that every configured noun shares: list, read, save, delete, look back, roll back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from engine.audit import Entry, Event
from engine.errors import Conflict, InvalidInput
from engine.paging import Page, PageRequest, Position, page_of
from services.context import require
from services.rulesets import load_configuration
from store import audit, config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.errors import Problem
    from engine.permissions import Permission
    from services.context import Caller, Context
    from store.config import ConfigKind, Revision

T = TypeVar("T")
MAX_REASON = 2000


@dataclass(frozen=True)
class Saving:
    """What a noun may look at while one of its objects is being saved or deleted."""

    context: Context
    tx: Connection
    caller: Caller
    configuration: Configuration
    object_id: str


@dataclass(frozen=True)
class Events:
    create: Event
    update: Event
    delete: Event
    rollback: Event


@dataclass(frozen=True)
class Noun(Generic[T]):
    """How one kind of object is read, checked and written.

    name: the value's name. needs: the permission for a change from one value to another, either
    of which may be None. settle: checks what the value refers to, and gives the value as it is to
    be stored. stored: what follows from the save, in the same transaction. users: what keeps an
    object from being deleted, in words.
    """

    kind: ConfigKind
    title: str
    events: Events
    parse: Callable[[str, int, object], T]
    document: Callable[[T], Mapping[str, object]]
    name: Callable[[T], str]
    select: Callable[[Configuration], Mapping[str, T]]
    needs: Callable[[T | None, T | None], Permission]
    settle: Callable[[Saving, T], T]
    users: Callable[[Saving], tuple[str, ...]]
    stored: Callable[[Saving, T], None] | None = None


def refuse(title: str, problems: list[Problem]) -> None:
    """Raises InvalidInput if there is any problem."""
    if problems:
        raise InvalidInput(
            f"the {title} cannot be saved: {problems[0].message}",
            hint=problems[0].hint,
            problems=tuple(problems),
        )


def objects(context: Context, caller: Caller, noun: Noun[T], page: PageRequest) -> Page[Revision]:
    """Current objects, latest saved first."""
    with context.database.transaction(caller.org_id) as tx:
        revisions = config.heads(tx, noun.kind)
    ordered = sorted(revisions, key=_order, reverse=True)
    after = page.after
    rest = [
        revision for revision in ordered if after is None or _order(revision) < (after.at, after.id)
    ]
    return page_of(rest, page, lambda revision: Position(*_order(revision)))


def _order(revision: Revision) -> tuple[datetime, str]:
    return revision.created_at, revision.object_id


def one(context: Context, caller: Caller, noun: Noun[T], object_id: str) -> Revision:
    """Raises NotFound."""
    with context.database.transaction(caller.org_id) as tx:
        return config.head(tx, noun.kind, object_id)


def versions(context: Context, caller: Caller, noun: Noun[T], object_id: str) -> list[Revision]:
    """Newest first. Raises NotFound."""
    with context.database.transaction(caller.org_id) as tx:
        return config.versions(tx, noun.kind, object_id)


def create(
    context: Context, caller: Caller, noun: Noun[T], document: Mapping[str, object], reason: str
) -> Revision:
    with context.database.transaction(caller.org_id) as tx:
        saving = _begin(context, tx, caller, context.new_id())
        value = noun.parse(saving.object_id, 1, document)
        return _save(saving, noun, value, noun.events.create, reason)


def update(
    context: Context,
    caller: Caller,
    noun: Noun[T],
    object_id: str,
    document: Mapping[str, object],
    *,
    reason: str,
    expected_version: int | None,
) -> Revision:
    """Raises NotFound, and Conflict when `expected_version` is not the current one."""
    with context.database.transaction(caller.org_id) as tx:
        saving = _begin(context, tx, caller, object_id)
        head = config.head(tx, noun.kind, object_id)
        value = noun.parse(object_id, head.version + 1, document)
        return _save(saving, noun, value, noun.events.update, reason, expected_version)


def put(
    context: Context,
    caller: Caller,
    noun: Noun[T],
    object_id: str,
    document: Mapping[str, object],
    *,
    reason: str,
    expected_version: int | None,
) -> Revision:
    """As `update`, for an object that need not have been saved before (its version is then 0)."""
    with context.database.transaction(caller.org_id) as tx:
        saving = _begin(context, tx, caller, object_id)
        value = noun.parse(object_id, 1, document)
        return _save(saving, noun, value, noun.events.update, reason, expected_version)


def rollback(
    context: Context, caller: Caller, noun: Noun[T], object_id: str, version: int, reason: str
) -> Revision:
    """Saves an earlier version anew; also brings back what was deleted. Raises NotFound."""
    with context.database.transaction(caller.org_id) as tx:
        saving = _begin(context, tx, caller, object_id)
        earlier = config.at_version(tx, noun.kind, object_id, version)
        if earlier.deleted:
            raise Conflict(f"version {version} is the deletion itself", hint="choose another")
        value = noun.parse(object_id, version, earlier.document)
        said = reason or f"back to version {version}"
        return _save(saving, noun, value, noun.events.rollback, said)


def delete(context: Context, caller: Caller, noun: Noun[T], object_id: str, reason: str) -> None:
    """Raises NotFound, and Conflict while something still refers to the object."""
    with context.database.transaction(caller.org_id) as tx:
        saving = _begin(context, tx, caller, object_id)
        head = config.head(tx, noun.kind, object_id)
        require(caller, noun.needs(noun.select(saving.configuration)[object_id], None))
        users = noun.users(saving)
        if users:
            raise Conflict(
                f"the {noun.title} `{head.name}` is in use by {_listed(users)}",
                hint="change those first",
            )
        config.save(
            tx,
            noun.kind,
            object_id,
            head.name,
            head.document,
            author=caller.actor,
            reason=_reason(reason),
            deleted=True,
            now=context.clock(),
        )
        _record(saving, noun, noun.events.delete, {"name": head.name})


def _begin(context: Context, tx: Connection, caller: Caller, object_id: str) -> Saving:
    config.lock(tx)
    return Saving(context, tx, caller, load_configuration(tx), object_id)


def _save(
    saving: Saving,
    noun: Noun[T],
    value: T,
    event: Event,
    reason: str,
    expected_version: int | None = None,
) -> Revision:
    before = noun.select(saving.configuration).get(saving.object_id)
    require(saving.caller, noun.needs(before, value))
    settled = noun.settle(saving, value)
    version = config.save(
        saving.tx,
        noun.kind,
        saving.object_id,
        noun.name(settled),
        noun.document(settled),
        author=saving.caller.actor,
        reason=_reason(reason),
        expected_version=expected_version,
        now=saving.context.clock(),
    )
    if noun.stored is not None:
        noun.stored(saving, settled)
    _record(saving, noun, event, {"name": noun.name(settled), "version": version})
    return config.head(saving.tx, noun.kind, saving.object_id)


def _record(saving: Saving, noun: Noun[T], event: Event, detail: Mapping[str, object]) -> None:
    now = saving.context.clock()
    subject = noun.kind.value.replace("_", "-")
    entry = Entry(now, saving.caller.actor, event, subject, saving.object_id, detail)
    audit.append(saving.tx, entry)


def _reason(reason: str) -> str:
    if len(reason) > MAX_REASON:
        raise InvalidInput(f"a reason has at most {MAX_REASON} characters")
    return reason


def _listed(names: tuple[str, ...], most: int = 10) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
