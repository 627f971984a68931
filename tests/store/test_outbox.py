"""The outbox: leased fairly, finished by the holder alone, replayable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from store import outbox
from store.outbox import Attempt, NewMessage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Database
    from store.outbox import LeasedMessage
    from tests.world import Organisation

START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = START + timedelta(minutes=5)


def queue(tx: Connection, *urls: str, due: datetime = START) -> list[str]:
    messages = [
        NewMessage(str(uuid4()), f"key-{uuid4()}", "a1", url, {"X-Team": "t"}, b"\x00body")
        for url in urls
    ]
    outbox.insert(tx, messages, kind="action", due=due, now=START)
    return [message.outbox_id for message in messages]


def lease(tx: Connection, now: datetime = START, per_endpoint: int = 10) -> list[LeasedMessage]:
    until = now + timedelta(minutes=1)
    return outbox.lease(tx, now=now, until=until, most=10, per_endpoint=per_endpoint)


def attempt(
    message: LeasedMessage, state: str, status: int | None = 200, due: datetime = LATER
) -> Attempt:
    return Attempt(
        message.outbox_id, message.attempt, START, 12.5, status, None, "thanks", state, due
    )


def test_a_leased_message_is_exactly_what_was_queued(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        [outbox_id] = queue(tx, "https://a.example/hook")
        [message] = lease(tx)
    assert message.outbox_id == outbox_id
    assert (message.body, message.headers, message.attempt) == (b"\x00body", {"X-Team": "t"}, 1)


def test_a_message_is_leased_once_until_its_lease_expires(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        queue(tx, "https://a.example/hook")
        assert len(lease(tx)) == 1
        assert lease(tx) == []
        [again] = lease(tx, LATER)
    assert again.attempt == 2


def test_a_message_waits_until_it_is_due(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        queue(tx, "https://a.example/hook", due=LATER)
        assert lease(tx) == []
        assert len(lease(tx, LATER)) == 1


def test_no_endpoint_gets_more_than_its_share_in_all(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        queue(tx, *["https://slow.example/x"] * 8, "https://b.example/y")
        urls = [message.url for message in lease(tx, per_endpoint=2)]
        assert sorted(urls) == ["https://b.example/y", *["https://slow.example/x"] * 2]
        assert lease(tx, per_endpoint=2) == []


def test_an_attempt_is_recorded_and_decides_what_comes_next(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        first, second = queue(tx, "https://a.example/1", "https://a.example/2")
        by_id = {message.outbox_id: message for message in lease(tx)}
        outbox.record(
            tx,
            [attempt(by_id[first], "delivered"), attempt(by_id[second], "pending", status=500)],
            START,
        )
        done, again = outbox.get(tx, first), outbox.get(tx, second)
        [past] = outbox.past_attempts(tx, second)
        assert outbox.counts(tx) == {"delivered": 1, "pending": 1}
        assert lease(tx) == []
        assert [m.outbox_id for m in lease(tx, LATER)] == [second]
    assert done is not None
    assert again is not None
    assert (done.state, done.delivered_at) == ("delivered", START)
    assert (again.state, again.next_attempt_at, again.delivered_at) == ("pending", LATER, None)
    assert (past.attempt, past.status, past.latency_ms, past.response) == (1, 500, 12.5, "thanks")


def test_a_sender_that_lost_its_lease_cannot_finish_the_message(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        [outbox_id] = queue(tx, "https://a.example/1")
        [lost] = lease(tx)
        [held] = lease(tx, LATER)
        outbox.record(tx, [attempt(lost, "dead")], LATER)
        still = outbox.get(tx, outbox_id)
        outbox.record(tx, [attempt(held, "delivered")], LATER)
        done = outbox.get(tx, outbox_id)
        assert len(outbox.past_attempts(tx, outbox_id)) == 2
    assert still is not None
    assert done is not None
    assert (still.state, done.state) == ("leased", "delivered")


def test_one_idempotency_key_is_queued_once(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        for _ in range(2):
            message = NewMessage(str(uuid4()), "same", None, "https://a.example", {}, b"{}")
            outbox.insert(tx, [message], kind="action", due=START, now=START)
        assert outbox.counts(tx) == {"pending": 1}


def test_a_dead_letter_is_replayed_under_its_old_key_with_a_new_schedule(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        [outbox_id] = queue(tx, "https://a.example/1")
        [message] = lease(tx)
        assert not outbox.replay(tx, outbox_id, START)
        outbox.record(tx, [attempt(message, "dead")], START)
        assert outbox.replay(tx, outbox_id, START)
        [again] = lease(tx)
    assert again.idempotency_key == message.idempotency_key
    assert (again.attempt, again.turn) == (2, 1)


def test_only_what_nobody_has_begun_to_send_can_be_taken_back(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        queue(tx, "https://a.example/1")
        [begun] = lease(tx)
        queue(tx, "https://a.example/2")
        [fresh] = outbox.page(tx, state="pending", action_id="a1", before=None, most=9)
        keys = [begun.idempotency_key, fresh.idempotency_key]
        assert outbox.cancel(tx, keys) == {fresh.idempotency_key}


@pytest.mark.parametrize(
    ("state", "action_id", "found"),
    [(None, None, 3), ("pending", None, 3), ("dead", None, 0), (None, "a1", 3), (None, "a2", 0)],
)
def test_deliveries_are_filtered(
    database: Database, org: Organisation, state: str | None, action_id: str | None, found: int
) -> None:
    with database.transaction(org.org_id) as tx:
        queue(tx, *["https://a.example/1"] * 3)
        page = outbox.page(tx, state=state, action_id=action_id, before=None, most=9)
        assert len(page) == found


def test_deliveries_are_paged_without_gap_or_repeat(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        queued = queue(tx, *["https://a.example/1"] * 5)
        seen: list[str] = []
        before: tuple[datetime, str] | None = None
        while page := outbox.page(tx, state=None, action_id=None, before=before, most=2):
            seen += [each.outbox_id for each in page]
            before = page[-1].created_at, page[-1].outbox_id
    assert sorted(seen) == sorted(queued)
    assert len(seen) == 5
