"""What can be logged, and the chain that makes a changed log visible.

Each record's hash covers the hash before it, so a record cannot be changed, removed from the
middle or put in without every later hash changing too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GENESIS = bytes(32)


class Event(StrEnum):
    """Everything that can be logged. Grammar: `subject:verb`."""

    ORG_CREATE = "org:create"
    ORG_UPDATE = "org:update"
    CONFIGURATION_IMPORT = "configuration:import"

    USER_CREATE = "user:create"
    USER_UPDATE = "user:update"
    USER_DISABLE = "user:disable"
    USER_ENABLE = "user:enable"
    USER_SET_PASSWORD = "user:set-password"  # noqa: S105 an event, not a secret
    USER_SIGN_IN = "user:sign-in"
    USER_SIGN_IN_REFUSED = "user:sign-in-refused"
    USER_SIGN_OUT = "user:sign-out"

    API_KEY_CREATE = "api-key:create"
    API_KEY_REVOKE = "api-key:revoke"
    API_KEY_ROTATE = "api-key:rotate"
    SIGNING_KEY_CREATE = "signing-key:create"
    SIGNING_KEY_ROTATE = "signing-key:rotate"
    SIGNING_KEY_RETIRE = "signing-key:retire"

    SETTINGS_UPDATE = "settings:update"
    SETTINGS_ROLLBACK = "settings:rollback"

    ITEM_TYPE_CREATE = "item-type:create"
    ITEM_TYPE_UPDATE = "item-type:update"
    ITEM_TYPE_DELETE = "item-type:delete"
    ITEM_TYPE_ROLLBACK = "item-type:rollback"
    POLICY_CREATE = "policy:create"
    POLICY_UPDATE = "policy:update"
    POLICY_DELETE = "policy:delete"
    POLICY_ROLLBACK = "policy:rollback"
    ACTION_CREATE = "action:create"
    ACTION_UPDATE = "action:update"
    ACTION_DELETE = "action:delete"
    ACTION_ROLLBACK = "action:rollback"
    BANK_CREATE = "bank:create"
    BANK_UPDATE = "bank:update"
    BANK_DELETE = "bank:delete"
    BANK_ROLLBACK = "bank:rollback"
    RULE_CREATE = "rule:create"
    RULE_UPDATE = "rule:update"
    RULE_DELETE = "rule:delete"
    RULE_ROLLBACK = "rule:rollback"
    RULE_SNOOZE = "rule:snooze"
    RULE_UNSNOOZE = "rule:unsnooze"
    RULE_ASK_APPROVAL = "rule:ask-approval"
    RULE_APPROVE = "rule:approve"
    RULE_REFUSE = "rule:refuse"
    RULE_WITHDRAW = "rule:withdraw"
    QUEUE_CREATE = "queue:create"
    QUEUE_UPDATE = "queue:update"
    QUEUE_DELETE = "queue:delete"
    QUEUE_ROLLBACK = "queue:rollback"
    ROUTING_RULE_CREATE = "routing-rule:create"
    ROUTING_RULE_UPDATE = "routing-rule:update"
    ROUTING_RULE_DELETE = "routing-rule:delete"
    ROUTING_RULE_ROLLBACK = "routing-rule:rollback"
    ROUTING_RULE_REORDER = "routing-rule:reorder"

    JOB_CLAIM = "job:claim"
    JOB_SKIP = "job:skip"
    JOB_RELEASE = "job:release"
    JOB_CLOSE = "job:close"
    JOB_MOVE = "job:move"
    CHILD_SAFETY_VIEW = "child-safety:view"
    DECISION_CREATE = "decision:create"
    DECISION_UNDO = "decision:undo"
    APPEAL_CREATE = "appeal:create"
    APPEAL_ACCEPT = "appeal:accept"
    APPEAL_REJECT = "appeal:reject"
    ACTION_EXECUTE = "action:execute"
    REPORT_INVALIDATE = "report:invalidate"
    STRIKE_ADJUST = "strike:adjust"
    STRIKE_REVOKE = "strike:revoke"
    STRIKE_RESTORE = "strike:restore"
    ENTITY_LABEL_ADD = "entity-label:add"
    ENTITY_LABEL_WITHDRAW = "entity-label:withdraw"

    PERSON_EXPORT = "person:export"
    PERSON_ASK_ERASURE = "person:ask-erasure"
    PERSON_ERASE = "person:erase"

    SUBMISSION_SET_ASIDE = "submission:set-aside"
    SUBMISSION_REPLAY = "submission:replay"
    SUBMISSION_IMPORT = "submission:import"
    DELIVERY_REPLAY = "delivery:replay"
    WEBHOOK_TEST = "webhook:test"
    BACKTEST_REQUEST = "backtest:request"
    BACKTEST_CANCEL = "backtest:cancel"


@dataclass(frozen=True)
class Entry:
    """What somebody did. actor: `user:<id>`, `key:<id>` or `system:<name>`. detail: JSON values."""

    at: datetime
    actor: str
    event: Event
    subject_kind: str
    subject_id: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """An entry as stored. n counts from 1 without gaps in each organisation.

    event is text here: a log may hold events that this version of Winnow no longer knows.
    """

    org_id: int
    n: int
    at: datetime
    actor: str
    event: str
    subject_kind: str
    subject_id: str
    detail: Mapping[str, object]
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Verdict:
    """problem: empty when the chain holds. head: hash of the last record, to keep elsewhere."""

    org_id: int
    records: int
    head: str
    problem: str = ""

    @property
    def holds(self) -> bool:
        return not self.problem


def canonical_json(value: Mapping[str, object]) -> str:
    """One text for one value: sorted keys, no spaces, ASCII. Raises ValueError on NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(record: Record) -> bytes:
    """SHA-256 over the previous hash (32 bytes) and the record as canonical JSON."""
    document = {
        "actor": record.actor,
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "detail": record.detail,
        "event": record.event,
        "n": record.n,
        "orgId": record.org_id,
        "subjectId": record.subject_id,
        "subjectKind": record.subject_kind,
    }
    return hashlib.sha256(record.previous_hash + canonical_json(document).encode()).digest()


