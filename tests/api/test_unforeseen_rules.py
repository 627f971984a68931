"""Rules that a policy team wrote, in a running organisation and over its history: one answer.

Their items come in over HTTP, among them what authors and threads are, strikes and labels. Every
rule is asked about all of them, as they are evaluated, in a preview, and in a backtest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import text

from engine.backtest.request import BacktestRequest
from engine.casework.facts import FactKind, NewFact
from engine.items.item import ItemRef
from services.backtests import flips, request_backtest, run_backtest
from services.context import system_caller
from services.lake_export import export_all
from services.parity_sample import sample_parity
from services.preview import preview
from store import facts
from tests.api.test_counter_parity import evaluate
from tests.engine.language.test_unforeseen_rules import CARD, STORIES, by
from tests.engine.language.world import ARRIVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

Row = dict[str, Any]
CARDS, SPEED = "card numbers, but of those who are trusted", "faster than anybody types"
# Of people about whom something is known: what they send, and what each rule says of it.
KNOWN: dict[str, tuple[Row, bool]] = {
    CARDS: (by("friend", text=f"mine is {CARD}"), False),
    SPEED: (by("struck", text="a"), True),
}
RULES = {
    **{name: story.rule for name, story in STORIES.items()},
    "a friend sends a card": "len(card_numbers(text)) > 0 AND has_label(creator, 'trusted')",
}


def array(name: str, of: str, **more: object) -> Row:
    container = {"containerType": "ARRAY", "keyScalarType": None, "valueScalarType": of}
    return {"name": name, "type": "ARRAY", "container": container, **more}


def keyed(name: str, of: str) -> Row:
    container = {"containerType": "MAP", "keyScalarType": "STRING", "valueScalarType": of}
    return {"name": name, "type": "MAP", "container": container}


def plain(**types: str) -> list[Row]:
    return [{"name": name, "type": given} for name, given in types.items()]


PAGE = [*plain(link="URL", size="NUMBER"), array("tags", "STRING")]
USER = {"name": "Author", "kind": "USER", "fields": plain(joined="DATETIME", karma="NUMBER")}
THREAD = {"name": "Room", "kind": "THREAD", "fields": plain(members="NUMBER", topic="STRING")}
POST = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        *plain(text="STRING", author="RELATED_ITEM", channel="RELATED_ITEM"),
        *plain(score="NUMBER", size="NUMBER", verified="BOOLEAN", sent_at="DATETIME"),
        *(array("tags", "STRING"), keyed("labels", "STRING"), keyed("weights", "NUMBER")),
        array("pages", "OBJECT", fields=PAGE),
    ],
    "roles": {"creatorId": "author", "threadId": "channel", "createdAt": "sent_at"},
}


class Sending:
    """One platform's items, each with an id that tells its story."""

    def __init__(self, admin: Api, platform: Api) -> None:
        self.platform = platform
        self.user = admin.made("item-types", USER)["id"]
        self.thread = admin.made("item-types", THREAD)["id"]
        self.post = admin.made("item-types", POST)["id"]
        admin.made("banks", {"name": "scam", "terms": [{"text": "free"}]})
        self.now = datetime.now(UTC)

    def story(self, number: int, rows: list[Row]) -> list[str]:
        """The ids of the posts."""
        ids = [f"{number}-{place}" for place in range(len(rows))]
        for post_id, row in zip(ids, rows, strict=True):
            data = {key: value for key, value in row.items() if not key.startswith("_")}
            data["sent_at"] = self.now.isoformat()
            if "author" in row:
                data["author"] = self.author(f"{number}-{row['author']['id']}")
            if "_creator" in row:
                data["author"] = self.author(f"of-{post_id}")
                joined = row["_creator"]["joined"] - ARRIVAL + self.now
                self.sent(self.user, f"of-{post_id}", {"joined": joined.isoformat()})
            if "_thread" in row:
                data["channel"] = {"id": f"in-{post_id}", "typeId": self.thread}
                self.sent(self.thread, f"in-{post_id}", row["_thread"])
            self.sent(self.post, post_id, data)
        return ids

    def author(self, name: str) -> Row:
        return {"id": name, "typeId": self.user}

    def sent(self, type_id: str, item_id: str, data: Mapping[str, Any]) -> None:
        raw = {"id": item_id, "typeId": type_id, "data": data}
        answer = self.platform.post("/items/async/", {"items": [raw]})
        assert answer.status_code == 202, answer.text


