"""The demo's parts: what it plays, how it sends, how its moderators decide, what it believes."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import polars as pl
import pytest

from cli.demo_checks import Witnessed, failures
from cli.demo_data import read_recordings
from cli.demo_moderators import choose
from cli.demo_player import Heard, Player, wire_item
from cli.demo_source import Source
from engine.errors import InvalidInput, Unavailable
from engine.simulation.events import Offence, Ref, Reported, Thing, Written
from engine.simulation.recorded import RECORDED, Recording
from store.demonstration import Facts

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPE_IDS = {**{thing.value: f"type-{thing.value}" for thing in Thing}, RECORDED: "type-recorded"}


def texts(count: int, dataset: str = "set") -> list[Recording]:
    return [
        Recording(f"{dataset}:{n}", f"text {n}", dataset, violating=n % 2 == 0, policy="spam")
        for n in range(count)
    ]


# What is played


@pytest.mark.parametrize(("items", "real"), [(1, 0), (300, 0), (300, 50), (300, 300), (40, 900)])
def test_exactly_as_many_items_are_played_as_were_asked_for(items: int, real: int) -> None:
    played = [e for e in Source(1, [texts(real)]).bounded(items, NOW) if isinstance(e, Written)]
    kinds = Counter(event.ref.thing == RECORDED for event in played)
    assert len(played) == items
    assert kinds[True] == min(real, items)


def test_real_texts_are_spread_over_the_whole_run() -> None:
    played = list(Source(1, [texts(60)]).bounded(600, NOW))
    at = [n for n, e in enumerate(played) if isinstance(e, Written) and e.ref.thing == RECORDED]
    assert at[0] < 30
    assert at[-1] > len(played) - 40


def test_everything_played_without_pace_was_written_before_now() -> None:
    events = list(Source(3).bounded(2000, NOW))
    assert all(event.at.year == 2026 for event in events)
    assert events[0].at < NOW


def test_the_live_stream_mixes_real_texts_in_until_they_run_out() -> None:
    stream = Source(1, [texts(5)]).endless(NOW, 4)
    first = [next(stream) for _ in range(200)]
    real = [e for e in first if isinstance(e, Written) and e.ref.thing == RECORDED]
    assert len(real) == 5


# Reading real texts


def test_a_file_with_nothing_but_texts_is_enough(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["hello", None, "", "world"]}).write_parquet(tmp_path / "plain.parquet")
    rows = read_recordings(tmp_path / "plain.parquet")
    assert [(row.record_id, row.text, row.violating) for row in rows] == [
        ("plain:0", "hello", None),
        ("plain:3", "world", None),
    ]


def test_the_columns_of_the_labelled_sets_are_understood(tmp_path: Path) -> None:
    created = datetime(2013, 11, 7, 6, 20, tzinfo=UTC)
    pl.DataFrame(
        {
            "id": ["a"], "text": ["hi"], "violating": [True], "policy": ["spam"], "lang": ["en"],
            "created_at": [created], "user_id": ["u1"], "thread_id": ["t"], "fold": [3],
        }
    ).write_parquet(tmp_path / "set.parquet")  # fmt: skip
    assert read_recordings(tmp_path / "set.parquet") == [
        Recording("a", "hi", "set", True, "spam", created, "u1", "t", "en", 3)
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "There is no file"), (b"not parquet", "cannot be read"), ("other", "no column `text`")],
)
def test_a_file_that_does_not_fit_says_why(
    content: bytes | str | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        pl.DataFrame({"body": ["x"]}).write_parquet(path)
    with pytest.raises(InvalidInput, match=says) as refused:
        read_recordings(path)
    assert refused.value.hint


# Sending


def item(number: int = 1) -> Written:
    return Written(
        Ref(Thing.POST, f"p{number}"),
        NOW,
        {"text": "hi"},
        {"author": Ref(Thing.ACCOUNT, "u1")},
        Offence.SPAM,
    )


def player(answers: list[int | None], bodies: list[bytes]) -> Player:
    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        status = answers.pop(0)
        if status is None:
            raise httpx.ConnectError("gone", request=request)
        return httpx.Response(status)

    http = httpx.Client(base_url="http://winnow", transport=httpx.MockTransport(answer))
    return Player(http, TYPE_IDS, Heard(), pause=lambda _seconds: None)


def test_an_item_goes_over_the_wire_with_its_references_resolved() -> None:
    assert wire_item(item(), TYPE_IDS) == {
        "id": "p1",
        "typeId": "type-Post",
        "data": {"text": "hi", "author": {"id": "u1", "typeId": "type-Account"}},
    }


def test_items_are_sent_in_batches_and_remembered() -> None:
    bodies: list[bytes] = []
    sending = player([202, 202], bodies)
    reported = Reported(NOW, Ref(Thing.ACCOUNT, "u2"), Ref(Thing.POST, "p1"), Offence.SPAM)
    assert list(sending.play([item(1), reported, item(2), item(3)], batch=2)) == [2, 1]
    assert [len(json.loads(body)["items"]) for body in bodies] == [2, 1]
    assert (sending.heard.sent, sending.heard.reports, sending.heard.unsure) == (3, 0, 0)
    assert sending.heard.truth[("Post", "p1")] == "Spam"


def test_a_busy_or_absent_api_is_asked_again_and_what_is_unsure_is_counted() -> None:
    sending = player([503, None, 202], [])
    sending.send([item()])
    assert (sending.heard.sent, sending.heard.unsure) == (1, 1)


def test_a_refused_item_ends_the_play_with_the_reason() -> None:
    with pytest.raises(Unavailable, match="400"):
        player([400], []).send([item()])


# Moderating


def test_a_moderator_acts_on_what_is_wrong_and_ignores_what_is_not() -> None:
    offered = ["Remove", "Hide listing", "Offer support"]
    sure = random.Random(1)
    assert choose(Offence.SPAM, offered, sure, 1.0).action == "Remove"
    assert choose(Offence.SELF_HARM, offered, sure, 1.0).action == "Offer support"
    assert choose("Offensive", offered, sure, 1.0).action == "Remove"
    assert choose(None, offered, sure, 1.0).action is None
    assert choose(Offence.SPAM, [], sure, 1.0).action is None


def test_moderators_err_as_often_as_they_are_said_to() -> None:
    chance = random.Random(2)
    rights = sum(choose(None, ["Remove"], chance, 0.9).action is None for _ in range(2000))
    assert 0.86 < rights / 2000 < 0.94


# Checking

FACTS = Facts(
    submissions=100,
    places=100,
    evaluations=100,
    evaluated_places=100,
    without_verdict=0,
    waiting=0,
    set_aside=0,
    matches={},
    outbox={"delivered": 20},
    jobs=9,
    decisions=5,
)
SEEN = Witnessed(
    accepted=100, unsure=0, verified=21, messages=20, failed=0, decided=5, lake_rows=100
)


def test_figures_that_agree_leave_nothing_to_say() -> None:
    assert list(failures(FACTS, SEEN)) == []
    assert list(failures(FACTS, replace(SEEN, accepted=98, unsure=2))) == []


@pytest.mark.parametrize(
    ("facts", "seen", "says"),
    [
        ({}, {"accepted": 101}, "the API took 101 items"),
        ({"places": 99}, {}, "share a place"),
        ({"evaluations": 99}, {}, "99 evaluations"),
        ({"without_verdict": 1}, {}, "1 items without one"),
        ({"evaluated_places": 99}, {}, "more than once"),
        ({"waiting": 1}, {}, "still wait"),
        ({"set_aside": 1}, {}, "set aside"),
        ({"outbox": {"delivered": 20, "dead": 1}}, {}, "dead"),
        ({"outbox": {"delivered": 20, "leased": 1}}, {}, "1 webhooks wait"),
        ({}, {"failed": 1}, "signature"),
        ({}, {"messages": 19}, "20 webhooks are delivered, 19 arrived"),
        ({}, {"decided": 6}, "6 decisions"),
        ({}, {"lake_rows": 90}, "90 rows in the lake"),
    ],
)
def test_whatever_does_not_agree_is_said(
    facts: dict[str, object], seen: dict[str, object], says: str
) -> None:
    told = list(failures(replace(FACTS, **facts), replace(SEEN, **seen)))  # type: ignore[arg-type]
    assert len(told) == 1
    assert says in told[0]
