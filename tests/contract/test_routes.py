"""Replays what Coop answers, request by request, over HTTP to a served organisation.

Where Coop's status is a slip (`intended_status`), ours is what was meant. Left out: what needs a
route of Coop's own making, a transcriber, or the child-safety hotline's service.
"""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.left_out import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.platform import Api
    from tests.world import Organisation

VECTORS = DATA.parent / "reference" / "coop_vectors" / "routes.json"
LEFT_OUT: Final = {
    "error_after_response": "a route that answers and then fails does not exist here",
    "content.derived_field.transcription": "no transcriber is installed",
    "flow.ncmec_submission": "reports to the hotline are a later part",
}


def entries() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param({}, id="no vectors", marks=pytest.mark.data)]
    return [
        pytest.param(entry, id=entry["id"], marks=pytest.mark.data)
        for entry in json.loads(VECTORS.read_text(encoding="utf-8"))
        if entry["id"] not in LEFT_OUT
    ]


class Scene:
    """An organisation as an entry wants it; names stand for what only it knows."""

    def __init__(self, platform: Api, admin: Api, api_key: str) -> None:
        self.platform, self.admin = platform, admin
        self.names: dict[str, str] = {"api_key": api_key, "now_iso": datetime.now(UTC).isoformat()}

    def set_up(self, wanted: Mapping[str, Any]) -> None:
        kinds = {each["id"]: each for each in self._all("item-types")}
        (default_user,) = [one for one in kinds.values() if one["kind"] == "USER"]
        for item_type in wanted.get("item_types", []):
            if item_type.get("built_in_default"):
                self.names[f"{item_type['ref']}.id"] = default_user["id"]
                continue
            document = {key: item_type[key] for key in ("kind", "fields", "roles")}
            name = item_type["name"] if item_type["name"] != "<any>" else item_type["ref"]
            self._make(item_type["ref"], "item-types", document | {"name": name})
        for policy in wanted.get("policies", []):
            self._make(policy["ref"], "policies", {"name": policy["name"]})
        for action in wanted.get("actions", []):
            document = {"name": action["ref"], "callbackUrl": action["callback_url"]}
            parameters = action.get("parameters", [])
            self._make(action["ref"], "actions", document | {"parameters": parameters})

    def _all(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.get(f"/config/{kind}").json()["items"]
        return found

    def _make(self, reference: str, kind: str, document: dict[str, Any]) -> None:
        self.names[f"{reference}.id"] = self.admin.made(kind, document)["id"]

    def filled(self, value: Any) -> Any:
        """With what the names stand for; `{{uid:x}}` is the same for the same x."""
        if isinstance(value, str):
            return self._named(value)
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if isinstance(value, dict):
            if "repeat" in value:
                text, times = value["repeat"]
                return text * times
            if "base64url_json" in value:
                raw = json.dumps(self.filled(value["base64url_json"])).encode()
                return base64.urlsafe_b64encode(raw).decode().rstrip("=")
            return {key: self.filled(each) for key, each in value.items()}
        return value

    def _named(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"{{{{{name}}}}}", value)
        while "{{uid:" in text:
            name = text.split("{{", 1)[1].split("}}", 1)[0]
            self.names[name] = str(uuid.uuid4())
            text = text.replace(f"{{{{{name}}}}}", self.names[name])
        return text

    def send(self, request: Mapping[str, Any]) -> httpx.Response:
        root = str(self.platform.client.base_url).removesuffix("/").removesuffix("/api/v1")
        with httpx.Client(base_url=root, timeout=20) as client:
            return client.request(
                request["method"],
                request["path"],
                params=self.filled(request.get("query")),
                headers=self.filled(request["headers"]),
                json=self.filled(request["body"]) if "body" in request else None,
            )

    def jobs(self) -> set[tuple[str, str]]:
        """(item type, item) of every open job, whichever queue it is in."""
        found = self.admin.get("/jobs").json()["items"]
        return {(job["itemTypeId"], job["itemId"]) for job in found}


def agrees(expected: Any, actual: Any, *, exact: bool) -> bool:
    """Texts in angle brackets stand for any value of their kind; `mentions` for its words."""
    match expected:
        case str() if expected.startswith("<") and expected.endswith(">"):
            return isinstance(actual, str) and bool(actual)
        case {"mentions": words, **_rest}:
            return isinstance(actual, str) and all(word in actual for word in words)
        case dict():
            if not isinstance(actual, dict) or (exact and expected.keys() != actual.keys()):
                return False
            return all(
                key in actual and agrees(each, actual[key], exact=exact)
                for key, each in expected.items()
            )
        case list():
            return len(expected) == len(actual) and all(
                agrees(one, other, exact=exact) for one, other in zip(expected, actual, strict=True)
            )
        case _:
            return bool(expected == actual)


def check(scene: Scene, answer: httpx.Response, expected: Mapping[str, Any]) -> None:
    intended = expected.get("intended_status")
    assert answer.status_code == (intended or expected["status"]), answer.text
    if intended is not None:
        for error in answer.json()["errors"]:
            assert error["status"] == intended
            assert "/errors/invalid-user-input" in error["type"]
    elif "body" in expected and isinstance(expected["body"], dict):
        body = answer.json()
        wanted = scene.filled(expected["body"])
        if "policies" in wanted:
            kept = [
                {key: one[key] for key in ("id", "name", "parentId")} for one in body["policies"]
            ]
            body = {"policies": sorted(kept, key=lambda one: one["name"])}
        assert agrees(wanted, body, exact=True), body
        assert len(body.get("errors", [])) == expected.get(
            "error_count", len(body.get("errors", []))
        )
    elif "body" in expected:
        assert answer.json() == expected["body"]
    if "reportId" in expected.get("body_subset", {}):
        assert uuid.UUID(answer.json()["reportId"])


@pytest.mark.parametrize("entry", entries())
def test_a_request_is_answered_as_coop_answers(
    entry: dict[str, Any], platform: Api, admin: Api, org: Organisation
) -> None:
    given, expected = entry["given"], entry["expect"]
    scene = Scene(platform, admin, org.api_key)
    scene.set_up(given["setup"])
    for step in given.get("steps", []):
        if "request" in step:
            check(scene, scene.send(step["request"]), step["expect"])
    if "request" in given:
        answer = scene.send(given["request"])
        check(scene, answer, expected)
        _check_derived(scene, answer, given["request"], expected)
    for after in expected.get("after", []):
        _check_after(scene, after)


def _check_derived(
    scene: Scene, answer: httpx.Response, request: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    """The key of a derived field is the value of the query, as it was sent."""
    derived = expected.get("body_subset", {}).get("derivedFields")
    if derived is not None:
        (wanted,) = derived.values()
        asked = scene.filled(request["query"])["includeDerivedField"]
        assert answer.json()["derivedFields"] == {asked: scene.filled(wanted)}


def _check_after(scene: Scene, after: Mapping[str, Any]) -> None:
    if after["kind"] == "review_job":
        item = scene.filled(after["item"])
        assert (item["typeId"], item["id"]) in scene.jobs()
    if after["kind"] == "action_published":
        deliveries = scene.admin.get("/webhooks/deliveries").json()["items"]
        assert len(deliveries) == after["count"]
    if after["kind"] == "report_row":
        item = scene.filled(after["item"])
        (report,) = scene.admin.get("/reports").json()["items"]
        assert report["item"] == item