def chain(
    org_id: int, entries: Iterable[Entry], last: tuple[int, bytes] = (0, GENESIS)
) -> tuple[Record, ...]:
    """The records that follow `last`, a number and its hash."""
    n, previous = last
    records = []
    for entry in entries:
        n += 1
        record = _seal(org_id, n, entry, previous)
        records.append(record)
        previous = record.hash
    return tuple(records)


def _seal(org_id: int, n: int, entry: Entry, previous_hash: bytes) -> Record:
    record = Record(
        org_id=org_id,
        n=n,
        at=entry.at,
        actor=entry.actor,
        event=str(entry.event),
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        detail=entry.detail,
        previous_hash=previous_hash,
        hash=b"",
    )
    return replace(record, hash=hash_of(record))


def verify(org_id: int, records: Iterable[Record], known_head: str = "") -> Verdict:
    """Walks the chain in order and stops at the first record that does not fit.

    known_head: a head noted earlier. The chain must still pass through it, which is how a log cut
    short at its end is found out: a chain alone cannot tell that its last records are gone.
    """
    n, previous, seen = 0, GENESIS, not known_head
    for record in records:
        problem = _fault(record, n + 1, previous)
        if problem:
            return Verdict(org_id, n, previous.hex(), problem)
        n, previous = record.n, record.hash
        seen = seen or previous.hex() == known_head
    if n == 0:
        return Verdict(org_id, 0, GENESIS.hex(), "the log is empty: its first record is missing")
    if not seen:
        return Verdict(org_id, n, previous.hex(), f"no record has the known head {known_head}")
    return Verdict(org_id, n, previous.hex())


def _fault(record: Record, expected_n: int, previous: bytes) -> str:
    if record.n != expected_n:
        return f"record {expected_n} is missing: {record.n} follows {expected_n - 1}"
    if record.previous_hash != previous:
        return f"record {record.n} does not follow from record {record.n - 1}"
    if hash_of(record) != record.hash:
        return f"record {record.n} was changed: its hash does not fit its contents"
    return ""
