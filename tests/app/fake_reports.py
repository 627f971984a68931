"""What users said about the oldest job of the stand-in, and what came with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.app.fake_data import ago

if TYPE_CHECKING:
    from collections.abc import Sequence

Doc = dict[str, Any]
WORDS = (
    "This is a scam, it took my money & more <i>money</i>.",
    "هذا احتيال، لا تدفعوا شيئًا",
    "",
    "spam " * 60,
)


def reported(job: Doc, words: Sequence[str] = WORDS) -> Doc:
    """The job, reported once for each of the words, with a thread and an item sent along."""
    item = {"typeId": "t1", "id": job["item"]["itemId"]}
    reports = [
        {
            "reportId": f"rep-{n}",
            "state": "open",
            "receivedAt": ago(30 + n),
            "reportedAt": ago(31 + n),
            "item": item,
            "reporter": {"typeId": "t2", "id": f"reader-{n}"},
            "policyId": "p1" if n != 1 else None,
            "policyName": "Spam and scams" if n != 1 else None,
            "reason": said or None,
            "csam": False,
        }
        for n, said in enumerate(words)
    ]
    source = {"kind": "REPORT", "reportId": "rep-0", "reason": words[0]}
    thread = [_card(f"m{n}", text) for n, text in enumerate(("Who wants to win?", "Me! How?"))]
    this = _card(job["item"]["itemId"], "Claim your FREE prize now!!! Visit the casino.")
    return job | {
        "sources": [*job["sources"], *([source] * len(words))],
        "reports": reports,
        "thread": [
            {"item": thread[0], "flagged": True},
            {"item": thread[1], "flagged": False},
            {"item": this, "flagged": False},
        ],
        "additionalItems": [_card("profile-1", "Making people rich since 2019")],
        "routing": {
            "queueName": "Spam",
            "ruleId": "rr2",
            "trail": [
                {"ruleId": "rr1", "name": "Grave things first", "outcome": "FALSE"},
                {"ruleId": "rr2", "name": "Money offers", "outcome": "TRUE"},
            ],
        },
    }


def standing(reporter_id: str) -> Doc:
    counts = {"reports": 8, "open": 3, "upheld": 4, "dismissed": 1, "invalidated": 0}
    if reporter_id == "reader-1":
        counts = dict.fromkeys(counts, 0) | {"reports": 1, "open": 1}
    known = {"reporter": {"typeId": "t2", "id": reporter_id}, **counts}
    return known | {"accuracy": 0.8 if counts["upheld"] else None}


def _card(item_id: str, text: str) -> Doc:
    return {
        "itemId": item_id,
        "itemTypeId": "t1",
        "itemTypeName": "Post",
        "arrivedAt": ago(60),
        "creatorId": "user-0",
        "data": {"text": text},
    }
