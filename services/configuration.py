"""The verbs that every configured noun shares: list, read, save, delete, look back, roll back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from engine.audit import Entry, Event
from engine.errors import AwaitsApproval, Conflict, InvalidConfiguration, InvalidInput
from engine.paging import Page, PageRequest, Position, page_of
from services.asking_ahead import in_transaction
from services.context import require
from services.rulesets import load_configuration, unreadable
from store import audit, config
from store.approvals import Approval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.errors import Problem
    from engine.permissions import Permission
    from services.asking_ahead import Answers
    from services.context import Caller, Context
    from store.config import ConfigKind, Revision

T = TypeVar("T")
MAX_REASON = 2000


@dataclass(frozen=True)
class Saving:
    """What a noun may look at while one of its objects is being saved or deleted.

    answers: of signals that its checks ask; None where nothing is checked.
    """

    context: Context
    tx: Connection
    caller: Caller
    configuration: Configuration
    object_id: str
    answers: Answers | None = None


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
    object from being deleted, in words. defer: what is kept instead of saving, where a second
    person is to look first: given the value before, the value to save, and the reason.
    complete: a document that is sent, with what it leaves out of the one that is saved.
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
    defer: Callable[[Saving, T | None, T, str], Approval | None] | None = None
    complete: (
        Callable[[Mapping[str, object], Mapping[str, object]], Mapping[str, object]] | None
    ) = None


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


def at_version(
    context: Context, caller: Caller, noun: Noun[T], object_id: str, version: int
) -> Revision:
    """Raises NotFound."""
    with context.database.transaction(caller.org_id) as tx:
        return config.at_version(tx, noun.kind, object_id, version)


def create(
    context: Context, caller: Caller, noun: Noun[T], document: Mapping[str, object], reason: str
) -> Revision:
    object_id = context.new_id()

    def saving_it(tx: Connection, answers: Answers) -> Revision | Approval:
        saving = begin(context, tx, caller, object_id, answers)
        value = noun.parse(object_id, 1, document)
        return save(saving, noun, value, noun.events.create, reason)

    return kept(in_transaction(context, caller.org_id, saving_it))


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

    def saving_it(tx: Connection, answers: Answers) -> Revision | Approval:
        saving = begin(context, tx, caller, object_id, answers)
        head = config.head(tx, noun.kind, object_id)
        whole = document if noun.complete is None else noun.complete(document, head.document)
        value = noun.parse(object_id, head.version + 1, whole)
        return save(saving, noun, value, noun.events.update, reason, expected_version)

    return kept(in_transaction(context, caller.org_id, saving_it))


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

    def saving_it(tx: Connection, answers: Answers) -> Revision | Approval:
        saving = begin(context, tx, caller, object_id, answers)
        value = noun.parse(object_id, 1, document)
        return save(saving, noun, value, noun.events.update, reason, expected_version)

    return kept(in_transaction(context, caller.org_id, saving_it))


def rollback(
    context: Context, caller: Caller, noun: Noun[T], object_id: str, version: int, reason: str
) -> Revision:
    """Saves an earlier version anew; also brings back what was deleted. Raises NotFound."""

    def saving_it(tx: Connection, answers: Answers) -> Revision | Approval:
        saving = begin(context, tx, caller, object_id, answers)
        earlier = config.at_version(tx, noun.kind, object_id, version)
        if earlier.deleted:
            raise Conflict(f"version {version} is the deletion itself", hint="choose another")
        value = noun.parse(object_id, version, earlier.document)
        said = reason or f"back to version {version}"
        return save(saving, noun, value, noun.events.rollback, said)

    return kept(in_transaction(context, caller.org_id, saving_it))


def delete(context: Context, caller: Caller, noun: Noun[T], object_id: str, reason: str) -> None:
    """Raises NotFound, and Conflict while something still refers to the object."""
    with context.database.transaction(caller.org_id) as tx:
        remove(begin(context, tx, caller, object_id), noun, reason)


def remove(saving: Saving, noun: Noun[T], reason: str) -> None:
    """In the transaction of `saving`. Raises as `delete`."""
    head = config.head(saving.tx, noun.kind, saving.object_id)
    before = noun.select(saving.configuration)[saving.object_id]
    require(saving.caller, noun.needs(before, None))
    users = noun.users(saving)
    if users:
        raise Conflict(
            f"the {noun.title} `{head.name}` is in use by {_listed(users)}",
            hint="change those first",
        )
    config.save(
        saving.tx,
        noun.kind,
        saving.object_id,
        head.name,
        head.document,
        author=saving.caller.actor,
        reason=_reason(reason),
        deleted=True,
        now=saving.context.clock(),
    )
    _record(saving, noun, noun.events.delete, {"name": head.name})


def begin(
    context: Context,
    tx: Connection,
    caller: Caller,
    object_id: str,
    answers: Answers | None = None,
) -> Saving:
    """Until the transaction ends nobody else saves. answers: for what is checked."""
    config.lock(tx)
    try:
        loaded = load_configuration(tx)
    except InvalidConfiguration as broken:
        raise unreadable(broken) from broken
    found = loaded if answers is None else replace(loaded, ask=answers.ask)
    return Saving(context, tx, caller, found, object_id, answers)


def save(
    saving: Saving,
    noun: Noun[T],
    value: T,
    event: Event,
    reason: str,
    expected_version: int | None = None,
) -> Revision | Approval:
    """Checks and saves in the transaction of `saving`, or asks a second person first."""
    before = noun.select(saving.configuration).get(saving.object_id)
    require(saving.caller, noun.needs(before, value))
    settled = noun.settle(saving, value)
    if noun.defer is not None:
        approval = noun.defer(saving, before, settled, _reason(reason))
        if approval is not None:
            _check_base(saving, noun, approval, expected_version)
            return approval
    return store_settled(saving, noun, settled, event, reason, expected_version)


def _check_base(
    saving: Saving, noun: Noun[T], approval: Approval, expected_version: int | None
) -> None:
    if expected_version is not None and expected_version != approval.base_version:
        raise Conflict(
            f"the {noun.title} `{saving.object_id}` is at version {approval.base_version},"
            f" not {expected_version}",
            hint="somebody else saved it meanwhile: load it again and repeat your change",
        )


def kept(saved: Revision | Approval) -> Revision:
    """After the commit. Raises AwaitsApproval when a second person is asked first."""
    if isinstance(saved, Approval):
        raise AwaitsApproval(
            f"`{saved.name}` is saved once somebody else approves it",
            approval_id=saved.approval_id,
            hint="approvals are listed under /approvals",
        )
    return saved


def store_settled(
    saving: Saving,
    noun: Noun[T],
    settled: T,
    event: Event,
    reason: str,
    expected_version: int | None = None,
    author: str | None = None,
) -> Revision:
    """Saves what has been settled. author: whose change it is, when that is not the caller."""
    version = config.save(
        saving.tx,
        noun.kind,
        saving.object_id,
        noun.name(settled),
        noun.document(settled),
        author=author or saving.caller.actor,
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
