"""What the stand-in API knows at first: texts in several scripts, long and short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Doc = dict[str, Any]

_NOW = datetime.now(UTC)
_TEXTS = (
    "Claim your FREE prize now!!! Visit the casino at win-big.example and send 50 dollars first.",
    "اربح المال الآن! زر الكازينو وأرسل 50 دولارًا أولاً، العرض ينتهي اليوم.",
    "今すぐ無料で賞金を受け取ろう!カジノのサイトに登録して、最初に五千円を送ってください。",
    "lol no",
    "You people are the worst. " * 60,
    "<script>alert('x')</script> & <b>bold</b> **markdown** $x^2$ :material/home:",
    "שלום, רוצה להרוויח כסף קל? שלח הודעה פרטית עכשיו",
    "Supercalifragilisticexpialidocious" * 8,
)
_ACTIONS = ("Remove post", "Warn author", "Suspend author for a week", "Limit reach")
_POLICIES = ("Spam and scams", "Harassment", "Hate speech", "Self-harm")


_DAYS = {"name": "days", "displayName": "Days", "type": "NUMBER", "required": True, "min": 1}


def ago(minutes: float) -> str:
    return (_NOW - timedelta(minutes=minutes)).isoformat()


def example_state() -> Doc:
    return {
        "configured": _configured(),
        "waiting": [_job(n, text) for n, text in enumerate(_TEXTS * 3)],
        "backtests": [_backtest("done"), _backtest("running"), _backtest("failed")],
        "permissions": list(PERMISSIONS),
    }


PERMISSIONS = [
    "MANAGE_ORG",
    "MANAGE_USERS",
    "MUTATE_LIVE_RULES",
    "MUTATE_NON_LIVE_RULES",
    "RUN_BACKTEST",
    "RUN_RETROACTION",
    "VIEW_INSIGHTS",
    "VIEW_RULES_DASHBOARD",
    "MANAGE_POLICIES",
    "VIEW_INVESTIGATION",
    "VIEW_MRT",
    "VIEW_MRT_DATA",
    "EDIT_MRT_QUEUES",
]


def _configured() -> dict[str, list[Doc]]:
    names = {
        "policies": _POLICIES,
        "actions": _ACTIONS,
        "banks": ("casino words",),
        "queues": ("Spam", "Harassment"),
    }
    heads = {
        kind: [_head(f"{kind[0]}{n + 1}", name) for n, name in enumerate(all_names)]
        for kind, all_names in names.items()
    }
    heads["policies"][1]["parentId"] = "p3"
    heads["queues"][0] |= {"isDefault": True, "slaMinutes": 60, "decidedLastHour": 12}
    heads["banks"][0] |= {"terms": [{"text": "casino", "mode": "word", "note": ""}]}
    heads["actions"][0] |= {"type": "CUSTOM_ACTION", "callbackUrl": "https://platform.example.org"}
    return {**heads, "item-types": [_item_type()], "rules": _rules()}


def _head(object_id: str, name: str) -> Doc:
    return {
        "id": object_id,
        "name": name,
        "version": 2,
        "updatedAt": ago(300),
        "updatedBy": "user:ada@example.org",
        "text": f"{name} are not allowed, in any language and in any disguise.",
    }


def _item_type() -> Doc:
    fields = [("text", "STRING"), ("author", "USER_ID"), ("likes", "NUMBER"), ("photo", "IMAGE")]
    shown = [{"name": name, "type": kind, "required": name == "text"} for name, kind in fields]
    return {
        **_head("t1", "Post"),
        "kind": "CONTENT",
        "fields": shown,
        "roles": {"creatorId": "author"},
    }


def _rules() -> list[Doc]:
    conditions = {
        "Casino spam": "contains(text, 'casino') AND likes < 3",
        "Fresh accounts that post links": "count_recent(creator, '1 hour') > 5",
        "Harassing words": "matches(text, 'casino words')",
        "A rule with a very long name that says everything about what it is for": "likes < 0",
    }
    statuses = ("LIVE", "SHADOW", "DRAFT", "PAUSED")
    return [
        _head(f"r{n + 1}", name)
        | {
            "where": where,
            "status": statuses[n],
            "itemTypeIds": ["t1"],
            "actionIds": ["a1"],
            "policyIds": ["p1"],
            "rolloutPercent": 100,
            "tags": ["spam"],
            "examples": [{"data": {"text": "casino!"}, "matches": True, "note": "plain"}],
        }
        for n, (name, where) in enumerate(conditions.items())
    ]


def _job(number: int, text: str) -> Doc:
    start = text.find("casino")
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="  # noqa: E501 - one red dot
    fields: list[Doc] = [
        {"name": "text", "type": "STRING", "value": text, "spans": [[start, start + 6]]},
        {"name": "likes", "type": "NUMBER", "value": 2.0},
        {"name": "posted", "type": "DATETIME", "value": ago(100)},
        {"name": "tags", "type": "STRING", "container": {"kind": "ARRAY"}, "value": ["a", "b"]},
    ]
    if number % 4 == 0:
        fields.append({"name": "photo", "type": "IMAGE", "value": {"url": pixel}})
    return {
        "jobId": f"job-{number}",
        "queueId": "q1",
        "queueName": "Spam",
        "kind": "DEFAULT",
        "state": "open",
        "enqueuedAt": ago(95 - number),
        "item": {
            "itemId": f"post-{number}",
            "itemTypeId": "t1",
            "itemTypeName": "Post",
            "submissionId": f"s{number}",
            "fields": [{"spans": [], **one} for one in fields],
        },
        "creator": {"itemId": f"user-{number % 5}", "itemTypeId": "t2"},
        "routing": {"queueName": "Spam", "ruleId": None, "trail": []},
        "sources": [
            {
                "kind": "RULE_EXECUTION",
                "ruleId": "r1",
                "ruleName": "Casino spam",
                "where": "contains(text, 'casino') AND likes < 3",
                "judgedAt": ago(5),
                "trace": "TRUE    AND\nTRUE      likes < 3   -- likes = 2",
                "counterfactual": "It would not have matched if `likes` were 3 or more.",
            }
        ],
        "otherItems": [
            {"itemId": f"post-{m}", "itemTypeId": "t1", "arrivedAt": ago(m), "data": {"text": t}}
            for m, t in enumerate(_TEXTS)
        ],
        "history": [],
        "actions": [
            {"id": f"a{n + 1}", "name": name, "parameters": [_DAYS] if n == 2 else []}
            for n, name in enumerate(_ACTIONS)
        ],
        "policies": [
            {"id": f"p{n + 1}", "name": name, "text": f"{name} are not allowed."}
            for n, name in enumerate(_POLICIES)
        ],
        "policyIds": ["p1"],
    }


def _estimate(value: float, spread: float) -> Doc:
    return {"value": value, "low": value - spread, "high": value + spread, "support": 900}


def _figures(hits: int) -> Doc:
    return {
        "hits": hits,
        "hitRate": _estimate(hits / 150_000, 0.001),
        "perDay": _estimate(hits / 14, 40),
        "labelled": 1840,
        "precision": _estimate(0.91, 0.03),
        "recall": _estimate(0.64, 0.05),
        "f1": _estimate(0.75, 0.04),
        "falsePositiveRate": _estimate(0.004, 0.001),
    }


def _backtest(state: str) -> Doc:
    days: list[Doc] = [
        {"day": (_NOW - timedelta(days=d)).date().isoformat(), "hits": 900 + 13 * (d * 5 % 9)}
        for d in range(14, 0, -1)
    ]
    report = {
        "rows": 151_200,
        **_figures(12_880),
        "flips": {"added": 412, "removed": 57},
        "mcnemar": {"candidateOnlyRight": 120, "baselineOnlyRight": 31, "p": 0.00002},
        "baseline": {**_figures(12_525), "precision": _estimate(0.88, 0.03)},
        "byDay": [{**day, "baselineHits": day["hits"] - 40, "rows": 10_800} for day in days],
        "segments": [{"value": v, "rows": 50_000, **_figures(4_000)} for v in ("en", "pt", None)],
    }
    return {
        "backtestId": f"b-{state}",
        "state": state,
        "request": {
            "where": "contains(text, 'casino')",
            "baselineWhere": "contains(text, 'casino') AND likes < 3",
            "itemTypeId": "t1",
        },
        "progress": {"filesDone": 3, "files": 8},
        "report": report if state == "done" else None,
        "digest": "9f2c" * 16 if state == "done" else None,
        "error": "The field likes is not in the history of this item type."
        if state == "failed"
        else None,
        "requestedBy": "user:ada@example.org",
        "createdAt": ago(40),
    }
