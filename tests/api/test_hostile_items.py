"""Items as a careless or hostile client sends them: an error, or stored exactly as they were meant.

Every body goes to every way in, over HTTP, and nothing of one that is refused is kept.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api import item_body
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

PATHS = ["/items/async", "/items/batch", "/items/evaluate"]


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def body(path: str, item: str, town: Town) -> str:
    item = item.replace("TYPE", town.post)
    return f'{{"item":{item}}}' if path.endswith("evaluate") else f'{{"items":[{item}]}}'


def sent(platform: Api, path: str, content: bytes, **headers: str) -> httpx.Response:
    return platform.client.post(path, content=content, headers=headers)


def stored(town: Town) -> list[Any]:
    return [row.data for row in town.rows("SELECT data FROM submissions ORDER BY seq")]


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert found["errors"] or found["detail"]


ITEM = '{"id":"a","typeId":"TYPE","data":{"text":"x"}}'
DEEP = "[" * 200 + "]" * 200
BOMB = '{"a":' * 50_000
REFUSED = {
    "NaN": '{"id":"a","typeId":"TYPE","data":{"text":"x","likes":NaN}}',
    "Infinity": '{"id":"a","typeId":"TYPE","data":{"text":"x","likes":-Infinity}}',
    "an overflow": '{"id":"a","typeId":"TYPE","data":{"text":"x","own":1e999}}',
    "a lone surrogate": '{"id":"a","typeId":"TYPE","data":{"text":"\\ud800"}}',
    "a surrogate in a key": '{"id":"a","typeId":"TYPE","data":{"text":"x","\\udfff":1}}',
    "NUL in a text": '{"id":"a","typeId":"TYPE","data":{"text":"a\\u0000b"}}',
    "NUL in an id": '{"id":"a\\u0000","typeId":"TYPE","data":{"text":"x"}}',
    "NUL in a key": '{"id":"a","typeId":"TYPE","data":{"text":"x","\\u0000":1}}',
    "a control character": '{"id":"a","typeId":"TYPE","data":{"text":"a\tb"}}',
    "depth": '{"id":"a","typeId":"TYPE","data":{"text":"x","own":' + DEEP + "}}",
    "a bomb of depth": '{"id":"a","typeId":"TYPE","data":' + BOMB,
    "a number of digits": '{"id":"a","typeId":"TYPE","data":{"text":"x","own":' + "9" * 5000 + "}}",
    "a trailing comma": '{"id":"a","typeId":"TYPE","data":{"text":"x",}}',
    "single quotes": "{'id':'a','typeId':'TYPE','data':{'text':'x'}}",
    "a type of an odd name": '{"id":"a","typeId":"\\ud800","data":{"text":"x"}}',
    "a version of an odd name": '{"id":"a","typeId":"TYPE","typeVersion":"٣","data":{"text":"x"}}',
    "a huge version": '{"id":"a","typeId":"TYPE","typeVersion":"' + "9" * 99 + '","data":{}}',
}


@pytest.mark.parametrize("path", PATHS)
def test_what_cannot_be_kept_is_refused(platform: Api, town: Town, path: str) -> None:
    answers = {
        name: sent(platform, path, body(path, item, town).encode("utf-8", "surrogatepass"))
        for name, item in REFUSED.items()
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        REFUSED, 400
    )
    for answer in answers.values():
        refused(answer, 400)
    assert stored(town) == []


KEPT: dict[str, tuple[str, dict[str, Any]]] = {
    "a key given twice": ('{"text":"a","text":"b"}', {"text": "b"}),
    "a surrogate pair": ('{"text":"\\ud83d\\ude00"}', {"text": "😀"}),
    "a non-character": ('{"text":"\\uffff \\u202e"}', {"text": "\uffff \u202e"}),
    "an escaped backslash": ('{"text":"\\\\u0000 \\\\N"}', {"text": "\\u0000 \\N"}),
    "big integers": ('{"text":"x","own":1180591620717411303424}', {"text": "x", "own": 2**70}),
    "minus zero": ('{"text":"x","own":-0.0}', {"text": "x", "own": -0.0}),
    "an empty key": ('{"text":"x","":{"":[]}}', {"text": "x", "": {"": []}}),
    "__proto__": ('{"text":"x","__proto__":{"a":1}}', {"text": "x", "__proto__": {"a": 1}}),
    "white space": ('\r\n{ \t"text" : "x" }\n', {"text": "x"}),
    "nulls": ('{"text":"x","own":null,"likes":null}', {"text": "x"}),
    "depth that fits": (
        '{"text":"x","own":' + "[" * 60 + "]" * 60 + "}",
        {"text": "x", "own": json.loads("[" * 60 + "]" * 60)},
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_what_can_be_kept_is_kept_exactly(platform: Api, town: Town, path: str) -> None:
    for name, (data, _) in KEPT.items():
        item = f'{{"id":"a","typeId":"TYPE","data":{data}}}'
        answer = sent(platform, path, body(path, item, town).encode())
        assert answer.status_code in {200, 202}, (name, answer.text)
    assert dict(zip(KEPT, stored(town), strict=True)) == {
        name: meant for name, (_, meant) in KEPT.items()
    }


ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1"]


@pytest.mark.parametrize("path", PATHS)
def test_only_plain_utf_8_is_read(platform: Api, town: Town, path: str) -> None:
    content = body(path, ITEM.replace('"x"', '"é"'), town)
    for encoding in ENCODINGS:
        refused(sent(platform, path, content.encode(encoding)), 400)
    assert stored(town) == []


@pytest.mark.parametrize("path", PATHS)
def test_json_is_read_whatever_it_calls_itself(platform: Api, town: Town, path: str) -> None:
    content = body(path, ITEM, town).encode()
    kinds = ["text/plain", "application/x-www-form-urlencoded", "", "é"]
    for kind in kinds:
        headers = [(b"content-type", kind.encode())]
        answer = platform.client.post(path, content=content, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
    assert stored(town) == [{"text": "x"}] * len(kinds)


def test_a_single_item_may_be_as_large_as_a_batch(platform: Api, town: Town) -> None:
    text = "x" * (17 << 20)
    for path in PATHS:
        item = f'{{"id":"a","typeId":"TYPE","data":{{"text":"{text}"}}}}'
        answer = sent(platform, path, body(path, item, town).encode())
        assert answer.status_code in {200, 202}, (path, answer.text[:300])
    assert stored(town) == [{"text": text}] * len(PATHS)


def test_a_body_in_pieces_over_the_limit_is_a_413(platform: Api) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(60):
            yield b" " * (1 << 20)

    for path in PATHS:
        assert platform.client.post(path, content=endless()).status_code == 413


def test_a_body_that_would_fill_the_memory_is_a_413(
    platform: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_body, "MOST_VALUES", 1000)
    for path, start in (("/items/async", '{"items":['), ("/items/batch", '{"items":[')):
        assert sent(platform, path, (start + "[]," * 2000).encode()).status_code == 413


def test_ten_thousand_items_are_one_batch(platform: Api, town: Town) -> None:
    item = {"typeId": town.post, "data": {"text": "x"}}
    items = [{"id": f"i{n}", **item} for n in range(10_000)]
    assert platform.post("/items/async", {"items": items}).status_code == 202
    answer = platform.post("/items/batch", {"items": items})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 10_000)
    refused(platform.post("/items/batch", {"items": [*items, items[0]]}), 413)
    assert town.rows("SELECT count(*), max(seq) FROM submissions") == [(20_000, 20_000)]


def test_pinned_and_partial_items_are_judged_as_they_ask(platform: Api, town: Town) -> None:
    """Over both native ways in; `test_items_async` asks the third."""
    for path in PATHS[1:]:
        partial = '{"id":"a","typeId":"TYPE","typeSchemaVariant":"partial","data":{}}'
        pinned = '{"id":"a","type":{"id":"TYPE","version":"1"},"data":{"text":"x"}}'
        unknown = '{"id":"a","typeId":"TYPE","typeVersion":"7","data":{"text":"x"}}'
        answers = [sent(platform, path, body(path, i, town).encode()) for i in (partial, pinned)]
        assert {answer.status_code for answer in answers} <= {200, 202}
        refused(sent(platform, path, body(path, unknown, town).encode()), 400)
