"""`winnow import` against the real API, and against one that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.main import create_app
from cli.import_sender import TRIES, Refusal, Sender, connect
from cli.main import run
from engine.errors import InvalidInput, NotAuthenticated, NotFound, Unavailable
from tests.api.conftest import served

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

POST_TYPE: dict[str, Any] = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "author", "type": "RELATED_ITEM"},
        {"name": "at", "type": "DATETIME"},
        {"name": "score", "type": "NUMBER"},
        {
            "name": "tags",
            "type": "ARRAY",
            "container": {"containerType": "ARRAY", "valueScalarType": "STRING"},
        },
    ],
    "roles": {"creatorId": "author", "createdAt": "at"},
}

POSTS = """\
id,text,author,at,score,tags
p1,hello,u1,2026-01-01,1.5,"[""a"", ""b""]"
p2,again,u2,2026-01-02T10:00:00Z,not a number,
p3,short
p4,last,u1,,2,
,no id,u1,,,
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.out)
        return made


@dataclass(frozen=True)
class Installation:
    url: str
    client: httpx.Client
    api_key: str
    capsys: pytest.CaptureFixture[str]

    def imported(self, file: Path, *options: str) -> Outcome:
        words = ["import", str(file), "--type", "Post", "--url", self.url, *options]
        return winnow(self.capsys, *words, "--api-key", self.api_key, "--json")

    def submissions(self) -> dict[str, Any]:
        """The data of what was accepted, by item id."""
        type_id = next(
            one["id"]
            for one in self.client.get("/config/item-types").json()["items"]
            if one["name"] == "Post"
        )
        found = self.client.get("/items", params={"itemTypeId": type_id}).json()["items"]
        return {one["itemId"]: one["data"] for one in found}


def winnow(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    capsys.readouterr()
    try:
        code = run(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    shown = capsys.readouterr()
    return Outcome(code, shown.out, shown.err)


@pytest.fixture
def installation(
    context: Context, org: Organisation, capsys: pytest.CaptureFixture[str]
) -> Iterator[Installation]:
    headers = {"X-API-Key": org.api_key}
    with (
        served(create_app(context)) as url,
        httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=20) as client,
    ):
        answer = client.post("/config/item-types", json=POST_TYPE)
        assert answer.status_code == 201, answer.text
        yield Installation(url, client, org.api_key, capsys)


def test_good_rows_go_in_and_bad_ones_aside(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(POSTS)

    outcome = installation.imported(file)

    assert outcome.code == 1
    assert outcome.summary | {"seconds": 0, "items_per_second": 0} == {
        "file": str(file),
        "type": "Post",
        "rows": 5,
        "accepted": 2,
        "rejected": 3,
        "retries": 0,
        "seconds": 0,
        "items_per_second": 0,
        "rejected_file": f"{file}.rejected.jsonl",
        "next_line": None,
        "error": None,
    }
    users = installation.client.get("/config/item-types").json()["items"]
    user = next(one["id"] for one in users if one["name"] == "User")
    assert installation.submissions() == {
        "p1": {
            "id": "p1",
            "text": "hello",
            "author": {"id": "u1", "typeId": user},
            "at": "2026-01-01T00:00:00.000Z",
            "score": 1.5,
            "tags": ["a", "b"],
        },
        "p4": {"id": "p4", "text": "last", "author": {"id": "u1", "typeId": user}, "score": 2},
    }
    side = Path(f"{file}.rejected.jsonl")
    rejected = [json.loads(line) for line in side.read_text().splitlines()]
    assert {each["line"]: each["reason"] for each in rejected}.keys() == {3, 4, 6}
    by_line = {each["line"]: each for each in rejected}
    assert "score" in by_line[3]["reason"]
    assert by_line[3]["row"]["text"] == "again"
    assert by_line[4]["reason"] == "The row has 2 values where the header has 6."
    assert by_line[6]["reason"] == "The row has no id in 'id'."


def test_other_columns_can_be_mapped(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"key": [7, 8], "body": ["a", "b"], "label": ["x", "y"]}), file)

    outcome = installation.imported(file, "--map", "text=body", "--id-column", "key")

    assert outcome.code == 0
    assert not Path(f"{file}.rejected.jsonl").exists()
    assert installation.submissions() == {
        "7": {"key": 7, "text": "a", "label": "x"},
        "8": {"key": 8, "text": "b", "label": "y"},
    }


def test_rows_without_ids_are_named_by_their_line(
    installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "a"}\n\n{"text": "b", "author": {"id": "u", "typeId": "gone"}}\n')
    outcome = installation.imported(file, "--batch", "1")
    assert (outcome.summary["accepted"], outcome.summary["rejected"]) == (1, 1)
    assert list(installation.submissions()) == ["texts-1"]


def test_an_import_goes_on_where_it_is_told(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(f'{{"id": "{n}", "text": "x"}}\n' for n in range(1, 6)))
    outcome = installation.imported(file, "--from-line", "4")
    assert outcome.summary["accepted"] == 2
    assert set(installation.submissions()) == {"4", "5"}


