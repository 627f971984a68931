"""Strikes: counted once each, whoever acts at the same time; shown, adjusted and revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.actions.execution import Execution
from engine.audit import Entry, Event
from engine.casework.facts import Fact, FactKind, NewFact, next_life
from engine.casework.strikes import (
    Strike,
    Tally,
    person_of,
    strikes_of,
    tally,
    told,
)
from engine.configuration.actions import ActionType
from engine.configuration.configuration import Configuration
from engine.errors import Conflict, InvalidInput, NotFound, Problem
from engine.items import ItemRef, Kind
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.jobs import known_id
from services.people import names_in
from services.rulesets import known_configuration
from store import audit, clock, facts, strikes
from store.strikes import Bar

MOST_AMOUNT = 1000
NO_STRIKES = Tally((), {}, ())


def count_strikes(
    tx: Connection,
    executions: Sequence[Execution],
    configuration: Configuration,
    taken_back: Sequence[Fact] = (),
) -> Tally:
    """What the executions count against whom, and the actions of thresholds passed by that.

    Whoever is struck is locked until the transaction ends, so that of several at once exactly one
    passes a threshold. `record_strikes` makes it last.

    taken_back: strikes that hold and that the same transaction withdraws.
    """
    struck = strikes_of(executions, configuration.policies)
    known = {person for each in executions if (person := _told_of(each)) is not None}
    people = known | {strike.person for strike in struck}
    if not people:
        return NO_STRIKES
    strikes.lock_people(tx, {strike.person for strike in struck})
    before = strikes.sums(tx, people)
    for strike in taken_back:
        if strike.subject in before:
            before[strike.subject] -= strike.amount
    return tally(struck, before, configuration)


def _told_of(execution: Execution) -> ItemRef | None:
    """The person whose strikes the platform is told with a webhook."""
    webhook = execution.action.type is ActionType.CUSTOM_ACTION
    return person_of(execution.target) if webhook else None


def record_strikes(tx: Connection, counted: Tally, configuration: Configuration) -> None:
    """Holds the organisation's clock until the transaction ends: call it last."""
    if not counted.strikes:
        return
    expires = clock.read(tx).at + timedelta(days=configuration.settings.strike_ttl_days)
    facts.record(tx, [_fact(strike, expires) for strike in counted.strikes])


def _fact(strike: Strike, expires: datetime) -> NewFact:
    return NewFact(
        fact_id=strike.fact_id,
        kind=FactKind.STRIKE,
        subject=strike.person,
        name=strike.policy_id,
        amount=strike.amount,
        expires_at=expires,
        cause=ItemRef(strike.target.type_id, strike.target.item_id),
        actor=strike.actor,
    )


@dataclass(frozen=True)
class StrikeView:
    """One strike, or one adjustment. holds: neither expired nor revoked."""

    strike_id: str
    policy_id: str | None
    policy_name: str | None
    amount: float
    at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    holds: bool
    item_type_id: str | None
    item_id: str | None
    actor: str
    actor_name: str
    reason: str


