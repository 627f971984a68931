"""A small organisation to evaluate items in, and items put in as the batcher puts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from services import configuration
from services.actions import ACTIONS
from services.banks import BANKS
from services.context import Context, system_caller
from services.evaluation import FRESH, Pace, evaluate_next
from services.item_types import ITEM_TYPES
from services.live_configuration import LiveConfigurations, load_live
from services.policies import POLICIES
from store import clock as places
from store import config
from store.config import ConfigKind
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from services.configuration import Noun
    from services.evaluation import Tier

POST = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "likes", "type": "NUMBER"},
        {"name": "author", "type": "RELATED_ITEM"},
    ],
    "roles": {"creatorId": "author"},
}
CREATOR_OF_ROWS = ("t-user", "u1")


@dataclass
class Town:
    """One organisation with an item type `post`, and a worker's memory of its configuration."""

    context: Context
    org_id: int
    post: str = ""
    live: LiveConfigurations = field(init=False)

    def __post_init__(self) -> None:
        self.live = LiveConfigurations(self.context.clock)
        self.post = self.save(ITEM_TYPES, POST)

    def save(self, noun: Noun[Any], document: Mapping[str, object]) -> str:
        caller = system_caller(self.org_id, "test")
        return configuration.create(self.context, caller, noun, document, "").object_id

    def update(self, noun: Noun[Any], object_id: str, document: Mapping[str, object]) -> None:
        caller = system_caller(self.org_id, "test")
        configuration.update(
            *(self.context, caller, noun, object_id, document), reason="", expected_version=None
        )

    def hook(self, name: str = "Remove", **more: object) -> str:
        document = {"name": name, "callbackUrl": "http://127.0.0.1:9/hook", **more}
        return self.save(ACTIONS, document)

    def review(self, name: str = "Review", **more: object) -> str:
        return self.save(ACTIONS, {"name": name, "type": "ENQUEUE_TO_MRT", **more})

    def policy(self, name: str) -> str:
        return self.save(POLICIES, {"name": name})

    def bank(self, name: str, *terms: str) -> str:
        return self.save(BANKS, {"name": name, "terms": [{"text": term} for term in terms]})

    def rule(self, name: str, where: str, *action_ids: str, **more: object) -> str:
        """A LIVE rule, spared the examples that one would need; its counters are running."""
        rule_id = self.context.new_id()
        self.save_rule(rule_id, name, where, *action_ids, **more)
        return rule_id

    def save_rule(
        self, rule_id: str, name: str, where: str, *action_ids: str, **more: object
    ) -> None:
        document = {
            "name": name,
            "status": "LIVE",
            "itemTypeIds": [self.post],
            "where": where,
            "actionIds": list(action_ids),
            **more,
        }
        now = self.context.clock()
        with self.context.database.transaction(self.org_id) as tx:
            config.save(
                tx, ConfigKind.RULE, rule_id, name, document, author="t", reason="", now=now
            )
            load_live(tx, now)

    def send(
        self, *texts: str, author: str = "u1", step: timedelta | None = None, **more: object
    ) -> list[datetime]:
        """Items at the next places, waiting for evaluation."""
        documents = [
            {"text": each, "author": {"id": author, "typeId": "t-user"}, **more} for each in texts
        ]
        with self.context.database.transaction(self.org_id) as tx:
            return place(tx, documents, self.post, step)

    def evaluate(self, tier: Tier = FRESH, pace: Pace | None = None) -> int:
        """Until nothing of the tier is left to lease; gives how many were leased."""
        total = 0
        while count := evaluate_next(self.context, self.org_id, self.live, pace or Pace(), tier):
            total += count
        return total

    def rows(self, query: str) -> list[Any]:
        with self.context.database.transaction(self.org_id) as tx:
            return list(tx.execute(text(query)).all())

    def matched(self) -> dict[int, list[str]]:
        """By seq, the names of the rules that matched."""
        names = {rule.rule_id: rule.name for rule in self._rules()}
        rows = self.rows("SELECT seq, outcomes FROM evaluations ORDER BY seq")
        return {seq: sorted(names[o["ruleId"]] for o in outcomes) for seq, outcomes in rows}

    def _rules(self) -> Sequence[Any]:
        with self.context.database.transaction(self.org_id) as tx:
            live = self.live.current(tx, self.org_id)
        return list(live.configuration.rules.values())

    def counters_version(self) -> int:
        with self.context.database.transaction(self.org_id) as tx:
            return places.read(tx).counters_version
