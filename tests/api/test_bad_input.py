"""Whatever is sent, the answer is a success or a refusal that can be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.platform import POST_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.api.platform import Api

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "LIVE", "2026-01-01", "x" * 300, "1 = 1", "name IS NULL"])
)
KEYS = st.sampled_from(
    [
        "name", "text", "where", "kind", "fields", "type", "roles", "terms", "mode", "parameters",
        "callbackUrl", "callbackUrlHeaders", "itemTypeIds", "actionIds", "policyIds", "examples",
        "data", "matches", "status", "expiresAt", "parentId", "itemTypeId", "sample", "records",
        "leaseToken", "reason", "version", "expectedVersion", "email", "password", "role", "truth",
        "from", "to", "isDefault", "container", "required", "options", "hiddenFields",
    ]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=4)
    ),
    max_leaves=10,
)
BODIES = st.dictionaries(KEYS, JSON, max_size=8) | JSON

SOUND: Mapping[str, dict[str, Any]] = {
    "/config/item-types": POST_TYPE,
    "/config/policies": {"name": "n"},
    "/config/actions": {"name": "n", "callbackUrl": "https://a.example/"},
    "/config/banks": {"name": "n", "terms": [{"text": "a"}]},
    "/config/rules": {"name": "n", "where": "name = 'x'"},
    "/config/queues": {"name": "n"},
    "/config/item-types/infer": {"name": "n", "records": [{"a": 1}]},
    "/rules/check": {"where": "name = 'x'"},
    "/rules/preview": {"where": "name = 'x'"},
    "/backtests": {"where": "name = 'x'"},
    "/api-keys": {"name": "n"},
    "/users": {"email": "a@b.example", "role": "ADMIN"},
    "/sessions": {"email": "a@b.example", "password": "p"},
    "/jobs/00000000-0000-0000-0000-000000000000/decide": {"leaseToken": "x", "kind": "IGNORE"},
    "/config/banks/x/try": {"text": "a"},
    "/items/async": {"items": []},
}
QUERIES = ["/items", "/jobs", "/decisions", "/audit", "/overview", "/webhooks/deliveries"]
FEW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code < 500, (sent, answer.text)
    if answer.status_code >= 400:
        body = answer.json()
        assert body["errors"] or body["detail"]


@FEW
@given(path=st.sampled_from(sorted(SOUND)), body=BODIES, whole=st.booleans())
def test_any_body_is_answered(admin: Api, path: str, body: object, *, whole: bool) -> None:
    sent = body if whole or not isinstance(body, dict) else SOUND[path] | body
    check(sent_to(admin, path, sent), (path, sent))


def sent_to(admin: Api, path: str, sent: object) -> httpx.Response:
    """Lone surrogates travel as JSON escapes, as another platform's library would send them."""
    content = json.dumps(sent).encode()
    headers = {"Content-Type": "application/json"}
    return admin.client.post(path, content=content, headers=headers)


VALUES = st.text(max_size=15) | st.sampled_from(
    ["\0", "0", "-1", "9" * 30, "nan", "2026-13-01", "0001-01-01T00:00:00Z", "IGNORE", "open", "é"]
)
NAMES = st.sampled_from(
    [
        "limit",
        "cursor",
        "days",
        "state",
        "kind",
        "since",
        "until",
        "itemTypeId",
        "itemId",
        "creatorId",
        "queueId",
        "actionId",
        "decidedBy",
        "event",
        "actor",
        "subjectKind",
    ]
)


@FEW
@given(path=st.sampled_from(QUERIES), query=st.dictionaries(NAMES, VALUES, max_size=3))
def test_any_query_is_answered(admin: Api, path: str, query: dict[str, str]) -> None:
    check(admin.client.get(path, params=query), (path, query))


@FEW
@given(parts=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3))
def test_any_path_is_answered(admin: Api, parts: list[str]) -> None:
    path = "/".join(quote(part.encode("utf-8", "surrogatepass"), safe="") for part in parts)
    for start in ("/config/rules", "/jobs", "/items", "/backtests", "/users", ""):
        check(admin.client.get(f"{start}/{path}"), path)
