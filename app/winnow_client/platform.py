"""What a platform asks of Winnow: items in, verdicts, reports, appeals, actions, webhooks checked.

What may be repeated is: a request that only reads, or that carries an idempotency key. Then no
answer, a 429 or a 5xx is tried again, not before `Retry-After` says.
"""

import base64
import binascii
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
import msgspec

from app.winnow_client.model import Wire
from app.winnow_client.transport import ApiError, decode, refusal

REPEATABLE: Final = frozenset({429, 500, 502, 503, 504})
LONGEST_PAUSE_S: Final = 60.0
TOLERANCE_S: Final = 300.0


class Ref(Wire, frozen=True):
    """An item or a person of the platform."""

    id: str
    type_id: str


class Item(Wire, frozen=True, omit_defaults=True):
    """partial: kept without its required fields."""

    id: str
    type_id: str
    data: Mapping[str, Any]
    type_version: str | None = None
    type_schema_variant: str = "original"


class Problem(Wire, frozen=True):
    message: str = ""
    pointer: str = ""
    hint: str = ""
    slug: str = ""


class Result(Wire, frozen=True):
    """Of one item of a batch. status: `accepted` or `refused`, then with its problems."""

    index: int
    status: str
    item_id: str = ""
    submission_id: str = ""
    seq: int | None = None
    arrived_at: datetime | None = None
    problems: tuple[Problem, ...] = ()


class Batch(Wire, frozen=True):
    accepted: int
    refused: int
    results: list[Result]


class MatchedRule(Wire, frozen=True):
    rule_id: str
    name: str
    version: int
    status: str
    held: str | None = None


class TriggeredAction(Wire, frozen=True):
    action_id: str
    name: str
    execution_id: str | None = None
    rule_ids: tuple[str, ...] = ()
    policy_ids: tuple[str, ...] = ()


class Verdict(Wire, frozen=True):
    """finished: False when the deadline passed; the verdict then follows by webhook."""

    item_id: str
    item_type_id: str
    finished: bool
    dry_run: bool = False
    submission_id: str | None = None
    matched_rules: tuple[MatchedRule, ...] = ()
    actions: tuple[TriggeredAction, ...] = ()
    traces: list[dict[str, Any]] | None = None


class Policy(Wire, frozen=True):
    id: str
    name: str
    parent_id: str | None = None


class _Policies(Wire, frozen=True):
    policies: list[Policy]


class _Reported(Wire, frozen=True):
    report_id: str


