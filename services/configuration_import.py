"""A configuration brought into an organisation from one document, in one transaction.

What a document would change is found out by doing it: a dry run does everything, every check and
every save, and rolls back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from engine.audit import Entry, Event
from engine.configuration.differences import Difference, difference
from engine.configuration.exchange import (
    FORMAT,
    Known,
    imported,
    with_secrets,
)
from engine.configuration.reader import MAX_NAME, Reader
from engine.configuration.settings import NAME as SETTINGS_NAME
from engine.configuration.settings import OBJECT_ID, OrgSettings
from engine.errors import Conflict, InvalidInput, Problem
from engine.permissions import Permission
from services.asking_ahead import Unasked, in_transaction
from services.configuration import Saving, begin, remove, store_settled
from services.configuration_export import SECTIONS, SETTLED, Section, known_objects
from services.context import require
from services.queues import QUEUES
from services.rulesets import load_configuration
from store import audit, config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from services.asking_ahead import Answers
    from services.context import Caller, Context

MOST_OBJECTS: Final = 10_000


class Doing(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    APPROVAL = "awaits-approval"


@dataclass(frozen=True)
class Step:
    """What happens to one object. version: what is saved; secrets: headers that need a value."""

    kind: str
    name: str
    object_id: str
    doing: Doing
    difference: Difference
    version: int | None = None
    approval_id: str | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """unchanged: how many objects are as the document says already; they are no steps."""

    dry_run: bool
    steps: tuple[Step, ...]
    unchanged: int


class _RolledBack(Exception):
    """Carries what would have been done out of the transaction."""

    def __init__(self, found: Exchange) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True)
class _Wanted:
    """One object of the document. value: parsed, with ids; pointer: where it stands."""

    section: Section
    object_id: str
    pointer: str
    value: Any
    secrets: tuple[str, ...]


@dataclass
class _Import:
    context: Context
    caller: Caller
    tx: Connection
    reason: str
    current: Configuration
    answers: Answers
    problems: list[Problem] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0

    def refuse(self) -> None:
        if self.problems:
            raise InvalidInput(
                f"{len(self.problems)} things in the document must be put right.",
                problems=tuple(self.problems),
            )


def import_configuration(
    context: Context,
    caller: Caller,
    document: object,
    *,
    dry_run: bool,
    prune: bool = False,
    reason: str = "",
) -> Exchange:
    """Saves what the document says and the organisation does not, all of it or nothing.

    Objects are known by kind and name; what the document does not name is left alone, or deleted
    where `prune`. Doing it again changes nothing. Raises InvalidInput with every mistake, and
    Conflict for what cannot be changed or deleted.
    """
    require(caller, Permission.MANAGE_ORG)

    def importing(tx: Connection, answers: Answers) -> Exchange:
        config.lock(tx)
        current = replace(load_configuration(tx), ask=answers.ask)
        doing = _Import(context, caller, tx, reason or "imported", current, answers)
        found = _import(doing, document, prune=prune, dry_run=dry_run)
        if dry_run:
            raise _RolledBack(found)
        return found

    try:
        return in_transaction(context, caller.org_id, importing)
    except _RolledBack as rolled_back:
        return rolled_back.found


def _import(doing: _Import, document: object, *, prune: bool, dry_run: bool) -> Exchange:
    wanted = _wanted(doing, document)
    doing.refuse()
    future = _future(doing.current, wanted)
    for each in wanted:
        _save(doing, each, future)
    doing.answers.check()
    doing.refuse()
    if prune:
        _prune(doing, wanted)
    now, actor = doing.context.clock(), doing.caller.actor
    detail = {"steps": len(doing.steps), "unchanged": doing.unchanged, "reason": doing.reason}
    entry = Entry(now, actor, Event.CONFIGURATION_IMPORT, "org", str(doing.caller.org_id), detail)
    audit.append(doing.tx, entry)
    return Exchange(dry_run, tuple(doing.steps), doing.unchanged)


def _wanted(doing: _Import, document: object) -> list[_Wanted]:
    reader = Reader(document, problems=doing.problems)
    if reader.get("format") != FORMAT:
        reader.wrong("format", f"`format` must be `{FORMAT}`", "export a configuration to see one")
    given = [
        (section, f"/{section.key}/{place}", value)
        for section in SECTIONS
        for place, value in enumerate(reader.sequence(section.key, most=MOST_OBJECTS))
    ]
    settings = reader.get(SETTLED.key)
    reader.unknown()
    ids = _ids(doing, given)
    known = tuple(Known(kind, name, object_id) for (kind, name), object_id in ids.items())
    found = [_parsed(doing, *each, ids, known) for each in given]
    if settings is not None:
        found.append(_parsed(doing, SETTLED, f"/{SETTLED.key}", settings, ids, known))
    return [each for each in found if each is not None]


def _ids(
    doing: _Import, given: Sequence[tuple[Section, str, object]]
) -> dict[tuple[str, str], str]:
    """(kind, name) -> id: those there are, and new ones for the others."""
    ids = {(each.kind, each.name): each.object_id for each in known_objects(doing.current)}
    seen: set[tuple[str, str]] = set()
    for section, pointer, value in given:
        reader = Reader(value, pointer, doing.problems)
        key = section.kind, reader.text("name", limit=MAX_NAME, required=True)
        if key in seen:
            reader.wrong("name", f"`{key[1]}` stands here for the second time")
        seen.add(key)
        ids.setdefault(key, doing.context.new_id())
    return ids


def _parsed(
    doing: _Import,
    section: Section,
    pointer: str,
    value: object,
    ids: Mapping[tuple[str, str], str],
    known: Sequence[Known],
) -> _Wanted | None:
    reader = Reader(value, pointer, [])
    named = reader.get("name")
    object_id = ids.get((section.kind, named)) if isinstance(named, str) else None
    if section is SETTLED:
        object_id = OBJECT_ID
    if object_id is None or reader.problems:
        return None
    resolved, problems = imported(reader.values, known, pointer)
    doing.problems.extend(problems)
    now = section.noun.select(doing.current).get(object_id)
    filled, secrets = with_secrets(resolved, section.noun.document(now) if now else {})
    try:
        parsed = section.noun.parse(object_id, 1, filled)
    except InvalidInput as error:
        doing.problems.extend(_placed(error, pointer))
        return None
    return _Wanted(section, object_id, pointer, parsed, secrets)


def _placed(error: InvalidInput, pointer: str) -> list[Problem]:
    found = error.problems or (Problem(error.message, "", error.hint),)
    return [replace(each, pointer=pointer + each.pointer) for each in found]


def _future(current: Configuration, wanted: Sequence[_Wanted]) -> Configuration:
    """What is configured once everything is saved; one queue at most is a default of its kind."""
    objects: dict[str, Any] = {
        section.attribute: dict(section.noun.select(current)) for section in SECTIONS
    }
    settings: OrgSettings = current.settings
    for each in wanted:
        if each.section is SETTLED:
            settings = each.value
        else:
            objects[each.section.attribute][each.object_id] = each.value
    return replace(current, **objects, settings=settings)


def _save(doing: _Import, each: _Wanted, future: Configuration) -> None:
    noun = each.section.noun
    before = noun.select(doing.current).get(each.object_id)
    saving = Saving(
        doing.context,
        doing.tx,
        doing.caller,
        _seen_by(each, before, future),
        each.object_id,
        doing.answers,
    )
    require(doing.caller, noun.needs(before, each.value))
    try:
        settled = noun.settle(saving, each.value)
    except InvalidInput as error:
        doing.problems.extend(_placed(error, each.pointer))
        return
    except Unasked:
        return  # Asked with all that the others lack.
    after = noun.document(settled)
    found = difference(noun.document(before) if before is not None else {}, after)
    if before is not None and not found.changes:
        doing.unchanged += 1
        return
    doing.steps.append(_stored(doing, each, saving, before, settled, found))


def _seen_by(each: _Wanted, before: Any, future: Configuration) -> Configuration:
    """The configuration to be, with the object itself as it still is."""
    if each.section is SETTLED:
        return replace(future, settings=before)
    objects = dict(each.section.noun.select(future))
    if before is None:
        objects.pop(each.object_id)
    else:
        objects[each.object_id] = _gives_way(each, before, objects)
    changed: dict[str, Any] = {each.section.attribute: objects}
    return replace(future, **changed)


def _gives_way(each: _Wanted, before: Any, others: Mapping[str, Any]) -> Any:
    """A queue that was the default is not held to it where another takes over."""
    if each.section.noun is not QUEUES:
        return before
    rivals = [one for key, one in others.items() if key != each.object_id]
    return replace(
        before,
        is_default=before.is_default and not any(one.is_default for one in rivals),
        is_appeals_default=before.is_appeals_default
        and not any(one.is_appeals_default for one in rivals),
        is_child_safety_default=before.is_child_safety_default
        and not any(one.is_child_safety_default for one in rivals),
    )


def _stored(
    doing: _Import, each: _Wanted, saving: Saving, before: Any, settled: Any, found: Difference
) -> Step:
    noun = each.section.noun
    step = Step(
        kind=each.section.kind,
        name=SETTINGS_NAME if each.section is SETTLED else noun.name(settled),
        object_id=each.object_id,
        doing=Doing.CREATE if before is None else Doing.UPDATE,
        difference=found,
        secrets=each.secrets,
    )
    if noun.defer is not None:
        approval = noun.defer(saving, before, settled, doing.reason)
        if approval is not None:
            return replace(step, doing=Doing.APPROVAL, approval_id=approval.approval_id)
    event = noun.events.create if before is None else noun.events.update
    saved = store_settled(saving, noun, settled, event, doing.reason)
    return replace(step, version=saved.version)


# -- what is not in the document ------------------------------------------------------------------


def _prune(doing: _Import, wanted: Sequence[_Wanted]) -> None:
    """What refers to others goes first, so that nothing is in use when its turn comes."""
    kept = {(each.section.key, each.object_id) for each in wanted}
    left = [
        (section, object_id)
        for section in reversed(SECTIONS)
        for object_id in section.noun.select(doing.current)
        if (section.key, object_id) not in kept
    ]
    while left:
        refused = [each for each in left if not _deleted(doing, *each)]
        if len(refused) == len(left):
            section, object_id = refused[0]
            saving = begin(doing.context, doing.tx, doing.caller, object_id)
            remove(saving, section.noun, doing.reason)
        left = refused


def _deleted(doing: _Import, section: Section, object_id: str) -> bool:
    """False while something refers to it."""
    saving = begin(doing.context, doing.tx, doing.caller, object_id)
    value = section.noun.select(saving.configuration)[object_id]
    try:
        remove(saving, section.noun, doing.reason)
    except Conflict:
        return False
    gone = difference(section.noun.document(value), {})
    name = section.noun.name(value)
    doing.steps.append(Step(section.kind, name, object_id, Doing.DELETE, gone))
    return True
