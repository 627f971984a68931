"""The stand-in's routing, what it puts right by hand, and its appeals. It keeps what was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException

from tests.app.fake_data import ago

Doc = dict[str, Any]
Sent = Annotated[Doc, Body()]
NOW = [{"strikes": 1, "people": 40}, {"strikes": 3, "people": 7}]
LATELY = [{"strikes": 1, "people": 52}, {"strikes": 3, "people": 9}, {"strikes": 44, "people": 2}]


@dataclass
class Casework:
    """asked: (what, body) of everything that was to be changed. resolved: of appeals."""

    asked: list[tuple[str, Doc]] = field(default_factory=list)
    histograms: list[int | None] = field(default_factory=list)
    periods: list[int] = field(default_factory=list)
    appeals: list[Doc] = field(default_factory=list)
    resolved: int = 0

    def reports_by(self, reporter_id: str) -> list[Doc]:
        if reporter_id != "user-0":
            return []
        one = {
            "reportId": "rep-9",
            "state": "open",
            "reportedAt": ago(60),
            "item": {"typeId": "t1", "id": "post-77"},
            "reporter": {"typeId": "t2", "id": reporter_id},
            "policyName": "Harassment",
            "reason": "I do not <b>like</b> them",
        }
        return [one, {**one, "reportId": "rep-8", "state": "dismissed"}]


def casework(app: FastAPI, kept: Casework, configured: dict[str, list[Doc]]) -> None:
    _routing(app, kept, configured)
    _strikes(app, kept)
    _labels(app, kept)
    _appeals(app, kept)


def _routing(app: FastAPI, kept: Casework, configured: dict[str, list[Doc]]) -> None:
    @app.put("/api/v1/routing-rules/order")
    def order(body: Sent) -> Doc:
        kept.asked.append(("order", body))
        for rule in configured["routing-rules"]:
            if rule["id"] in body["ruleIds"]:
                rule["position"] = body["ruleIds"].index(rule["id"]) + 1
        return {"ruleIds": body["ruleIds"]}

    @app.post("/api/v1/routing-rules/test")
    def trial(body: Sent) -> Doc:
        kept.asked.append(("trial", body))
        if body.get("itemId") == "gone":
            raise HTTPException(404, "no item `gone` of this type was ever sent")
        step = {"ruleId": "rr1", "name": "Money <first>", "outcome": "FALSE", "shadow": True}
        held = {**step, "ruleId": "rr2", "name": "Attacks", "outcome": "TRUE", "shadow": False}
        to = {"queueId": "q2", "queueName": "Harassment", "ruleId": "rr2", "ruleName": "Attacks"}
        return {**to, "trail": [step, held]}


def _strikes(app: FastAPI, kept: Casework) -> None:
    @app.get("/api/v1/strikes/histogram")
    def histogram(days: int | None = None) -> Doc:
        kept.histograms.append(days)
        return {"items": LATELY if days else NOW, "nextCursor": None}

    @app.post("/api/v1/strikes/adjust", status_code=201)
    def adjust(body: Sent) -> Doc:
        if not body["reason"]:
            problem = {"message": "an adjustment needs a reason", "pointer": "/reason"}
            raise HTTPException(400, {"detail": problem["message"], "errors": [problem]})
        kept.asked.append(("adjust", body))
        return {"strikeId": "st-new", "total": 2 + body["amount"]}

    @app.post("/api/v1/strikes/{strike_id}/revoke")
    def revoke(strike_id: str, body: Sent) -> Doc:
        kept.asked.append((f"revoke {strike_id}", body))
        return {"strikeId": strike_id, "total": 0}

    @app.post("/api/v1/strikes/{strike_id}/restore", status_code=201)
    def restore(strike_id: str, body: Sent) -> Doc:
        kept.asked.append((f"restore {strike_id}", body))
        return {"strikeId": "st-again", "total": 1}


def _labels(app: FastAPI, kept: Casework) -> None:
    @app.post("/api/v1/entity-labels", status_code=201)
    def add(body: Sent) -> Doc:
        kept.asked.append(("label", body))
        return {"labelId": "l-new", "name": body["name"]}

    @app.post("/api/v1/entity-labels/{label_id}/withdraw")
    def withdraw(label_id: str, body: Sent) -> Doc:
        kept.asked.append((f"withdraw {label_id}", body))
        return {"labelId": label_id}

    @app.post("/api/v1/reports/invalidate")
    def invalidate(body: Sent) -> Doc:
        kept.asked.append(("invalidate", body))
        return {"reports": 3, "jobsClosed": 2}


def _appeals(app: FastAPI, kept: Casework) -> None:
    @app.get("/api/v1/appeals")
    def listed(state: str = "") -> Doc:
        found = [one for one in kept.appeals if not state or one["state"] == state]
        return {"items": found, "nextCursor": None}

    @app.get("/api/v1/appeals/metrics")
    def metrics(days: int) -> Doc:
        kept.periods.append(days)
        if not kept.resolved:
            return {"all": rate("", 0, 0), "waiting": 0, "oldestWaiting": None}
        half = kept.resolved // 2
        return {
            "all": rate("", half, kept.resolved),
            "medianSecondsToDecide": 5400.0,
            "waiting": 3,
            "oldestWaiting": ago(90),
            "byPolicy": [rate("Spam and scams", half, kept.resolved)],
            "byReviewer": [rate("Ada", 1, 4), rate("Grace", 3, 4)],
            "byRule": [],
            "byAction": [rate("Remove post", half, kept.resolved)],
            "byDay": [rate("2026-11-21", half, kept.resolved)],
        }


def rate(name: str, overturned: int, resolved: int) -> Doc:
    known = {"key": name, "name": name, "overturned": overturned, "resolved": resolved}
    if not resolved:
        return {**known, "rate": None, "low": None, "high": None}
    part = overturned / resolved
    return {**known, "rate": part, "low": max(part - 0.2, 0), "high": min(part + 0.2, 1)}


def appeal(number: int, state: str = "OPEN") -> Doc:
    done = {
        "actionName": "Remove post",
        "actorName": "Grace",
        "decisionId": "d-7",
        "ruleIds": ["r1"],
        "ruleNames": ["Casino spam"],
        "policyNames": ["Spam and scams"],
    }
    return {
        "id": f"ap{number}",
        "appealId": f"a-{number}",
        "state": state,
        "reason": "It was a <i>joke</i>",
        "receivedAt": ago(600),
        "resolvedAt": None if state == "OPEN" else ago(480),
        "item": {"itemId": f"post-{number}", "itemTypeId": "t1", "data": {}},
        "jobId": f"job-{number}",
        "against": [done],
    }


def routing_rules() -> list[Doc]:
    """Three of jobs, one of them off, and one of appeals."""
    names = ("Money <first>", "Attacks", "Anything else")
    rules = [
        {
            "id": f"rr{n + 1}",
            "name": name,
            "version": 2,
            "status": ("SHADOW", "LIVE", "PAUSED")[n],
            "kind": "DEFAULT",
            "position": n + 1,
            "itemTypeIds": ["t1"],
            "where": "contains(text, '<money>')",
            "queueId": "q2",
        }
        for n, name in enumerate(names)
    ]
    return [*rules, {**rules[1], "id": "rr9", "name": "Appealed", "kind": "APPEAL"}]
