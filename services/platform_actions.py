"""Actions that a platform, or a person through it, has Winnow take on an item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.actions.execution import Execution, Source, Target
from engine.actions.plan import planned_job
from engine.audit import Entry, Event
from engine.configuration.actions import ActionType
from engine.configuration.parameters import given_values
from engine.errors import InvalidInput, NotFound, Problem
from engine.items import ItemRef, Kind
from engine.permissions import Permission
from services import idempotency
from services.context import Caller, Context, require
from services.effects import execute_actions
from services.partial_items import told_item
from services.rulesets import known_configuration
from store import audit, items_lookup, users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from engine.configuration.actions import Action
    from engine.configuration.configuration import Configuration
    from engine.idempotency import Once
    from engine.items import Item
    from store.items_lookup import ItemRow
    from store.users import User


@dataclass(frozen=True)
class AskedAction:
    """actor_id: one of our users, on whose behalf it is done; one that is not known is nobody.

    policy_ids: those that are not known are left out. note: told to whoever is called.
    reported_items: shown to who reviews the job, should the action open one.
    """

    action_id: str
    item_id: str
    item_type_id: str
    policy_ids: tuple[str, ...] = ()
    actor_id: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    note: str | None = None
    reported_items: tuple[ItemRef, ...] = ()


def take_action(
    context: Context, caller: Caller, asked: AskedAction, once: Once | None = None
) -> None:
    """Its webhook is queued, or its job open, when this returns.

    For a webhook the item need not be known. What is to be reviewed must have been sent, or be
    known to the platform, which is asked. Raises InvalidInput, KeyReused, and Unavailable when the
    platform does not answer.
    """
    require(caller, Permission.MANUALLY_ACTION_CONTENT)
    if idempotency.answered(context, caller, once) is not None:
        return
    told = _told(context, caller, asked)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        if idempotency.begin(tx, once) is not None:
            return
        configuration = known_configuration(tx)
        action, values = _checked(asked, configuration)
        stored = items_lookup.latest(tx, asked.item_type_id, asked.item_id)
        target = _target(asked, configuration, stored, told)
        actor = _actor(tx, asked.actor_id)
        execution = _execution(context, caller, asked, action, values, target, actor, configuration)
        _check_reviewable(execution, known=stored is not None or told is not None)
        execute_actions(tx, [execution], configuration, now=now, new_id=context.new_id)
        detail = {
            "itemTypeId": target.type_id,
            "itemId": target.item_id,
            "executionId": execution.execution_id,
        }
        entry = Entry(now, caller.actor, Event.ACTION_EXECUTE, "action", action.action_id, detail)
        audit.append(tx, entry)


def _told(context: Context, caller: Caller, asked: AskedAction) -> Item | None:
    """What the platform tells of an item to be reviewed that it never sent; a user needs no data.

    Raises InvalidInput for what could not be done anyway, and Unavailable.
    """
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        action, _ = _checked(asked, configuration)
        stored = items_lookup.latest(tx, asked.item_type_id, asked.item_id)
    if (
        stored is not None
        or action.type is ActionType.CUSTOM_ACTION
        or configuration.settings.partial_items is None
        or configuration.item_types[asked.item_type_id].kind is Kind.USER
    ):
        return None
    return told_item(context, caller.org_id, ItemRef(asked.item_type_id, asked.item_id))


def _checked(
    asked: AskedAction, configuration: Configuration
) -> tuple[Action, Mapping[str, object]]:
    """Raises InvalidInput with every problem."""
    action = configuration.actions.get(asked.action_id)
    problems: list[Problem] = []
    if action is None:
        problems.append(Problem(f"There is no action with the id '{asked.action_id[:200]}'."))
    if asked.item_type_id not in configuration.item_types:
        problems.append(Problem(f"There is no item type with the id '{asked.item_type_id[:200]}'."))
    elif action is not None and not action.allows(asked.item_type_id):
        problems.append(Problem(f"The action '{action.name}' is not for items of this type."))
    values: Mapping[str, object] = {}
    if action is not None:
        values, wrong = given_values(action.parameters, asked.parameters, "/parameters")
        problems.extend(wrong)
    if action is None or problems:
        raise InvalidInput(problems[0].message, problems=tuple(problems))
    return action, values


def _target(
    asked: AskedAction, configuration: Configuration, stored: ItemRow | None, told: Item | None
) -> Target:
    """Named by its id alone; its author is looked up."""
    item_type = configuration.item_types[asked.item_type_id]
    creator = told.creator if told else None
    if stored and stored.creator_type_id is not None and stored.creator_id is not None:
        creator = ItemRef(stored.creator_type_id, stored.creator_id)
    return Target(
        type_id=asked.item_type_id,
        item_id=asked.item_id,
        type_name=item_type.name,
        kind=item_type.kind,
        creator=creator,
        told=told.data if told and not stored else None,
    )


def _actor(tx: Connection, user_id: str | None) -> User | None:
    try:
        return users.get(tx, user_id) if user_id else None
    except NotFound:
        return None


def _execution(
    context: Context,
    caller: Caller,
    asked: AskedAction,
    action: Action,
    values: Mapping[str, object],
    target: Target,
    actor: User | None,
    configuration: Configuration,
) -> Execution:
    execution_id, policies = context.new_id(), configuration.policies
    return Execution(
        execution_id=execution_id,
        dedupe_key=execution_id,
        action=action,
        target=target,
        source=Source.POST_ACTIONS,
        policies=tuple(policies[key] for key in dict.fromkeys(asked.policy_ids) if key in policies),
        parameters=values,
        actor=f"user:{actor.user_id}" if actor else caller.actor,
        actor_email=actor.email if actor else caller.user_email,
        actor_note=asked.note or None,
        reported_items=asked.reported_items,
    )


def _check_reviewable(execution: Execution, *, known: bool) -> None:
    """Raises InvalidInput where a job is asked for that nobody could review."""
    if execution.action.type is ActionType.CUSTOM_ACTION:
        return
    job, target = planned_job(execution), execution.target
    if job is None:
        raise _not_reviewable("The item's author is not known, so nobody could review them.")
    about_itself = (job.type_id, job.item_id) == (target.type_id, target.item_id)
    if about_itself and not known and target.kind is not Kind.USER:
        raise _not_reviewable(
            "The item was never sent, so nobody could review it: send it first, or let it be asked "
            "for as a partial item."
        )


def _not_reviewable(message: str) -> InvalidInput:
    return InvalidInput(message, problems=(Problem(message, "/itemId"),))
