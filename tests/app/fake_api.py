"""A small stand-in for the API, in memory, for tests of pages alone.

It follows the endpoints' shapes; what they mean is tested against the real one.
"""

# ruff: noqa: ARG001 - a route names its path's parameters, used or not

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from tests.app.fake_casework import Casework, casework
from tests.app.fake_data import Doc, example_state
from tests.app.fake_items import explanation, history, labels, strikes
from tests.app.fake_reports import standing
from tests.app.fake_settings import next_key, settings_of, signing_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "token-of-ada"
Sent = Annotated[Doc, Body()]


def stamp(minutes_ago: float = 0) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).isoformat()


@dataclass
class State:
    configured: dict[str, list[Doc]]
    waiting: list[Doc]
    backtests: list[Doc]
    permissions: list[str]
    explained: list[Doc] = field(default_factory=list)
    settings: Doc = field(default_factory=dict)
    signing_keys: list[Doc] = field(default_factory=signing_keys)
    approvals: list[Doc] = field(default_factory=list)
    needs_approval: bool = False
    decided: list[Doc] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    set_aside: list[Doc] = field(default_factory=list)
    broken_rules: list[Doc] = field(default_factory=list)
    configuration_problem: str = ""
    standings: list[str] = field(default_factory=list)
    heartbeats: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    casework: Casework = field(default_factory=Casework)
    empty: bool = False


def fake_api(state: State | None = None) -> FastAPI:
    app = FastAPI()
    app.state.fake = state or State(**example_state())
    app.add_exception_handler(HTTPException, _problem)
    for routes in (
        _sessions,
        _configuration,
        _rules,
        _approvals,
        _queues,
        _jobs,
        _decisions,
        _reports,
        _set_aside,
        _items,
        _backtests,
        _administration,
        _organisation,
    ):
        routes(app, app.state.fake)
    casework(app, app.state.fake.casework, app.state.fake.configured)
    return app


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail: object = error.detail
    told = detail if isinstance(detail, dict) else {"detail": str(detail)}
    return JSONResponse(
        {"type": "about:blank", "title": "Refused", "status": error.status_code, **told},
        status_code=error.status_code,
        media_type="application/problem+json",
    )


def page(items: list[Any]) -> Doc:
    return {"items": items, "nextCursor": None}


def _sessions(app: FastAPI, state: State) -> None:
    user = {
        "userId": "u1",
        "email": "ada@example.org",
        "name": "Ada",
        "role": "ADMIN",
        "permissions": state.permissions,
        "orgId": "1",
        "orgName": "Example forum",
    }

    @app.post("/api/v1/sessions", status_code=201)
    def sign_in(body: Sent) -> Doc:
        if body.get("password") != "right":
            raise HTTPException(401, "Email or password is wrong.")
        expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        return {"token": TOKEN, "expiresAt": expires, "user": user}

    @app.get("/api/v1/sessions/current")
    def me(authorization: Annotated[str, Header()] = "") -> Doc:
        if authorization != f"Bearer {TOKEN}":
            raise HTTPException(401, "Sign in first.")
        return user

    @app.delete("/api/v1/sessions/current", status_code=204)
    def sign_out() -> None:
        return None

    @app.get("/api/v1/org")
    def org() -> Doc:
        return {"orgId": "1", "name": "Example forum", "signingPublicKeyPem": "-----BEGIN…"}


def _configured(state: State, kind: str, object_id: str) -> Doc:
    for one in state.configured.get(kind, []):
        if one["id"] == object_id:
            return one
    raise HTTPException(404, f"No such {kind}.")