@dataclass(frozen=True)
class Platform:
    """http: with the base URL, `https://.../api/v1`. attempts: of what may be repeated."""

    http: httpx.Client
    key: str
    attempts: int = 5
    sleep: Callable[[float], None] = field(default=time.sleep)
    new_key: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))

    def send(self, items: Sequence[Item], *, idempotency_key: str | None = None) -> None:
        """All of them or none; committed when this returns."""
        self._post("/items/async", {"items": items}, idempotency_key)

    def send_each(self, items: Sequence[Item], *, idempotency_key: str | None = None) -> Batch:
        """Whatever is valid is kept. Raises ApiError when no item is."""
        return decode(self._post("/items/batch", {"items": items}, idempotency_key), Batch)

    def evaluate(
        self,
        item: Item,
        *,
        deadline_ms: int = 5000,
        dry_run: bool = False,
        trace: bool = False,
        idempotency_key: str | None = None,
    ) -> Verdict:
        body = {"item": item, "deadlineMs": deadline_ms, "dryRun": dry_run, "trace": trace}
        return decode(self._post("/items/evaluate", body, idempotency_key), Verdict)

    def report(
        self,
        reporter: Ref,
        item: Item,
        *,
        reported_at: datetime,
        policy_id: str | None = None,
        reason: str | None = None,
        thread: Sequence[Item] = (),
        idempotency_key: str | None = None,
    ) -> str:
        """The report's id; it is kept from now on, whatever happens."""
        why = {"policyId": policy_id, "reason": reason}
        body = {
            "reporter": {"kind": "user", "id": reporter.id, "typeId": reporter.type_id},
            "reportedAt": reported_at.isoformat(),
            "reportedItem": item,
            "reportedForReason": {name: value for name, value in why.items() if value is not None},
            "reportedItemThread": thread,
        }
        return decode(self._post("/report", body, idempotency_key), _Reported).report_id

    def appeal(
        self,
        appeal_id: str,
        appealed_by: Ref,
        item: Item,
        *,
        appealed_at: datetime,
        action_ids: Sequence[str],
        reason: str = "",
    ) -> None:
        """Kept once for its id, however often it is sent."""
        body = {
            "appealId": appeal_id,
            "appealedBy": appealed_by,
            "appealedAt": appealed_at.isoformat(),
            "actionedItem": item,
            "actionsTaken": action_ids,
            "appealReason": reason,
        }
        self._post("/report/appeal", body, appeal_id)

    def act(
        self,
        action_id: str,
        item: Ref,
        *,
        policy_ids: Sequence[str] = (),
        parameters: Mapping[str, object] | None = None,
        note: str = "",
        idempotency_key: str | None = None,
    ) -> None:
        body: dict[str, object] = {
            "actionId": action_id,
            "itemId": item.id,
            "itemTypeId": item.type_id,
            "policyIds": policy_ids,
            "parameters": dict(parameters or {}),
        }
        self._post("/actions", body | ({"note": note} if note else {}), idempotency_key)

    def policies(self, language: str = "") -> list[Policy]:
        content = self._send("GET", "/policies", {}, params={"language": language})
        return decode(content, _Policies).policies

    def user_score(self, user: Ref) -> int:
        """From 1 to 5, the best, which is also what nobody knows yet."""
        named = {"id": user.id, "typeId": user.type_id}
        return decode(self._send("GET", "/user_scores", {}, params=named), int)

    def _post(self, path: str, body: object, idempotency_key: str | None) -> bytes:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or self.new_key(),
        }
        return self._send("POST", path, headers, content=msgspec.json.encode(body))

    def _send(self, method: str, path: str, headers: Mapping[str, str], **sent: Any) -> bytes:
        """The body of a 2xx answer. Raises ApiError with what the last attempt came to."""
        named = {**headers, "X-API-Key": self.key}
        for attempt in range(1, self.attempts + 1):
            try:
                answer = self.http.request(method, path, headers=named, **sent)
            except httpx.TransportError as error:
                if attempt == self.attempts:
                    raise ApiError(0, f"Winnow does not answer: {error}") from error
                self.sleep(pause_s(attempt, None))
                continue
            if answer.is_success:
                return answer.content
            if answer.status_code not in REPEATABLE or attempt == self.attempts:
                raise refusal(answer)
            self.sleep(pause_s(attempt, answer.headers.get("Retry-After")))
        raise ApiError(0, "Nothing was sent: attempts must be at least 1.")


def pause_s(attempt: int, wish: str | None) -> float:
    """Half a second, doubling, or longer where the answer asked for it; at most a minute."""
    asked = float(wish) if wish and wish.isdecimal() else 0.0
    doubled: float = 0.5 * 2 ** (attempt - 1)
    return min(max(doubled, asked), LONGEST_PAUSE_S)


def verify_webhook(
    secrets: Sequence[str], body: bytes, headers: Mapping[str, str], *, now: float | None = None
) -> bool:
    """Whether a webhook is from Winnow and at most five minutes old.

    secrets: `whsec_...` of each key in use. body: the bytes as they came. headers: in lower case.
    """
    try:
        identity, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
        given = [each.partition(",")[2] for each in headers["webhook-signature"].split()]
        age = (time.time() if now is None else now) - int(sent_at)
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    except (KeyError, ValueError, binascii.Error):
        return False
    signed = f"{identity}.{sent_at}.".encode() + body
    expected = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    genuine = any(hmac.compare_digest(one, each.encode()) for one in expected for each in given)
    return genuine and abs(age) <= TOLERANCE_S
