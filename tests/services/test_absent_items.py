"""A job about something that was never sent shows what the platform tells of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from services import jobs, settings
from services.context import system_caller
from tests.services.casework import Desk, desk
from tests.services.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import MovableClock, Organisation


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