def _configuration(app: FastAPI, state: State) -> None:
    found = partial(_configured, state)

    @app.post("/api/v1/config/item-types/infer")
    def infer(body: Sent) -> Doc:
        names = list(body["records"][0])
        return {"name": body["name"], "fields": [{"name": n, "type": "STRING"} for n in names]}

    @app.get("/api/v1/config/{kind}")
    def listed(kind: str) -> Doc:
        return page(state.configured.get(kind, []))

    @app.post("/api/v1/config/{kind}", status_code=201)
    def create(kind: str, body: Sent) -> Any:
        if waits := _waits(state, kind, {"ruleId": "r-new", "baseVersion": 0}, body):
            return waits
        made = {**body, "id": f"{kind}-{next(state.numbers)}", "version": 1, "updatedAt": stamp()}
        state.configured.setdefault(kind, []).append(made)
        return made

    @app.get("/api/v1/config/{kind}/{object_id}")
    def one(kind: str, object_id: str) -> Doc:
        return found(kind, object_id)

    @app.put("/api/v1/config/{kind}/{object_id}")
    def update(kind: str, object_id: str, body: Sent) -> Any:
        head = found(kind, object_id)
        if body.pop("expectedVersion", None) not in (None, head["version"]):
            raise HTTPException(409, "Somebody saved a newer version.")
        if not str(body.get("name", "")).strip():
            problem = {"message": "A name is needed.", "pointer": "/name", "hint": "Give one."}
            raise HTTPException(400, {"detail": "A name is needed.", "errors": [problem]})
        asked = {"ruleId": object_id, "baseVersion": head["version"]}
        if waits := _waits(state, kind, asked, body):
            return waits
        head.update(body, version=head["version"] + 1)
        doubtful = {"warnings": [{"itemType": "Post", **DOUBT}], "failedExamples": [0]}
        return head | (doubtful if kind == "rules" else {})

    @app.get("/api/v1/config/{kind}/{object_id}/versions")
    def versions(kind: str, object_id: str) -> Doc:
        head = found(kind, object_id)
        older = {**head, "where": "contains(text, 'casino')", "rolloutPercent": 10}
        told = {"author": "user:ada@example.org", "createdAt": stamp(90)}
        return page(
            [
                {**told, "version": head["version"], "reason": "Widen", "document": head},
                {**told, "version": head["version"] - 1, "reason": "First", "document": older},
            ]
        )


DOUBT = {
    "code": "mostly-null",
    "message": "`likes` is missing in 80% of recent items.",
    "hint": "Say what shall hold where it is missing.",
    "line": 1,
    "column": 1,
    "length": 5,
}


def _waits(state: State, kind: str, asked: Doc, body: Doc) -> Response | None:
    reason = body.pop("reason", None)
    if kind != "rules" or not state.needs_approval:
        return None
    approval = {
        "approvalId": f"ap{next(state.numbers)}",
        "ruleName": body["name"],
        "state": "waiting",
        "document": body,
        "reason": reason or "",
        "author": "user:u1",
        "authorName": "Ada",
        "createdAt": stamp(),
        **asked,
    }
    state.approvals.insert(0, approval)
    told = {"approvalId": approval["approvalId"], "state": "waiting"}
    return JSONResponse({**told, "detail": "Somebody else approves it."}, status_code=202)


