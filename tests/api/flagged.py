"""Two posts of one author, of which a live rule has sent one to review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from tests.api.platform import BAN, POST_TYPE

if TYPE_CHECKING:
    from services.context import Context
    from tests.api.platform import Api

HIT = {"data": {"text": "crypto"}, "matches": True}
MISS = {"data": {"text": "hello"}, "matches": False}


@dataclass(frozen=True)
class Flagged:
    type_id: str
    rule_id: str
    action_id: str
    queue_id: str


def flagged(admin: Api, platform: Api, context: Context, org_id: int) -> Flagged:
    """The author is Mallory; `p1` matches the rule `Crypto`, `p2` does not."""
    post = admin.made("item-types", POST_TYPE)["id"]
    user = admin.ids("item-types")["User"]
    admin.made("banks", {"name": "crypto", "terms": [{"text": "crypto"}]})
    admin.made("policies", {"name": "Scams"})
    action = admin.made("actions", BAN)["id"]
    enqueue = admin.made("actions", {"name": "Enqueue", "type": "ENQUEUE_TO_MRT"})["id"]
    rule = {
        "name": "Crypto",
        "status": "LIVE",
        "where": "matches(text, 'crypto')",
        "itemTypeIds": [post],
        "actionIds": [enqueue],
        "examples": [HIT, MISS],
    }
    rule_id = admin.made("rules", rule)["id"]
    author = {"id": "u1", "typeId": user}
    platform.sent(user, {"id": "u1", "name": "Mallory"})
    platform.sent(
        post,
        {"id": "p1", "text": "buy crypto now", "author": author, "secret": "s1"},
        {"id": "p2", "text": "good morning", "author": author, "secret": "s2"},
    )
    configurations = LiveConfigurations(context.clock)
    while evaluate_next(context, org_id, configurations, Pace()):
        pass
    return Flagged(post, rule_id, action, admin.ids("queues")["Default"])
