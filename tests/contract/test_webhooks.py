"""Replays what Coop's tests say of its callbacks, over real HTTP, and the samples of the docs.

Left out: that a lookup happens or a log line is written, which are Coop's own doings; and
`strikes.resolved_creator`, where Coop records no strike for an item named by its id alone.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from clients.webhooks import Message, call
from engine.actions.callback import callback_body
from engine.actions.execution import Execution, Source, Target
from engine.configuration.actions import Action
from engine.items import ItemRef, Kind
from engine.webhooks.addresses import Reach
from engine.webhooks.headers import delivery_headers
from engine.webhooks.signature import signed_headers
from services.context import system_caller
from services.signing_keys import load_signing_keys, public_key_pem, webhook_secret
from tests.house.source import ROOT
from tests.left_out import DATA
from tests.services.receiver import Received, receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Context
    from tests.world import Organisation

VECTORS = DATA.parent / "reference" / "coop_vectors" / "webhooks.json"
KEYS: Final = {"body_subset", "body_absent", "exact_at"}
SAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def entries() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in json.loads(VECTORS.read_text(encoding="utf-8"))
        if KEYS & entry["expect"].keys()
    ]


def execution_of(given: Mapping[str, Any]) -> Execution:
    [action] = given["actions"]
    target = given["target"]
    stored = {one["id"]: one.get("creator") for one in given.get("stored_items", [])}
    creator = stored.get(target["id"])
    return Execution(
        execution_id="e1",
        dedupe_key="e1",
        action=Action(
            action["id"],
            1,
            action["id"],
            callback_url=action["callback_url"],
            callback_url_headers=action["callback_headers"] or {},
            callback_url_body=action["callback_body"] or {},
        ),
        target=Target(
            target["type"]["id"],
            target["id"],
            target["type"]["name"],
            Kind(target["type"]["kind"]),
            ItemRef(creator["typeId"], creator["id"]) if creator else None,
        ),
        source=Source.POST_ACTIONS,
        parameters=given.get("parameters") or {},
        actor_email=given.get("actor_email"),
        actor_note=given.get("actor_note"),
        user_strike_count=given.get("user_total_before"),
    )


def sent(execution: Execution, headers: Mapping[str, str]) -> Received:
    """What a platform gets."""
    with receiver() as platform:
        message = Message(
            f"{platform.url}/hook", headers, callback_body(execution), reach=Reach(("127.0.0.1",))
        )
        assert call(message).status == 200
    [got] = platform.received
    return got


@pytest.mark.parametrize("entry", entries())
def test_the_body_has_the_keys_that_coops_has(entry: dict[str, Any]) -> None:
    expected = entry["expect"]
    body = json.loads(sent(execution_of(entry["given"]), {}).body)
    for key, value in expected.get("body_subset", {}).items():
        assert body[key] == value
    assert not body.keys() & set(expected.get("body_absent", ()))
    assert list(body)[:5] == ["item", "action", "policies", "rules", "custom"]


def test_the_docs_samples_tell_our_webhooks_from_others(
    context: Context, org: Organisation
) -> None:
    caller = system_caller(org.org_id, "test")
    execution = execution_of(
        {
            "actions": [
                {"id": "a", "callback_url": "", "callback_headers": None, "callback_body": None}
            ],
            "target": {"id": "ü", "type": {"id": "t", "kind": "CONTENT", "name": "Post"}},
        }
    )
    with context.database.transaction(org.org_id) as tx:
        keys = load_signing_keys(context, tx)
    now = int(datetime.now(UTC).timestamp())
    signed = signed_headers(keys, "message-1", now, callback_body(execution))
    got = sent(execution, delivery_headers({"Content-Type": "text/plain", "X-Team": "t"}, signed))
    assert (got.headers["content-type"], got.headers["x-team"]) == ("application/json", "t")
    samples: dict[str, Any] = {}
    for code in SAMPLE.findall((ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")):
        exec(compile(code, "docs/webhooks.md", "exec"), samples)
    pem, secret = public_key_pem(context, caller), webhook_secret(context, caller)
    for body, ours in ((got.body, True), (got.body + b" ", False)):
        assert samples["is_from_winnow"](pem, body, dict(got.headers)) is ours
        assert samples["is_fresh_and_from_winnow"](secret, body, dict(got.headers)) is ours
    late = dict(got.headers) | {"webhook-timestamp": str(now - 3600)}
    assert not samples["is_fresh_and_from_winnow"](secret, got.body, late)
