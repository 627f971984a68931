"""A sample sent to a callback on request: signed, logged and answered like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from clients.webhooks import Message, call
from engine.actions.callback import callback_body
from engine.actions.execution import Execution, Source, Target
from engine.audit import Entry, Event
from engine.configuration.actions import Action, ActionType
from engine.configuration.parameters import given_values
from engine.errors import Conflict, NotFound
from engine.items import ItemRef, Kind
from engine.permissions import Permission
from engine.webhooks.backoff import is_success
from engine.webhooks.callbacks import (
    AppealDecided,
    AppealOutcome,
    Ignored,
    JobClosed,
    appeal_body,
    close_body,
    ignore_body,
)
from engine.webhooks.endpoint import endpoint_of
from engine.webhooks.partial import request_body
from services.context import require
from services.outgoing import reach_of, signed_message
from services.rulesets import known_configuration
from services.signing_keys import load_signing_keys
from store import audit, deliveries, outbox
from store.outbox import GRACE_S, Attempt, NewMessage

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from clients.webhooks import Answer
    from engine.configuration.callbacks import Callback
    from engine.configuration.configuration import Configuration
    from engine.configuration.settings import OrgSettings
    from services.context import Caller, Context

SAMPLE_ID = "winnow-test-item"
SAMPLE_PERSON = "winnow-test-user"
TEST_HEADER = "winnow-test"


class CallbackName(StrEnum):
    APPEAL_DECISION = "appeal-decision"
    IGNORE = "ignore"
    JOB_CLOSED = "job-closed"
    PARTIAL_ITEMS = "partial-items"


@dataclass(frozen=True)
class Trial:
    """status is None when no answer came; error says why. response: the answer's first bytes."""

    delivery_id: str
    delivered: bool
    status: int | None
    latency_ms: float
    error: str
    response: str


def try_action(context: Context, caller: Caller, action_id: str) -> Trial:
    """Raises NotFound; Conflict for an action that calls nobody."""
    require(caller, Permission.MUTATE_LIVE_RULES)
    now, message_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        action = configuration.actions.get(action_id)
        if action is None:
            raise NotFound(f"there is no action `{action_id}`")
        if action.type is not ActionType.CUSTOM_ACTION or action.callback_url is None:
            raise Conflict("this action calls no URL", hint="only a CUSTOM_ACTION can be tested")
        sample = NewMessage(
            outbox_id=message_id,
            idempotency_key=message_id,
            action_id=action.action_id,
            url=action.callback_url,
            headers={**action.callback_url_headers, TEST_HEADER: "true"},
            body=callback_body(_sample(action, configuration, message_id, caller)),
            timeout_s=float(
                action.timeout_seconds or configuration.settings.webhook_timeout_seconds
            ),
        )
        message = _begun(context, tx, caller, configuration, sample, now)
    return _called(context, caller, message_id, message, now)


def try_callback(context: Context, caller: Caller, name: CallbackName) -> Trial:
    """Raises Conflict where no such callback is configured."""
    require(caller, Permission.MANAGE_ORG)
    now, message_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        callback = _callback(configuration.settings, name)
        if callback is None:
            raise Conflict(
                f"no {name.value} callback is configured", hint="set its URL in the settings"
            )
        sample = NewMessage(
            outbox_id=message_id,
            idempotency_key=message_id,
            action_id=None,
            url=callback.url,
            headers={**callback.headers, TEST_HEADER: "true"},
            body=_callback_sample(configuration, name, callback, message_id, now),
            timeout_s=float(configuration.settings.webhook_timeout_seconds),
        )
        message = _begun(context, tx, caller, configuration, sample, now)
    return _called(context, caller, message_id, message, now)


def _callback(settings: OrgSettings, name: CallbackName) -> Callback | None:
    match name:
        case CallbackName.APPEAL_DECISION:
            return settings.appeal_callback
        case CallbackName.IGNORE:
            return settings.ignore_callback
        case CallbackName.JOB_CLOSED:
            return settings.close_callback
        case CallbackName.PARTIAL_ITEMS:
            return settings.partial_items


def _sample(
    action: Action, configuration: Configuration, execution_id: str, caller: Caller
) -> Execution:
    """As the first item type the action is for would cause it, with the parameters' defaults."""
    item = _sample_item(configuration, action.item_type_ids)
    known = configuration.item_types.get(item.type_id)
    return Execution(
        execution_id=execution_id,
        dedupe_key=execution_id,
        action=action,
        target=Target(
            type_id=item.type_id,
            item_id=item.item_id,
            type_name=known.name if known else item.type_id,
            kind=known.kind if known else Kind.CONTENT,
        ),
        source=Source.MANUAL_ACTION_RUN,
        parameters=given_values(action.parameters, {}, "")[0],
        actor=caller.actor,
        actor_email=caller.user_email,
    )


def _sample_item(configuration: Configuration, wanted: tuple[str, ...] = ()) -> ItemRef:
    types = configuration.item_types
    content = [each.type_id for each in types.values() if each.kind is Kind.CONTENT]
    return ItemRef(next(iter([*wanted, *sorted(content), *sorted(types)]), "item"), SAMPLE_ID)


def _callback_sample(
    configuration: Configuration,
    name: CallbackName,
    callback: Callback,
    message_id: str,
    now: datetime,
) -> bytes:
    item = _sample_item(configuration)
    match name:
        case CallbackName.APPEAL_DECISION:
            person = ItemRef(item.type_id, SAMPLE_PERSON)
            decided = AppealDecided("winnow-test-appeal", person, AppealOutcome.REJECT, item)
            return appeal_body(decided, callback.body)
        case CallbackName.IGNORE:
            return ignore_body(Ignored(item), callback.body)
        case CallbackName.JOB_CLOSED:
            return close_body(JobClosed(message_id, item, "test", now), callback.body)
        case CallbackName.PARTIAL_ITEMS:
            return request_body([item], callback.body)


def _begun(
    context: Context,
    tx: Connection,
    caller: Caller,
    configuration: Configuration,
    sample: NewMessage,
    now: datetime,
) -> Message:
    """Logged as being sent, and ready to be."""
    until = now + timedelta(seconds=(sample.timeout_s or 0) + GRACE_S)
    deliveries.begin_test(tx, sample, now=now, until=until)
    subject = sample.action_id or sample.url
    audit.append(tx, Entry(now, caller.actor, Event.WEBHOOK_TEST, "webhook", subject))
    return signed_message(
        load_signing_keys(context, tx),
        reach_of(context, configuration.settings),
        url=sample.url,
        headers=sample.headers,
        body=sample.body,
        message_id=sample.idempotency_key,
        now=now,
        timeout_s=sample.timeout_s,
    )


def _called(
    context: Context, caller: Caller, message_id: str, message: Message, started: datetime
) -> Trial:
    answer = call(message)
    good = is_success(answer.status)
    with context.database.transaction(caller.org_id) as tx:
        outbox.record(tx, [_attempt(message_id, answer, started, good=good)], context.clock())
        if good:
            deliveries.resume(tx, endpoint_of(message.url), context.clock())
    return Trial(
        delivery_id=message_id,
        delivered=good,
        status=answer.status,
        latency_ms=answer.latency_ms,
        error=answer.error,
        response=answer.response,
    )


def _attempt(message_id: str, answer: Answer, started: datetime, *, good: bool) -> Attempt:
    return Attempt(
        outbox_id=message_id,
        attempt=1,
        started_at=started,
        latency_ms=answer.latency_ms,
        status=answer.status,
        error=answer.error or None,
        response=answer.response or None,
        state="delivered" if good else "dead",
        next_attempt_at=started,
    )
