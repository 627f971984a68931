from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store import pending
from tests.api.platform import Api, expect_problem

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

LEASE = "00000000-0000-0000-0000-000000000001"


def set_aside(context: Context, org: Organisation) -> None:
    """As a worker leaves what it cannot evaluate."""
    now = context.clock()
    with context.database.transaction(org.org_id) as tx:
        until = now + timedelta(minutes=1)
        leased = pending.lease(tx, lease_id=LEASE, now=now, until=until, most=9, attempts=(0, 0))
        for each in leased:
            pending.set_aside(tx, LEASE, each.submission.seq, reason="no such bank", now=now)


def test_items_set_aside_are_listed_and_replayed_over_http(
    admin: Api, platform: Api, context: Context, org: Organisation
) -> None:
    user = admin.ids("item-types")["User"]
    platform.sent(user, {"id": "u1", "name": "A"}, {"id": "u2", "name": "B"})
    set_aside(context, org)
    assert admin.get("/overview").json()["setAside"] == 2

    page = admin.get("/items/set-aside", limit=1).json()
    (item,) = page["items"]
    assert (item["itemId"], item["itemTypeName"], item["reason"]) == ("u1", "User", "no such bank")
    (other,) = admin.get("/items/set-aside", cursor=page["nextCursor"]).json()["items"]
    assert other["itemId"] == "u2"

    path = f"/items/set-aside/{item['seq']}/replay"
    answer = admin.post(path)
    assert (answer.status_code, answer.json()) == (202, {"replayed": 1})
    expect_problem(admin.post(path), 404)
    expect_problem(admin.post("/items/set-aside/0/replay"), 400)
    assert platform.post("/items/set-aside/replay/").json() == {"replayed": 1}
    assert admin.get("/items/set-aside/").json() == {"items": [], "nextCursor": None}
    assert admin.get("/overview").json()["setAside"] == 0