USAGE = [
    (["--type", "Pots"], "There is no item type 'Pots'.", "There are: Post, User."),
    (["--map", "txt=text"], "Post has no field 'txt'.", "Did you mean 'text'?"),
    (["--map", "text=txt"], "The file has no column 'txt'.", "Did you mean 'text'?"),
    (["--map", "text"], "--map text: expected FIELD=COLUMN.", ""),
    (["--id-column", "idd"], "The file has no column 'idd'.", "Did you mean 'id'?"),
    (["--url", "localhost:1"], "'localhost:1' is not an http address.", ""),
]


def test_wrong_words_are_a_usage_error(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(POSTS)
    for options, message, hint in USAGE:
        outcome = installation.imported(file, *options)
        assert (outcome.code, outcome.out) == (2, "")
        assert message in outcome.err
        assert hint in outcome.err


def test_an_unknown_key_is_told(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(POSTS)
    words = ["import", str(file), "--type", "Post", "--url", installation.url]
    outcome = winnow(installation.capsys, *words, "--api-key", "wrong")
    assert outcome.code == 1
    assert "The API key is not known." in outcome.err


Answer = Callable[[list[dict[str, Any]]], tuple[int, object]]


@dataclass
class Misbehaving:
    """An ingest endpoint that answers what a test says. asked: the ids of each request."""

    answer: Answer
    asked: list[list[str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def misbehave() -> Iterator[Callable[[Misbehaving], Sender]]:
    servers: list[ThreadingHTTPServer] = []

    def start(behaviour: Misbehaving) -> Sender:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                behaviour.asked.append([item["id"] for item in body["items"]])
                status, answer = behaviour.answer(body["items"])
                content = b"" if status == 202 else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in behaviour.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return patient_sender(f"http://127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class PatientSender(Sender):
    """pauses: how long it would have waited, in seconds."""

    pauses: list[float]


def patient_sender(url: str) -> PatientSender:
    pauses: list[float] = []
    sender = PatientSender(connect(url, "key"), pause=pauses.append, chance=lambda: 1.0)
    sender.pauses = pauses
    return sender


def items(*ids: str) -> list[dict[str, object]]:
    return [{"id": each, "typeId": "t", "data": {}} for each in ids]


def errors(*pointers: str) -> dict[str, object]:
    return {"errors": [{"pointer": pointer, "detail": f"bad {pointer}"} for pointer in pointers]}


def test_refused_items_are_set_aside_and_the_rest_sent_again(
    misbehave: Callable[[Misbehaving], Sender],
) -> None:
    def answer(sent: list[dict[str, Any]]) -> tuple[int, object]:
        bad = [n for n, item in enumerate(sent) if item["id"].startswith("bad")][:1]
        return (400, errors(*(f"/items/{n}" for n in bad))) if bad else (202, None)

    behaviour = Misbehaving(answer)
    refused = misbehave(behaviour).send(items("a", "bad1", "b", "bad2"))

    assert refused == [Refusal(1, "bad /items/1"), Refusal(3, "bad /items/2")]
    assert behaviour.asked == [["a", "bad1", "b", "bad2"], ["a", "b", "bad2"], ["a", "b"]]


def test_trouble_that_passes_is_waited_out(misbehave: Callable[[Misbehaving], Sender]) -> None:
    answers: Iterator[tuple[int, object]] = iter([(503, {}), (429, {}), (500, {}), (202, None)])
    sender = misbehave(Misbehaving(lambda _: next(answers)))
    assert sender.send(items("a")) == []
    assert isinstance(sender, PatientSender)
    assert sender.pauses == [0.25, 0.5, 1.0]
    assert sender.retries == 3


def test_the_api_may_ask_for_a_longer_wait(misbehave: Callable[[Misbehaving], Sender]) -> None:
    answers: Iterator[tuple[int, object]] = iter([(429, {}), (202, None)])
    sender = misbehave(Misbehaving(lambda _: next(answers), headers={"retry-after": "7"}))
    sender.send(items("a"))
    assert isinstance(sender, PatientSender)
    assert sender.pauses == [7.0]


def test_patience_ends() -> None:
    sender = patient_sender("http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        sender.send(items("a"))
    assert len(sender.pauses) == TRIES - 1
    assert max(sender.pauses) <= 30.0


def test_a_batch_that_is_too_large_is_halved(misbehave: Callable[[Misbehaving], Sender]) -> None:
    def answer(sent: list[dict[str, Any]]) -> tuple[int, object]:
        return (413, {}) if len(sent) > 2 or sent[0]["id"] == "huge" else (202, None)

    behaviour = Misbehaving(answer)
    refused = misbehave(behaviour).send(items("a", "b", "huge", "c", "d"))
    assert refused == [Refusal(2, "The item is larger than the API takes.")]
    assert ["c", "d"] in behaviour.asked


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"errors": [{"title": "Request body failed"}]}, InvalidInput),
        (400, errors("/items/7"), InvalidInput),
        (422, "not an object", InvalidInput),
        (401, {}, NotAuthenticated),
        (404, {}, NotFound),
    ],
)
def test_a_refusal_that_names_no_item_stops_the_import(
    misbehave: Callable[[Misbehaving], Sender], status: int, body: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        misbehave(Misbehaving(lambda _: (status, body))).send(items("a", "b"))