def test_live_in_a_preview_and_in_a_backtest_every_rule_matches_the_same_items(
    context: Context, org: Organisation, admin: Api, platform: Api
) -> None:
    sending = Sending(admin, platform)
    for name, where in RULES.items():
        document = {"name": name, "status": "SHADOW", "where": where}
        admin.made("rules", document | {"itemTypeIds": [sending.post]})
    know(context, org, sending)
    ids = {name: sending.story(number, rows_of(name)) for number, name in enumerate(STORIES)}
    evaluate(context, org)
    export_all(context, org.org_id)
    live = live_matches(context, org)

    for name in set(STORIES) - {SPEED}:  # whose items come minutes apart
        expected = [answer is True for answer in expected_of(name)]
        assert [each in live[name] for each in ids[name]] == expected, name
    assert ids[SPEED][-1] in live[SPEED]
    assert live["a friend sends a card"] == [ids[CARDS][-1]]
    for name, where in RULES.items():
        assert backtest_matches(context, org, sending.post, where) == live[name], name
        assert preview_matches(context, org, sending.post, where) == live[name], name
    parity = sample_parity(context, org.org_id, limit=None)
    assert (parity.compared > 0, parity.differences) == (True, ())


def know(context: Context, org: Organisation, sending: Sending) -> None:
    """One is a friend, another has been struck more than often enough."""
    numbers = {name: number for number, name in enumerate(STORIES)}
    friend = ItemRef(sending.user, f"{numbers[CARDS]}-friend")
    struck = ItemRef(sending.user, f"{numbers[SPEED]}-struck")
    with context.database.transaction(org.org_id) as tx:
        trusted = NewFact(str(uuid4()), FactKind.LABEL, friend, "trusted")
        strikes = NewFact(str(uuid4()), FactKind.STRIKE, struck, None, amount=101.0)
        facts.record(tx, [trusted, strikes])


def rows_of(name: str) -> list[Row]:
    further = [KNOWN[name][0]] if name in KNOWN else []
    return [*map(dict, STORIES[name].items), *further]


def expected_of(name: str) -> list[bool | None]:
    return [*STORIES[name].expected, *([KNOWN[name][1]] if name in KNOWN else [])]


LIVE = text("""
SELECT h.name, s.item_id FROM evaluations AS e
JOIN submissions AS s ON s.seq = e.seq
CROSS JOIN LATERAL jsonb_array_elements(e.outcomes) AS o
JOIN config_heads AS h ON h.kind = 'rule' AND h.object_id = o ->> 'ruleId'
WHERE o ->> 'outcome' = 'TRUE' ORDER BY e.seq
""")


def live_matches(context: Context, org: Organisation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in RULES}
    with context.database.transaction(org.org_id) as tx:
        for name, item_id in tx.execute(LIVE):
            found[name].append(item_id)
    return found


def backtest_matches(context: Context, org: Organisation, post: str, where: str) -> list[str]:
    """Against a rule that matches nothing, every match is a flip."""
    caller = system_caller(org.org_id, "test")
    asked = BacktestRequest(post, where=where, baseline_where="FALSE")
    done = run_backtest(context, org.org_id, request_backtest(context, caller, asked))
    assert done.report is not None, done.error
    found = [flip.item_id for flip in flips(context, caller, done.backtest_id)]
    assert done.report["hits"] == len(found)
    return found


def preview_matches(context: Context, org: Organisation, post: str, where: str) -> list[str]:
    told = preview(context, system_caller(org.org_id, "test"), where, post, 1_000)
    assert told.hits == len(told.examples)
    return [each.item_id for each in reversed(told.examples)]
