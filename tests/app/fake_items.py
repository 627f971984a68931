"""What the stand-in knows of one post and of its author."""

from __future__ import annotations

from typing import Any

from tests.app.fake_data import ago

Doc = dict[str, Any]
PERSON_TYPE: Doc = {"id": "t2", "name": "User", "kind": "USER", "version": 1, "fields": []}


def history() -> Doc:
    card = {
        "itemId": "post-0",
        "itemTypeId": "t1",
        "submissionId": "s0",
        "arrivedAt": ago(90),
        "creatorId": "user-0",
        "creatorTypeId": "t2",
        "data": {"text": "Win at the <b>casino</b> tonight"},
    }
    outcome = {"ruleId": "r1", "version": 2, "status": "LIVE", "outcome": "TRUE"}
    done = {
        "executionId": "e1",
        "actionId": "a1",
        "actionName": "Remove post",
        "source": "automated-rule",
        "policies": [{"id": "p1", "name": "Spam and scams"}],
        "actor": "rule:r1",
        "actorName": "Casino spam",
        "createdAt": ago(89),
    }
    job = {"jobId": "job-0", "queueId": "q1", "kind": "DEFAULT", "state": "open"}
    return {
        "itemId": "post-0",
        "itemTypeId": "t1",
        "submissions": [card],
        "evaluations": [
            {
                "submissionId": "s0",
                "arrivedAt": ago(90),
                "configVersion": 12,
                "outcomes": [outcome, {**outcome, "ruleId": "r2", "status": "SHADOW"}],
            }
        ],
        "actions": [done],
        "jobs": [{**job, "enqueuedAt": ago(88), "decidedAt": None}],
        "decisions": [],
    }


def strikes() -> Doc:
    one = {
        "strikeId": "st1",
        "policyName": "Spam and scams",
        "amount": 2,
        "at": ago(500),
        "expiresAt": ago(-90_000),
        "holds": True,
        "itemId": "post-9",
        "actor": "user:u1",
        "actorName": "Ada",
        "reason": "",
    }
    gone = {"strikeId": "st2", "holds": False, "revokedAt": ago(50), "reason": "a <i>joke</i>"}
    return {"total": 2, "items": [one, {**one, **gone}], "nextCursor": None}


def labels() -> list[Doc]:
    one = {"labelId": "l1", "name": "trusted", "at": ago(900), "holds": True, "actorName": "Ada"}
    return [one, {**one, "labelId": "l2", "name": "new here", "holds": False}]


def explanation(sent: Doc) -> Doc:
    return {
        "where": "contains(text, 'casino') AND likes < 3",
        "outcome": sent["ruleId"] == "r1",
        "text": "AND: TRUE\n  contains(text, 'casino'): TRUE\n  likes < 3: TRUE, likes is 2",
        "counterfactual": "It would not have matched with likes of 3.",
        "note": "",
    }
