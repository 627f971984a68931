"""What holds for every route: slashes, errors, headers, limits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.routing import APIRoute

from api.auth import Needs
from api.errors import ERRORS, http_error
from api.main import ROUTERS, create_app
from engine import errors
from store.database import Database
from tests.api.conftest import served
from tests.api.platform import Api, expect_problem
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

PUBLIC = {("GET", "/ready"), ("POST", "/sessions")}
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def names(route: APIRoute) -> set[tuple[str, str]]:
    return {(method, route.path) for method in route.methods or ()}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods} {route.path}")
def test_every_endpoint_has_a_permission_and_an_error_table(route: APIRoute) -> None:
    if names(route) & PUBLIC:
        return
    calls = [dependency.call for dependency in route.dependant.dependencies]
    assert any(isinstance(call, Needs) for call in calls), "declare `Needs(...)`"
    assert route.summary
    assert route.tags


def test_every_error_of_ours_has_a_status() -> None:
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind for kind in tree if issubclass(kind, errors.WinnowError)]
    ours.remove(errors.WinnowError)
    without = [k for k in ours if not any(base in ERRORS for base in k.__mro__)]
    assert without == []
    assert http_error(errors.InvalidConfiguration("x")).status == 400


def test_a_slash_at_the_end_changes_nothing(platform: Api) -> None:
    for path in ("/policies", "/config/rules", "/queues", "/ready"):
        assert platform.get(path).json() == platform.get(f"{path}/").json()


def test_monitors_may_ask_for_the_head_alone(platform: Api) -> None:
    for path, status in (("/ready", 200), ("/policies", 200), ("/nope", 404), ("/report", 404)):
        answer = platform.client.head(path)
        assert (answer.status_code, answer.content) == (status, b""), path
        assert int(answer.headers["content-length"]) == len(platform.get(path).content)


def test_coop_routes_match_in_any_case(platform: Api) -> None:
    for path in ("/POLICIES/", "/Policies", "/policies/"):
        assert platform.get(path).json() == {"policies": []}


def test_an_unknown_route_is_refused_in_coops_shape(platform: Api) -> None:
    answer = platform.get("/nope")
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert error["status"] == 404
    assert error["type"] == ["/errors/not-found"]
    assert error["title"] == "Requested route not found."


def test_policies_are_listed_as_coop_lists_them(admin: Api, platform: Api) -> None:
    top = admin.made("policies", {"name": "Abuse", "text": "Be kind."})
    low = admin.made("policies", {"name": "Hate", "parentId": top["id"]})
    assert platform.get("/policies/").json() == {
        "policies": [
            {"id": top["id"], "name": "Abuse", "parentId": None},
            {"id": low["id"], "name": "Hate", "parentId": top["id"]},
        ]
    }


def test_a_bad_key_on_a_coop_route_is_told_in_coops_words(anybody: Api) -> None:
    answer = anybody.get("/policies")
    assert answer.status_code == 401
    (error,) = answer.json()["errors"]
    assert error["title"] == "Invalid API Key"
    assert error["type"] == ["/errors/authentication-failed-or-missing"]
    assert error["requestId"] == answer.headers["x-request-id"]
    assert "x-api-key" in error["detail"].lower()


def test_the_callers_request_id_comes_back(anybody: Api) -> None:
    answer = anybody.client.get("/ready", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    odd = anybody.client.get("/ready", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["x-request-id"] != "a b\tc"


def test_every_answer_is_guarded(platform: Api) -> None:
    for answer in (platform.get("/ready"), platform.get("/nope"), platform.get("/queues")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/items/evaluate", "/broken"], ids=["at a door", "behind it"])
def test_what_nobody_foresaw_is_a_guarded_500(
    context: Context, org: Organisation, path: str
) -> None:
    app = create_app(context)
    app.state.judging.threads.shutdown()

    @app.post("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("nobody foresaw this")

    item = {"id": "a", "typeId": Town(context, org.org_id).post, "data": {"text": "hello"}}
    key = {"X-API-Key": org.api_key}
    with served(app) as url:
        answer = httpx.post(f"{url}/api/v1{path}", json={"item": item}, headers=key)
    expect_problem(answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] in answer.json()["hint"]


UNREADABLE = [
    (b"{", "not JSON"),
    (b'{"name": "a', "not JSON"),
    (b"\xff\xfe", ""),
    (b"[" * 100_000, ""),
    (b"", ""),
    (b"[]", ""),
    (b"null", ""),
]


def test_a_body_that_cannot_be_read_is_a_400(admin: Api) -> None:
    headers = {"Content-Type": "application/json"}
    for content, words in UNREADABLE:
        answer = admin.client.post("/config/policies", content=content, headers=headers)
        assert words in expect_problem(answer, 400)["detail"]


def test_a_body_over_the_limit_is_a_413(admin: Api) -> None:
    huge = b'{"name": "' + b"x" * (17 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = admin.client.post("/config/policies", content=huge, headers=headers)
    expect_problem(answer, 413)


def test_the_wrong_method_is_a_405(admin: Api) -> None:
    expect_problem(admin.client.patch("/config/policies"), 405)


def test_a_wrong_page_is_a_400(admin: Api) -> None:
    cursors = ("nonsense", "AAAA", "%00", "w6nDqcOp")
    for query in ("limit=0", "limit=201", "limit=x", *(f"cursor={one}" for one in cursors)):
        expect_problem(admin.client.get(f"/config/policies?{query}"), 400)


def test_an_id_that_cannot_be_is_a_4xx(admin: Api) -> None:
    for path in ("/jobs/%00", "/jobs/x", "/config/rules/%00", "/config/rules/é", "/items/%00/a"):
        assert admin.get(path).status_code in {400, 404}


def test_readiness_follows_the_database(context: Context, anybody: Api) -> None:
    assert anybody.get("/ready").json() == {
        "status": "ready",
        "checks": {"database": True, "evaluation": True, "delivery": True, "lake": None},
        "figures": {
            "oldestUnevaluatedSeconds": None,
            "oldestUndeliveredSeconds": None,
            "lakeAgeSeconds": None,
        },
    }
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    gone = type(context)(away, context.lake_root, context.secrets, context.clock, context.new_id)
    with served(create_app(gone)) as url, httpx.Client(base_url=url) as client:
        answer = client.get("/api/v1/ready")
        assert answer.status_code == 503
        assert answer.json()["status"] == "not ready"
        assert answer.json()["checks"]["database"] is False
        refused = client.get("/api/v1/queues", headers={"X-API-Key": "0" * 64})
        assert expect_problem(refused, 503)["type"] == "/errors/unavailable"
        assert refused.headers["retry-after"] == "1"
    away.close()


def test_the_description_names_every_route_with_its_refusals(anybody: Api) -> None:
    described = anybody.get("/openapi.json").json()
    assert len(described["paths"]) > 40
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            if (method.upper(), path.removeprefix("/api/v1")) not in PUBLIC:
                assert "401" in operation["responses"] or "Coop" in operation["tags"][0], path


REF = re.compile(r'"#/components/schemas/([^"]+)"')


def test_every_body_is_shown_by_an_example(anybody: Api) -> None:
    described = anybody.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    without = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            body = json.dumps(operation.get("requestBody", {"example": "no body"}))
            named = json.dumps([schemas[name] for name in REF.findall(body)])
            if '"example' not in body + named:
                without.append((method, path))
    assert without == []


@pytest.mark.usefixtures("org")
def test_mounted_elsewhere_the_routes_begin_elsewhere(context: Context) -> None:
    with served(create_app(context, prefix="/v1")) as url:
        assert httpx.get(f"{url}/v1/ready").status_code == 200