def _approvals(app: FastAPI, state: State) -> None:
    def known(approval_id: str) -> Doc:
        return next(one for one in state.approvals if one["approvalId"] == approval_id)

    @app.get("/api/v1/approvals")
    def listed(ruleId: str = "", wanted: Annotated[str, Query(alias="state")] = "") -> Doc:  # noqa: N803 - its name on the wire
        return page(
            [
                one
                for one in state.approvals
                if ruleId in ("", one["ruleId"]) and wanted in ("", one["state"])
            ]
        )

    @app.get("/api/v1/approvals/{approval_id}")
    def one(approval_id: str) -> Doc:
        changes = [{"key": "where", "before": "likes < 3", "after": "likes < 4"}]
        return {"approval": known(approval_id), "changes": changes, "diff": ""}

    @app.post("/api/v1/approvals/{approval_id}/{verb}")
    def decide(approval_id: str, verb: str, body: Annotated[Doc | None, Body()] = None) -> Doc:
        found = known(approval_id)
        states = {"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}
        found |= {"state": states[verb], "decidedByName": "Bob", **(body or {})}
        return found


def _rules(app: FastAPI, state: State) -> None:
    @app.post("/api/v1/rules/check")
    def check(body: Sent) -> Doc:
        if "txt" in body["where"]:
            column = body["where"].index("txt") + 1
            wrong = {
                "code": "unknown-field",
                "message": "There is no field txt.",
                "hint": "Did you mean text?",
                "line": 1,
                "column": column,
                "length": 3,
            }
            return {"ok": False, "diagnostics": [wrong], "canonical": None}
        warnings = [DOUBT] if "likes" in body["where"] else []
        return {"ok": True, "diagnostics": [], "canonical": body["where"], "warnings": warnings}

    @app.post("/api/v1/rules/preview")
    def preview(body: Sent) -> Doc:
        hits = 40 if "casino" in body["where"] else 12
        example = {
            "itemId": "p1",
            "arrivedAt": stamp(5),
            "data": {"text": "Win at the casino tonight"},
            "spans": {"text": [[11, 17]]},
        }
        return {
            "sampled": 0 if state.empty else 2000,
            "hits": hits,
            "unknown": 3,
            "estimatedPerDay": {"value": hits * 30.0, "low": hits * 22.0, "high": hits * 41.0},
            "examples": [example] * 4,
            "diagnostics": [],
            "milliseconds": 41,
        }

    @app.get("/api/v1/overview")
    def overview(days: int = 7) -> Doc:
        if state.empty:
            return {"volume": [], "jobs": {"open": 0, "decidedToday": 0}, "lake": {"rows": 0}}
        hours = range(days * 24)
        return {
            "setAside": len(state.set_aside),
            "brokenRules": state.broken_rules,
            "configurationProblem": state.configuration_problem,
            "volume": [
                {"hour": stamp(60 * h), "accepted": 900 + 37 * (h * 7 % 23), "evaluated": 900}
                for h in hours
            ],
            "matchesByRule": [
                {"ruleId": r["id"], "name": r["name"], "matches": 1200 // (n + 1)}
                for n, r in enumerate(state.configured.get("rules", []))
            ],
            "jobs": {"open": len(state.waiting), "decidedToday": 41},
            "decisionsByKind": [
                {"kind": "CUSTOM_ACTION", "count": 25},
                {"kind": "IGNORE", "count": 16},
            ],
            "deliveries": {"pending": 2, "dead": 1},
            "lake": {"rows": 151_200, "exportedAt": stamp(4)},
        }


def _hold(state: State, job: Doc) -> Doc:
    token = f"lease-{next(state.numbers)}"
    state.held[job["jobId"]] = token
    return {**job, "leaseToken": token}


def _take(state: State, job_id: str, body: Doc) -> Doc:
    if state.held.get(job_id) != body["leaseToken"]:
        raise HTTPException(409, "The claim on this job has run out.")
    return next(job for job in state.waiting if job["jobId"] == job_id)


def _queues(app: FastAPI, state: State) -> None:
    @app.get("/api/v1/queues")
    def queues() -> Doc:
        oldest = stamp(95) if state.waiting else None
        told = []
        for n, queue in enumerate(state.configured.get("queues", [])):
            waits = len(state.waiting) if n == 0 else 0
            told.append({**queue, "pending": waits, "oldestEnqueuedAt": oldest if n == 0 else None})
        return page(told)

    @app.post("/api/v1/queues/{queue_id}/claim")
    def claim(queue_id: str) -> Any:
        for job in state.waiting:
            if job["jobId"] not in state.held:
                return _hold(state, job)
        return Response(status_code=204)


def _jobs(app: FastAPI, state: State) -> None:
    @app.post("/api/v1/jobs/{job_id}/claim")
    def claim_job(job_id: str) -> Doc:
        for job in state.waiting:
            if job["jobId"] == job_id:
                return _hold(state, job)
        raise HTTPException(409, "this job has been decided already")

    @app.get("/api/v1/jobs/{job_id}")
    def job(job_id: str) -> Doc:
        decided: list[Doc] = [d["job"] for d in state.decided]
        for one in [*state.waiting, *decided]:
            if one["jobId"] == job_id:
                return one
        raise HTTPException(404, "No such job.")

    @app.post("/api/v1/jobs/{job_id}/heartbeat")
    def heartbeat(job_id: str, body: Sent) -> Doc:
        _take(state, job_id, body)
        state.heartbeats.append(job_id)
        return {"leasedUntil": stamp(-5)}

    @app.post("/api/v1/jobs/{job_id}/skip")
    def skip(job_id: str, body: Sent) -> Doc:
        state.waiting.remove(_take(state, job_id, body))
        return {}

    @app.post("/api/v1/jobs/{job_id}/release")
    def release(job_id: str, body: Sent) -> Doc:
        _take(state, job_id, body)
        del state.held[job_id]
        return {}

    @app.post("/api/v1/jobs/{job_id}/decide", status_code=201)
    def decide(job_id: str, body: Sent) -> Doc:
        job = _take(state, job_id, body)
        state.waiting.remove(job)
        decision = {**body, "decisionId": f"d{next(state.numbers)}", "jobId": job_id, "job": job}
        state.decided.append(decision)
        until = (datetime.now(UTC) + timedelta(seconds=10)).isoformat()
        return {"decisionId": decision["decisionId"], "undoUntil": until, "nextJob": None}


def _decisions(app: FastAPI, state: State) -> None:
    @app.post("/api/v1/decisions/{decision_id}/undo")
    def undo(decision_id: str) -> Doc:
        decision = next(d for d in state.decided if d["decisionId"] == decision_id)
        state.decided.remove(decision)
        state.waiting.insert(0, decision["job"])
        state.held.pop(decision["jobId"], None)
        return {}

    @app.get("/api/v1/decisions")
    def decisions() -> Doc:
        told = [
            {**d, "decidedBy": "user:u1", "decidedByName": "Ada", "decidedAt": stamp()}
            for d in state.decided
        ]
        return page(told)


def _reports(app: FastAPI, state: State) -> None:
    @app.get("/api/v1/reports")
    def listed(itemId: str = "", reporterId: str = "") -> Doc:  # noqa: N803 - names on the wire
        if reporterId:
            return page(state.casework.reports_by(reporterId))
        known = [report for job in state.waiting for report in job.get("reports", [])]
        return page([report for report in known if report["item"]["id"] == itemId])

    @app.get("/api/v1/reports/standing")
    def stands(reporterTypeId: str, reporterId: str) -> Doc:  # noqa: N803 - likewise
        state.standings.append(reporterId)
        return standing(reporterId)


def _set_aside(app: FastAPI, state: State) -> None:
    @app.get("/api/v1/items/set-aside")
    def set_aside(cursor: int = 0, limit: int = 50) -> Doc:
        return page([item for item in state.set_aside if item["seq"] > cursor][:limit])

    @app.post("/api/v1/items/set-aside/replay", status_code=202)
    def replay_all() -> Doc:
        replayed = len(state.set_aside)
        state.set_aside.clear()
        return {"replayed": replayed}

    @app.post("/api/v1/items/set-aside/{seq}/replay", status_code=202)
    def replay_one(seq: int) -> Doc:
        state.set_aside[:] = [item for item in state.set_aside if item["seq"] != seq]
        return {"replayed": 1}


def _items(app: FastAPI, state: State) -> None:
    @app.get("/api/v1/items/{item_type_id}/{item_id}")
    def item(item_type_id: str, item_id: str) -> Doc:
        if item_id == "post-0":
            return history()
        raise HTTPException(404, "There is no such item.")

    @app.get("/api/v1/entity-labels")
    def labelled(id: str) -> Doc:  # noqa: A002 - the parameter's name on the wire
        return page(labels() if id == "user-0" else [])

    @app.get("/api/v1/strikes")
    def struck(userId: str) -> Doc:  # noqa: N803 - likewise
        return strikes() if userId == "user-0" else {"total": 0, **page([])}

    @app.post("/api/v1/rules/explain")
    def explain(body: Sent) -> Doc:
        state.explained.append(body)
        return explanation(body)


def _backtests(app: FastAPI, state: State) -> None:
    def run(backtest_id: str) -> Doc:
        for one in state.backtests:
            if one["backtestId"] == backtest_id:
                return one
        raise HTTPException(404, "No such backtest.")

    @app.get("/api/v1/backtests")
    def listed() -> Doc:
        return page(state.backtests)

    @app.post("/api/v1/backtests", status_code=202)
    def start(body: Sent) -> Doc:
        made = {
            "backtestId": f"b{next(state.numbers)}",
            "state": "queued",
            "request": body,
            "createdAt": stamp(),
        }
        state.backtests.insert(0, made)
        return {"backtestId": made["backtestId"]}

    @app.get("/api/v1/backtests/{backtest_id}")
    def one(backtest_id: str) -> Doc:
        return run(backtest_id)

    @app.get("/api/v1/backtests/{backtest_id}/flips")
    def flips(backtest_id: str) -> Doc:
        text = "Win big at the casino tonight"
        added = {"itemId": "p7", "added": True, "arrivedAt": stamp(60), "data": {"text": text}}
        return page([added, {**added, "itemId": "p8", "added": False}])


def _organisation(app: FastAPI, state: State) -> None:
    @app.get("/api/v1/org/settings")
    def settings() -> Doc:
        return settings_of(state.settings)

    @app.put("/api/v1/org/settings")
    def save(body: Sent) -> Doc:
        version = state.settings.get("version", 0)
        if body.pop("expectedVersion") != version:
            raise HTTPException(409, "Somebody saved a newer version.")
        for number, threshold in enumerate(body["strikeThresholds"]):
            if not threshold["actionIds"]:
                pointer = f"/strikeThresholds/{number}/actionIds"
                problem = {"message": "A threshold needs an action.", "pointer": pointer}
                raise HTTPException(400, {"detail": "Not valid.", "errors": [problem]})
        state.settings = {**body, "version": version + 1}
        return settings_of(state.settings)

    @app.get("/api/v1/org/signing-keys")
    def keys() -> Doc:
        return page(state.signing_keys)

    @app.post("/api/v1/org/signing-keys/rotate", status_code=201)
    def rotate(body: Sent) -> Doc:
        state.signing_keys.insert(0, next_key(body["overlapHours"]))
        return state.signing_keys[0]

    @app.post("/api/v1/org/signing-keys/{key_id}/retire", status_code=204)
    def retire(key_id: str) -> None:
        for key in state.signing_keys:
            key["state"] = "retired" if key["keyId"] == key_id else "active"


def _administration(app: FastAPI, state: State) -> None:
    key = {"keyId": "k1", "name": "ingest", "prefix": "wk_3f9a", "createdAt": stamp(4000)}
    attempt = {"attempt": 1, "startedAt": stamp(3), "latencyMs": 12.5, "status": 500}
    delivery = {
        "deliveryId": "o1",
        "actionId": "a1",
        "url": "https://platform.example.org/hooks/remove",
        "state": "dead",
        "attempts": 6,
        "createdAt": stamp(30),
    }

    @app.get("/api/v1/api-keys")
    def keys() -> Doc:
        return page([key])

    @app.post("/api/v1/api-keys", status_code=201)
    def new_key(body: Sent) -> Doc:
        return {**key, "name": body["name"], "key": "wk_3f9a_secret"}

    @app.get("/api/v1/users")
    def users() -> Doc:
        return page([{"userId": "u1", "name": "Ada", "email": "ada@example.org", "role": "ADMIN"}])

    @app.get("/api/v1/webhooks/deliveries")
    def deliveries() -> Doc:
        return page([delivery])

    @app.get("/api/v1/webhooks/endpoints")
    def endpoints() -> Doc:
        known = {"endpoint": "https://platform.example.org", "failures": 12, "waiting": 40}
        return page([{**known, "breaker": "open", "openUntil": None}])

    @app.post("/api/v1/webhooks/replay")
    def replay_many(body: Doc) -> Doc:
        return {"matched": 3, "replayed": 3 if body["apply"] else 0}

    @app.post("/api/v1/actions/{action_id}/test")
    def try_action(action_id: str) -> Doc:
        answer = {"status": 200, "latencyMs": 12.5, "error": "", "response": "thanks"}
        return {"deliveryId": "o1", "delivered": True, **answer}

    @app.get("/api/v1/webhooks/deliveries/{delivery_id}")
    def one(delivery_id: str) -> Doc:
        return {**delivery, "attempts": [attempt, {**attempt, "attempt": 2, "status": None}]}

    @app.post("/api/v1/webhooks/deliveries/{delivery_id}/replay", status_code=202)
    def replay(delivery_id: str) -> Doc:
        return {}

    @app.get("/api/v1/audit")
    def audit() -> Doc:
        entry = {"n": 7, "at": stamp(2), "actor": "user:ada@example.org", "event": "rule:update"}
        return page([{**entry, "subjectKind": "rule", "subjectId": "r1", "detail": {"version": 3}}])
