"""Readers report and authors appeal, over the API, against what really happened."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.winnow_client import Transport, Winnow, platform
from app.winnow_client.model import Job, ShownItem
from cli.demo_checks import unheard
from cli.demo_moderators import Moderator
from cli.demo_player import Heard, Player
from cli.demo_speech import Speech
from cli.demo_voices import Voices
from engine.simulation.events import Appealed, Event, Offence, Ref, Reported, Thing, Written

NOW = datetime(2026, 7, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
TYPE_IDS = {thing.value: f"type-{thing.value}" for thing in Thing}
POST, READER, AUTHOR = Ref(Thing.POST, "p1"), Ref(Thing.ACCOUNT, "u2"), Ref(Thing.ACCOUNT, "u1")
WRITTEN = Written(POST, NOW, {"text": "hi"}, {"author": AUTHOR}, Offence.SPAM)
REPORTED = Reported(NOW, READER, POST, Offence.SPAM)
APPEALED = Appealed(NOW, AUTHOR, POST, "please look again")


class Api:
    """Takes what it is told to take, and remembers it."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.told: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((path, json.loads(request.content)))
        if path == self.refuses:
            return httpx.Response(400, json={"errors": [{"status": 400, "title": "not so"}]})
        if path == "/report":
            return httpx.Response(201, json={"reportId": "r1"})
        return httpx.Response(202)

    def player(self, acted: dict[str, list[str]]) -> Player:
        http = httpx.Client(base_url="http://winnow", transport=httpx.MockTransport(self.answer))
        sender = platform.Platform(http, "key", attempts=1)
        voices = Voices(sender, TYPE_IDS, {"Spam": "policy-spam"}, acted, self.told.append)
        return Player(http, TYPE_IDS, Heard(), pause=lambda _seconds: None, voices=voices)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.asked if asked == path]


def test_a_report_names_the_reader_the_item_and_the_policy() -> None:
    api = Api()
    player = api.player({})
    assert list(player.play([WRITTEN, REPORTED], batch=1)) == [1]
    [sent] = api.bodies("/report")
    assert sent["reporter"] == {"kind": "user", "id": "u2", "typeId": "type-Account"}
    assert sent["reportedItem"]["data"]["author"] == {"id": "u1", "typeId": "type-Account"}
    assert sent["reportedForReason"]["policyId"] == "policy-spam"
    assert player.heard.reports == 1


def test_an_author_appeals_once_against_what_was_done_and_not_before() -> None:
    api, acted = Api(), dict[str, list[str]]()
    player = api.player(acted)
    list(player.play([WRITTEN, APPEALED], batch=1))
    assert api.bodies("/report/appeal") == []
    acted["p1"] = ["remove", "suspend", "remove"]
    later = Written(Ref(Thing.POST, "p2"), LATER, {"text": "ho"}, {"author": AUTHOR}, None)
    list(player.play([later, APPEALED, later], batch=1))
    [sent] = api.bodies("/report/appeal")
    assert sent["actionsTaken"] == ["remove", "suspend"]
    assert sent["appealReason"] == "please look again"
    assert sent["appealedAt"] == LATER.isoformat()
    assert player.heard.appeals == 1


def test_what_the_platform_never_sent_is_not_reported() -> None:
    api = Api()
    player = api.player({"p1": ["remove"]})
    list(player.play([REPORTED, APPEALED, REPORTED], batch=1))
    assert (api.asked, player.heard.reports, player.heard.appeals) == ([], 0, 0)


@pytest.mark.parametrize("path", ["/report", "/report/appeal"])
def test_what_is_refused_is_told_and_not_counted(path: str) -> None:
    api = Api(refuses=path)
    player = api.player({"p1": ["remove"]})
    list(player.play([WRITTEN, REPORTED, APPEALED, WRITTEN], batch=1))
    assert len(api.told) == 1
    assert "refused" in api.told[0]
    assert player.heard.reports + player.heard.appeals == 1


@pytest.mark.parametrize(
    ("offence", "kind", "heard"),
    [("Spam", "REJECT_APPEAL", "upheld"), (None, "ACCEPT_APPEAL", "overturned")],
)
def test_a_moderator_who_never_errs_upholds_what_was_right(
    offence: str | None, kind: str, heard: str
) -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"decisionId": "d1"})

    http = httpx.Client(base_url="http://winnow", transport=httpx.MockTransport(answer))
    luck = random.Random(1)
    noor = Moderator(Winnow(Transport(http, "t")), {("Post", "p1"): offence}, {}, luck, 1.0)
    item = ShownItem(item_id="p1", item_type_name="Post")
    noor.decide(Job(job_id="j1", kind="APPEAL", lease_token="l", item=item))
    assert [each["kind"] for each in asked] == [kind]
    assert (noor.decided, noor.kinds) == (1, {heard: 1})


def test_what_is_said_in_a_run_without_pace_is_sent_when_it_is_over() -> None:
    api = Api()
    acted: dict[str, list[str]] = {}
    voices = api.player(acted).voices
    assert voices is not None
    speech = Speech(voices)
    events: list[Event] = [
        WRITTEN,
        REPORTED,
        APPEALED,
        replace(REPORTED, target=Ref(Thing.POST, "unknown")),
    ]
    assert list(speech.overheard(events)) == events
    assert api.asked == []
    acted["p1"] = ["hide"]
    assert speech.sent(LATER) == (1, 1)
    [report], [appeal] = api.bodies("/report"), api.bodies("/report/appeal")
    assert (report["reportedItem"]["id"], appeal["actionsTaken"]) == ("p1", ["hide"])


def test_what_was_said_and_has_no_job_is_told() -> None:
    assert list(unheard((3, 2), (3, 2))) == []
    assert list(unheard((3, 2), (2, 2))) == ["the API took 3 reports, of which 2 have a job"]
