"""Labels that are put on users, items and threads, and that rules may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from engine.audit import Entry, Event
from engine.casework.decisions import MAX_REASON
from engine.casework.facts import Fact, FactKind, NewFact
from engine.configuration.configuration import Configuration
from engine.configuration.reader import storable
from engine.errors import Conflict, InvalidInput, NotFound, Problem
from engine.items import ItemRef
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.jobs import known_id
from services.people import names_in
from services.rulesets import known_configuration
from store import audit, clock, facts

MAX_NAME = 100
MAX_ID = 512


class Provenance(StrEnum):
    """Who put a label on an entity."""

    PERSON = "PERSON"
    API_KEY = "API_KEY"
    RULE = "RULE"
    IMPORT = "IMPORT"
    SYSTEM = "SYSTEM"


_PROVENANCES = {
    "user": Provenance.PERSON,
    "key": Provenance.API_KEY,
    "rule": Provenance.RULE,
    "system": Provenance.SYSTEM,
}
IMPORTER = "system:import"


@dataclass(frozen=True)
class EntityLabel:
    """at: its place in the order of arrival. holds: neither expired nor withdrawn."""

    label_id: str
    type_id: str
    id: str
    name: str
    at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None
    holds: bool
    provenance: Provenance
    actor: str
    actor_name: str
    reason: str


def provenance_of(actor: str) -> Provenance:
    if actor == IMPORTER:
        return Provenance.IMPORT
    return _PROVENANCES.get(actor.partition(":")[0], Provenance.SYSTEM)


def labels(
    context: Context, caller: Caller, entity: ItemRef | None, page: PageRequest
) -> Page[EntityLabel]:
    """Latest first, those that are over too. entity: None for everybody's."""
    require(caller, Permission.VIEW_INVESTIGATION)
    with context.database.transaction(caller.org_id) as tx:
        rows = facts.history(tx, FactKind.LABEL, entity, page)
        names = names_in(tx, [row.actor for row in rows])
        now = clock.read(tx).at
    found = page_of(rows, page, lambda row: Position(row.at, row.fact_id))
    return map_page(found, lambda row: _view(row, now, names))


def add_label(
    context: Context,
    caller: Caller,
    entity: ItemRef,
    name: str,
    *,
    expires_at: datetime | None = None,
    reason: str = "",
) -> EntityLabel:
    """Items that arrive from now on find it. Raises InvalidInput."""
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    with context.database.transaction(caller.org_id) as tx:
        made = NewFact(
            fact_id=context.new_id(),
            kind=FactKind.LABEL,
            subject=entity,
            name=name.strip(),
            expires_at=expires_at,
            actor=caller.actor,
            reason=reason,
        )
        _check(made, known_configuration(tx), clock.read(tx).at)
        said = {"expiresAt": expires_at.isoformat() if expires_at else None, "reason": reason}
        _log(context, tx, caller, Event.ENTITY_LABEL_ADD, made, said)
        names = names_in(tx, [caller.actor])
        facts.record(tx, [made])
        return _shown(tx, made.fact_id, names)


def withdraw_label(context: Context, caller: Caller, label_id: str, reason: str) -> EntityLabel:
    """Items that arrived before still found it. Raises NotFound, Conflict, InvalidInput."""
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    with context.database.transaction(caller.org_id) as tx:
        found = facts.find(tx, known_id(label_id))
        if found is None or found.kind is not FactKind.LABEL:
            raise NotFound(f"there is no label `{label_id}`")
        _refuse([*_reason_problems(reason)])
        _log(context, tx, caller, Event.ENTITY_LABEL_WITHDRAW, found, {"reason": reason})
        names = names_in(tx, [found.actor])
        if not facts.withdraw(tx, [found.fact_id]):
            raise Conflict("this label has been withdrawn already")
        return _shown(tx, found.fact_id, names)


def _check(made: NewFact, configuration: Configuration, now: datetime) -> None:
    problems = [*_reason_problems(made.reason)]
    name, entity = made.name or "", made.subject
    if entity.type_id not in configuration.item_types:
        problems.append(Problem(f"there is no item type `{entity.type_id}`", "/entity/typeId"))
    if not entity.item_id or len(entity.item_id) > MAX_ID:
        problems.append(Problem(f"an id has 1 to {MAX_ID} characters", "/entity/id"))
    if not name or len(name) > MAX_NAME or not storable(name):
        problems.append(Problem(f"a label has 1 to {MAX_NAME} characters", "/name"))
    if made.expires_at is not None and made.expires_at <= now:
        problems.append(Problem("a label expires in the future, or never", "/expiresAt"))
    _refuse(problems)


def _reason_problems(reason: str) -> list[Problem]:
    if len(reason) <= MAX_REASON:
        return []
    return [Problem(f"at most {MAX_REASON} characters", "/reason")]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput(problems[0].message, problems=tuple(problems))


def _log(
    context: Context,
    tx: Connection,
    caller: Caller,
    event: Event,
    label: NewFact | Fact,
    said: Mapping[str, object],
) -> None:
    about = {"typeId": label.subject.type_id, "id": label.subject.item_id, "name": label.name}
    entry = Entry(
        context.clock(), caller.actor, event, "entity-label", label.fact_id, {**about, **said}
    )
    audit.append(tx, entry)


def _shown(tx: Connection, label_id: str, names: Mapping[str, str]) -> EntityLabel:
    found = facts.find(tx, label_id)
    assert found is not None
    return _view(found, clock.read(tx).at, names)


def _view(row: Fact, now: datetime, names: Mapping[str, str]) -> EntityLabel:
    return EntityLabel(
        label_id=row.fact_id,
        type_id=row.subject.type_id,
        id=row.subject.item_id,
        name=row.name or "",
        at=row.at,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
        holds=row.known_at(now),
        provenance=provenance_of(row.actor),
        actor=row.actor,
        actor_name=names.get(row.actor, row.actor),
        reason=row.reason,
    )
