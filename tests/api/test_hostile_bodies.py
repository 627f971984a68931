"""Each body that the description shows, with one value at a time made hostile, to every route.

What random bodies seldom hit: a body that is right but for one value of the wrong kind.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.api.platform import BAN, POST_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

    from tests.api.platform import Api

Json = dict[str, Any]
Path = tuple[str | int, ...]
MARK: Final = "@hostile@"
NOWHERE: Final = "11111111-1111-4111-8111-111111111111"
VALUES: Mapping[str, bytes] = {
    "NUL": rb'"a\u0000b"',
    "half a pair": rb'"\ud800"',
    "NUL in a key": rb'{"a\u0000": 1}',
    "half a pair in a key": rb'{"\udc00": 1}',
    "NaN": b"NaN",
    "beyond a double": b"1e999",
    "a number of many digits": b"9" * 6_000,
    "deep": b"[" * 2_000 + b"]" * 2_000,
    "an object": b"{}",
    "a list": b"[]",
    "nothing": b"null",
    "a truth value": b"true",
    "Latin-1": b'"\xe9"',
    "long": b'"' + b"x" * 120_000 + b'"',
}
WHOLE: Mapping[str, bytes] = {
    "empty": b"",
    "a list": b"[]",
    "never closed": b"[" * 100_000,
    "deep": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a mark of order": b"\xef\xbb\xbf{}",
    "half a pair in bytes": b'{"a": "\xed\xa0\x80"}',
    "zeros": b"\0" * 100,
    "packed": b"\x1f\x8b\x08\x00",
}


def shown(schema: Json, described: Json) -> Any:
    """The example of a schema, or a value made of those of its parts."""
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "example" in schema:
        return schema["example"]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return shown(schema[choice][0], described)
    if "properties" in schema:
        return {name: shown(each, described) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [shown(schema.get("items", {}), described)]
    return schema.get("enum", ["x"])[0]


def operations(described: Json) -> Iterator[tuple[str, str, Any]]:
    """(method, path, body shown) of everything that takes JSON."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                body = content.get("example") or shown(content["schema"], described)
                yield method, path.removeprefix("/api/v1"), body


def places(body: Any, path: Path = ()) -> Iterator[Path]:
    """Of every value that holds no others."""
    parts = enumerate(body) if isinstance(body, list) else ()
    for key, value in body.items() if isinstance(body, dict) else parts:
        yield from places(value, (*path, key))
    if not isinstance(body, (dict, list)):
        yield path


def replaced(body: Any, path: Path) -> Any:
    if not path:
        return MARK
    copy: Any = body.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:])
    return copy


def bodies(body: Any) -> Iterator[tuple[str, bytes]]:
    """Each with what is hostile in it."""
    yield from WHOLE.items()
    for path in places(body):
        text = json.dumps(replaced(body, path)).encode()
        for name, value in VALUES.items():
            yield f"{path}: {name}", text.replace(json.dumps(MARK).encode(), value)


def check(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code < 500, (sent, answer.text[:300])
    if answer.status_code >= 400:
        assert answer.json()["errors"] or answer.json()["detail"], sent


def test_every_value_of_every_body_may_be_hostile(admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    rule = {"name": "r", "where": "contains(text, 'x')", "itemTypeIds": [post]}
    kinds = {
        "item-types": post,
        "actions": admin.made("actions", BAN)["id"],
        "policies": admin.made("policies", {"name": "Scams"})["id"],
        "queues": admin.made("queues", {"name": "Scams"})["id"],
        "banks": admin.made("banks", {"name": "words", "terms": [{"text": "a"}]})["id"],
        "rules": admin.made("rules", rule)["id"],
    }
    described = admin.get("/openapi.json").json()
    tried = 0
    for method, path, body in operations(described):
        known = next((each for kind, each in kinds.items() if f"/{kind}/" in path), NOWHERE)
        url = "/".join(known if part.startswith("{") else part for part in path.split("/"))
        for name, content in bodies(body):
            headers = {"Content-Type": "application/json"}
            check(admin.client.request(method, url, content=content, headers=headers), (url, name))
            tried += 1
    assert tried > 2_000
