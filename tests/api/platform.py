"""A platform's words to the API, so that tests read as what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

POST_TYPE: dict[str, Any] = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "author", "type": "RELATED_ITEM"},
        {"name": "score", "type": "NUMBER"},
        {"name": "secret", "type": "STRING"},
    ],
    "roles": {"creatorId": "author"},
    "hiddenFields": ["secret"],
}
BAN: dict[str, Any] = {"name": "Ban", "callbackUrl": "https://platform.example/ban"}


@dataclass(frozen=True)
class Api:
    client: httpx.Client

    def get(self, path: str, **params: object) -> httpx.Response:
        return self.client.get(path, params={k: str(v) for k, v in params.items()})

    def post(self, path: str, body: object = None) -> httpx.Response:
        return self.client.post(path, json=body) if body is not None else self.client.post(path)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.client.put(path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.client.delete(path)

    def made(self, kind: str, document: Mapping[str, object]) -> dict[str, Any]:
        """The document as it was saved."""
        answer = self.post(f"/config/{kind}", document)
        assert answer.status_code == 201, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    def ids(self, kind: str) -> dict[str, str]:
        """By name."""
        return {one["name"]: one["id"] for one in self.get(f"/config/{kind}").json()["items"]}

    def sent(self, type_id: str, *items: Mapping[str, object]) -> None:
        """Submits items; each has its `id` among its data."""
        raws = [{"id": str(one["id"]), "typeId": type_id, "data": one} for one in items]
        answer = self.post("/items/async/", {"items": raws})
        assert answer.status_code == 202, answer.text


def signed_in(client: httpx.Client, email: str, password: str) -> Api:
    answer = client.post("/sessions", json={"email": email, "password": password})
    assert answer.status_code == 201, answer.text
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return Api(client)


def expect_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal with this status, known to be of the native shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert set(body) == {"type", "title", "status", "detail", "hint", "errors"}
    return body


def pointers(answer: httpx.Response) -> list[str]:
    return [one["pointer"] for one in expect_problem(answer, 400)["errors"]]