@dataclass(frozen=True)
class Record:
    """A person's strikes: how many hold now, and each of them, latest first."""

    user_type_id: str
    user_id: str
    total: float
    items: tuple[StrikeView, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Adjusted:
    strike_id: str
    total: float


def record_of(context: Context, caller: Caller, person: ItemRef, page: PageRequest) -> Record:
    require(caller, Permission.VIEW_INVESTIGATION)
    with context.database.transaction(caller.org_id) as tx:
        rows = facts.history(tx, FactKind.STRIKE, person, page)
        total = told(strikes.sums(tx, [person])[person])
        names = names_in(tx, [row.actor for row in rows])
        policies = {key: one.name for key, one in known_configuration(tx).policies.items()}
        now = clock.read(tx).at
    found = page_of(rows, page, lambda row: Position(row.at, row.fact_id))
    shown = map_page(found, lambda row: _view(row, now, policies, names))
    return Record(person.type_id, person.item_id, total, shown.items, shown.next_cursor)


def _view(
    row: Fact, now: datetime, policies: Mapping[str, str], names: Mapping[str, str]
) -> StrikeView:
    return StrikeView(
        strike_id=row.fact_id,
        policy_id=row.name,
        policy_name=policies.get(row.name or ""),
        amount=row.amount,
        at=row.at,
        expires_at=row.expires_at,
        revoked_at=row.withdrawn_at,
        holds=row.known_at(now),
        item_type_id=row.cause.type_id if row.cause else None,
        item_id=row.cause.item_id if row.cause else None,
        actor=row.actor,
        actor_name=names[row.actor],
        reason=row.reason,
    )


def histogram(context: Context, caller: Caller, days: int | None = None) -> Page[Bar]:
    """How many people have how many strikes; with days, how many they had at most in those.

    A strike counts until it expired or was revoked, so a revoked one was held before that.
    """
    require(caller, Permission.VIEW_INSIGHTS)
    with context.database.transaction(caller.org_id) as tx:
        if days is None:
            return Page(tuple(strikes.histogram(tx)))
        return Page(tuple(strikes.peaks(tx, timedelta(days=days))))


def adjust(
    context: Context,
    caller: Caller,
    person: ItemRef,
    amount: int,
    *,
    policy_id: str | None,
    reason: str,
) -> Adjusted:
    """Adds strikes by hand, or takes some off. No threshold's actions follow.

    It expires as a strike does. Raises InvalidInput.
    """
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    now, fact_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        _check(configuration, person, amount, policy_id, reason)
        strikes.lock_people(tx, [person])
        total = told(strikes.sums(tx, [person])[person] + amount)
        detail = {"userTypeId": person.type_id, "userId": person.item_id, "amount": amount}
        said = detail | {"policyId": policy_id, "reason": reason}
        audit.append(tx, Entry(now, caller.actor, Event.STRIKE_ADJUST, "strike", fact_id, said))
        days = timedelta(days=configuration.settings.strike_ttl_days)
        adjustment = NewFact(
            fact_id=fact_id,
            kind=FactKind.STRIKE,
            subject=person,
            name=policy_id,
            amount=amount,
            expires_at=clock.read(tx).at + days,
            actor=caller.actor,
            reason=reason,
        )
        facts.record(tx, [adjustment])
    return Adjusted(fact_id, total)


def _check(
    configuration: Configuration, person: ItemRef, amount: int, policy_id: str | None, reason: str
) -> None:
    problems = []
    item_type = configuration.item_types.get(person.type_id)
    if item_type is None or item_type.kind is not Kind.USER:
        problems.append(Problem(f"there is no user type `{person.type_id}`", "/userTypeId"))
    if not amount or abs(amount) > MOST_AMOUNT:
        wanted = f"`amount` must be from -{MOST_AMOUNT} to {MOST_AMOUNT}, and not 0"
        problems.append(Problem(wanted, "/amount"))
    if policy_id is not None and policy_id not in configuration.policies:
        problems.append(Problem(f"there is no policy `{policy_id}`", "/policyId"))
    if not reason.strip():
        problems.append(Problem("an adjustment needs a reason", "/reason"))
    if problems:
        raise InvalidInput(problems[0].message, problems=tuple(problems))


def revoke(context: Context, caller: Caller, fact_id: str, reason: str) -> Adjusted:
    """Raises NotFound; Conflict when it has been revoked already; InvalidInput."""
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    _check_reason(reason, "a revocation")
    with context.database.transaction(caller.org_id) as tx:
        found = _strike(tx, fact_id)
        if not facts.withdraw(tx, [found.fact_id]):
            raise Conflict("this strike has been revoked already")
        return _put_right(context, tx, caller, found, Event.STRIKE_REVOKE, reason)


def restore(context: Context, caller: Caller, fact_id: str, reason: str) -> Adjusted:
    """A strike that was taken back holds again, from now on and under an id of its own.

    No threshold's actions follow. Raises NotFound; Conflict when it still holds, holds again, or
    would have expired by now; InvalidInput.
    """
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    _check_reason(reason, "a restoration")
    with context.database.transaction(caller.org_id) as tx:
        found = _strike(tx, fact_id)
        if found.withdrawn_at is None:
            raise Conflict("this strike holds")
        if found.expires_at is not None and found.expires_at <= clock.read(tx).at:
            raise Conflict("this strike would have expired by now")
        if facts.find(tx, next_life(found.fact_id)) is not None:
            raise Conflict("this strike has been given again already")
        facts.record(tx, [found.anew(caller.actor)])
        done = _put_right(context, tx, caller, found, Event.STRIKE_RESTORE, reason)
    return replace(done, strike_id=next_life(found.fact_id))


def _check_reason(reason: str, what: str) -> None:
    if not reason.strip():
        problem = Problem(f"{what} needs a reason", "/reason")
        raise InvalidInput(problem.message, problems=(problem,))


def _strike(tx: Connection, fact_id: str) -> Fact:
    """Its person's record is held until the transaction ends. Raises NotFound."""
    found = facts.find(tx, known_id(fact_id))
    if found is None or found.kind is not FactKind.STRIKE:
        raise NotFound(f"there is no strike `{fact_id}`")
    strikes.lock_people(tx, [found.subject])
    return facts.find(tx, found.fact_id) or found


def _put_right(
    context: Context, tx: Connection, caller: Caller, strike: Fact, event: Event, reason: str
) -> Adjusted:
    """Written down, with what the person has now."""
    who = strike.subject
    detail = {"userTypeId": who.type_id, "userId": who.item_id, "amount": strike.amount}
    said = detail | {"reason": reason}
    audit.append(tx, Entry(context.clock(), caller.actor, event, "strike", strike.fact_id, said))
    return Adjusted(strike.fact_id, told(strikes.sums(tx, [who])[who]))
