"""A job about something that was never sent shows what the platform tells of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from engine.casework.reports import ReportRequest
from engine.items import ItemRef, RawItem
from engine.paging import page_request
from services import configuration, jobs, reports, settings
from services.context import system_caller
from services.item_types import ITEM_TYPES
from services.related_items import MOST_RELATED
from store.jobs import JobFilter
from tests.services.casework import Desk, desk
from tests.services.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import MovableClock, Organisation

LIST = {"containerType": "ARRAY", "keyScalarType": None, "valueScalarType": "RELATED_ITEM"}


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


@pytest.fixture
def platform(office: Desk) -> Iterator[Receiver]:
    with receiver() as running:
        answer = {"items": [{"id": "u1", "typeId": office.type_id, "data": {"name": "Anna"}}]}
        running.content = lambda _: json.dumps(answer).encode()
        document = {"partialItems": {"url": f"{running.url}/items"}}
        caller = system_caller(office.org_id, "test")
        settings.save_settings(office.context, caller, document, reason="", expected_version=None)
        yield running


def test_what_the_platform_tells_is_shown_and_marked(
    office: Desk, clock: MovableClock, platform: Receiver
) -> None:
    job_id = office.opened("u1")
    item = jobs.view(office.context, office.ann, job_id).item
    assert [(field.name, field.value) for field in item.fields] == [("name", "Anna")]
    assert (item.submission_id, item.told_at) == (None, clock())
    claimed = office.next_job(office.ann)
    assert claimed is not None
    assert claimed.item.fields == item.fields
    assert len(platform.received) == 1


def test_a_platform_that_fails_keeps_nobody_from_reviewing(
    office: Desk, platform: Receiver
) -> None:
    platform.answer = lambda _: (500, {})
    view = jobs.view(office.context, office.ann, office.opened("u1"))
    assert (view.item.fields, view.item.told_at) == ((), None)


def test_nobody_is_asked_where_no_endpoint_is_configured(office: Desk) -> None:
    view = jobs.view(office.context, office.ann, office.opened("u1"))
    assert (view.item.fields, view.item.told_at) == ((), None)


POST = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING"},
        {"name": "author", "type": "RELATED_ITEM"},
        {"name": "answers", "type": "RELATED_ITEM"},
        {"name": "mentions", "type": "RELATED_ITEM", "container": LIST},
        {"name": "secret", "type": "RELATED_ITEM"},
    ],
    "roles": {"creatorId": "author"},
    "hiddenFields": ["secret"],
}


@pytest.fixture
def post(office: Desk) -> str:
    caller = system_caller(office.org_id, "test")
    return configuration.create(office.context, caller, ITEM_TYPES, POST, "").object_id


def reported(office: Desk, post: str, mentions: int) -> str:
    """The job about a post that names others, with one of its thread flagged that did not come."""
    user = office.type_id

    def ref(item_id: str, type_id: str = user) -> dict[str, str]:
        return {"id": item_id, "typeId": type_id}

    data = {
        "text": "x",
        "author": ref("u1"),
        "answers": ref("p0", post),
        "mentions": [ref(f"m{n}") for n in range(mentions)],
        "secret": ref("hidden"),
    }
    request = ReportRequest(
        reporter=ItemRef(user, "r1"),
        reported_at="2026-01-05",
        item=RawItem("p1", post, None, "original", data),
        thread=(RawItem("p2", post, None, "original", {"text": "y"}),),
        flagged=(ItemRef(post, "p2"), ItemRef(post, "p3")),
    )
    reports.submit(office.context, system_caller(office.org_id, "test"), request)
    page = jobs.listed(office.context, office.ann, JobFilter(), page_request(9, None))
    return page.items[0].job_id


def test_all_that_a_page_names_is_asked_for_in_one_request(
    office: Desk, post: str, platform: Receiver
) -> None:
    view = jobs.view(office.context, office.ann, reported(office, post, mentions=2))
    assert [(one.item.item_id, one.field, one.flagged) for one in view.related] == [
        ("p3", None, True),
        ("p0", "answers", False),
        ("m0", "mentions", False),
        ("m1", "mentions", False),
    ]
    (request,) = platform.received
    asked = {one["id"] for one in json.loads(request.body)["items"]}
    assert asked == {"u1", "p3", "p0", "m0", "m1"}
    assert view.creator is not None
    assert [field.value for field in view.creator.fields] == ["Anna"]


def test_a_page_asks_for_no_more_than_it_shows(office: Desk, post: str, platform: Receiver) -> None:
    view = jobs.view(office.context, office.ann, reported(office, post, mentions=900))
    assert len(view.related) == MOST_RELATED
    assert [len(json.loads(one.body)["items"]) for one in platform.received] == [MOST_RELATED + 1]
