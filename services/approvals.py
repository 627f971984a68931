"""Changes of rules that wait for a second person: looked at, approved, refused, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.configuration.differences import Difference, difference
from engine.configuration.rules import parse_rule
from engine.errors import Conflict, InvalidInput, PermissionDenied
from engine.paging import Page, PageRequest, Position, page_of
from engine.permissions import Permission
from services.asking_ahead import in_transaction
from services.configuration import Saving, begin, store_settled
from services.context import require
from services.people import names_in
from services.rules import RULES
from services.second_person import keep_waiting
from store import approvals, audit, config
from store.approvals import Approval, ApprovalState
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from services.asking_ahead import Answers
    from services.context import Caller, Context
    from store.config import Revision

MAX_COMMENT = 2000


@dataclass(frozen=True)
class Waiting:
    """An approval beside what it would change. names: by actor, of those it mentions."""

    approval: Approval
    difference: Difference
    names: Mapping[str, str]


def ask(
    context: Context, caller: Caller, rule_id: str, document: Mapping[str, object], reason: str
) -> Approval:
    """Asks a second person for any change of a rule, also where nobody has to be asked."""

    def asking(tx: Connection, answers: Answers) -> Approval:
        saving = begin(context, tx, caller, rule_id, answers)
        head = config.head(tx, ConfigKind.RULE, rule_id)
        before = saving.configuration.rules[rule_id]
        rule = parse_rule(rule_id, head.version + 1, document)
        require(caller, RULES.needs(before, rule))
        return keep_waiting(saving, before, RULES.settle(saving, rule), reason)

    return in_transaction(context, caller.org_id, asking)


def listed(
    context: Context,
    caller: Caller,
    page: PageRequest,
    *,
    state: ApprovalState | None,
    rule_id: str | None,
) -> Page[Approval]:
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    after = (page.after.at, page.after.id) if page.after else None
    with context.database.transaction(caller.org_id) as tx:
        found = approvals.listed(
            tx, state=state, rule_id=rule_id, limit=page.limit + 1, after=after
        )
    return page_of(found, page, lambda each: Position(each.created_at, each.approval_id))


def one(context: Context, caller: Caller, approval_id: str) -> Waiting:
    """With what it would change of the rule as it is now. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        found = approvals.get(tx, approval_id)
        before = _current(tx, found.rule_id)
        names = names_in(tx, [found.author, found.decided_by])
    return Waiting(found, difference(before.document if before else {}, found.document), names)


def approve(context: Context, caller: Caller, approval_id: str, comment: str) -> Approval:
    """Saves the change as its author's, after every check of a save.

    Raises Conflict when the rule has changed since, or the approval is not waiting any more, and
    PermissionDenied for its author and for whoever is not a person.
    """

    def approving(tx: Connection, answers: Answers) -> tuple[Approval, int]:
        found = _second_look(tx, caller, approval_id)
        saving = begin(context, tx, caller, found.rule_id, answers)
        version = _save(saving, found).version
        _decide(saving, found, ApprovalState.APPROVED, comment, version)
        return found, version

    found, version = in_transaction(context, caller.org_id, approving)
    return _decided(context, caller, found, ApprovalState.APPROVED, comment, version)


def refuse(context: Context, caller: Caller, approval_id: str, comment: str) -> Approval:
    """The rule stays as it is. Raises as `approve`."""
    with context.database.transaction(caller.org_id) as tx:
        found = _second_look(tx, caller, approval_id)
        saving = begin(context, tx, caller, found.rule_id)
        _decide(saving, found, ApprovalState.REFUSED, comment)
    return _decided(context, caller, found, ApprovalState.REFUSED, comment)


def withdraw(context: Context, caller: Caller, approval_id: str) -> Approval:
    """By its author alone. Raises Conflict when it is not waiting any more."""
    with context.database.transaction(caller.org_id) as tx:
        found = _waiting(tx, approval_id)
        if found.author != caller.actor:
            raise PermissionDenied("only its author withdraws a change", hint="refuse it instead")
        saving = begin(context, tx, caller, found.rule_id)
        _decide(saving, found, ApprovalState.WITHDRAWN, "")
    return _decided(context, caller, found, ApprovalState.WITHDRAWN, "")


EVENTS = {
    ApprovalState.APPROVED: Event.RULE_APPROVE,
    ApprovalState.REFUSED: Event.RULE_REFUSE,
    ApprovalState.WITHDRAWN: Event.RULE_WITHDRAW,
}


def _waiting(tx: Connection, approval_id: str) -> Approval:
    config.lock(tx)
    found = approvals.get(tx, approval_id, lock=True)
    if found.state is not ApprovalState.WAITING:
        raise Conflict(f"this change is {found.state} already")
    return found


def _second_look(tx: Connection, caller: Caller, approval_id: str) -> Approval:
    require(caller, Permission.MUTATE_LIVE_RULES)
    found = _waiting(tx, approval_id)
    if caller.user_id is None:
        raise PermissionDenied("a person has to look at this", hint="sign in, without a key")
    if found.author == caller.actor:
        raise PermissionDenied(
            "somebody other than its author has to look at this", hint="ask a colleague"
        )
    return found


def _save(saving: Saving, found: Approval) -> Revision:
    before = _current(saving.tx, found.rule_id)
    version = before.version if before else 0
    if version != found.base_version:
        raise Conflict(
            f"the rule `{found.name}` has changed since: it is at version {version}, not"
            f" {found.base_version}",
            hint="refuse this change, and let its author repeat it",
        )
    rule = parse_rule(found.rule_id, version + 1, found.document)
    settled = RULES.settle(saving, rule)
    event = RULES.events.update if before else RULES.events.create
    return store_settled(saving, RULES, settled, event, found.reason, author=found.author)


def _current(tx: Connection, rule_id: str) -> Revision | None:
    heads = config.heads(tx, ConfigKind.RULE)
    return next((each for each in heads if each.object_id == rule_id), None)


def _decide(
    saving: Saving, found: Approval, state: ApprovalState, comment: str, version: int | None = None
) -> None:
    if len(comment) > MAX_COMMENT:
        raise InvalidInput(f"a comment has at most {MAX_COMMENT} characters")
    now, actor = saving.context.clock(), saving.caller.actor
    approvals.decide(
        *(saving.tx, found.approval_id, state),
        actor=actor,
        comment=comment,
        now=now,
        saved_version=version,
    )
    detail = {
        "approvalId": found.approval_id,
        "author": found.author,
        "comment": comment,
        "version": version,
    }
    audit.append(saving.tx, Entry(now, actor, EVENTS[state], "rule", found.rule_id, detail))


def _decided(
    context: Context,
    caller: Caller,
    found: Approval,
    state: ApprovalState,
    comment: str,
    version: int | None = None,
) -> Approval:
    return replace(
        found,
        state=state,
        decided_by=caller.actor,
        decided_at=context.clock(),
        comment=comment,
        saved_version=version,
    )
