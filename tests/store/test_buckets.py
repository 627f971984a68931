"""Token buckets of stored arrivals answer as if every period were read from its start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from engine.language.buckets import Rate, over_rate
from store import buckets, window_events
from store.buckets import BucketAsk
from store.window_events import WindowEvent

if TYPE_CHECKING:
    from store.database import Database
    from tests.world import Organisation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = (datetime(2026, 3, 1, 12, 58, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
SECOND = 1_000_000
RATES = (Rate(2, 10 * SECOND, 2), Rate(3, 60 * SECOND, 5), Rate(1, 7 * SECOND, 1))
KEPT = text("SELECT count(*) FROM token_buckets")
Asked = tuple[str, Rate, int]


def moment(second: int) -> int:
    """Some are before the hour at which the buckets are full again, some after it."""
    return START + second * SECOND


ARRIVALS = st.dictionaries(
    st.sampled_from("ab"), st.sets(st.integers(0, 240), min_size=1, max_size=40), min_size=1
)


def store(database: Database, org: Organisation, arrivals: dict[str, set[int]]) -> None:
    with database.transaction(org.org_id) as tx:
        tx.execute(text("DELETE FROM window_events"))
        tx.execute(text("DELETE FROM token_buckets"))
        for key, seconds in arrivals.items():
            events = [
                WindowEvent(key, EPOCH + timedelta(microseconds=moment(each)), each)
                for each in seconds
            ]
            window_events.insert(tx, 1, events)


def plain(arrivals: dict[str, set[int]]) -> dict[Asked, bool]:
    return {
        (key, rate, second): answer
        for key, seconds in arrivals.items()
        for rate in RATES
        for second, answer in zip(
            sorted(seconds), over_rate(rate, map(moment, sorted(seconds)))[0], strict=True
        )
    }


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arrivals=ARRIVALS, data=st.data(), most=st.sampled_from([1, 4, 1_000]))
def test_batches_in_any_order_are_answered_alike(
    database: Database,
    org: Organisation,
    arrivals: dict[str, set[int]],
    data: st.DataObject,
    most: int,
) -> None:
    """Late batches too, after what was kept by later ones."""
    store(database, org, arrivals)
    expected = plain(arrivals)
    order = data.draw(st.permutations(list(expected)))
    with mock.patch.object(buckets, "MOST_READ", most):
        for start in range(0, len(order), 7):
            batch = order[start : start + 7]
            asks = [BucketAsk(1, key, rate, moment(second)) for key, rate, second in batch]
            with database.transaction(org.org_id) as tx:
                assert buckets.answers(tx, asks) == [expected[each] for each in batch]


def test_a_busy_key_is_read_on_from_what_was_kept(database: Database, org: Organisation) -> None:
    store(database, org, {"a": set(range(100))})
    rate = RATES[0]
    with mock.patch.object(buckets, "MOST_READ", 50), database.transaction(org.org_id) as tx:
        buckets.answers(tx, [BucketAsk(1, "a", rate, moment(90))])
        assert tx.execute(KEPT).scalar_one() == 1
        tx.execute(
            text("DELETE FROM window_events WHERE arrived_at < :at"),
            {"at": EPOCH + timedelta(microseconds=moment(80))},
        )
        expected = plain({"a": set(range(100))})
        assert buckets.answers(tx, [BucketAsk(1, "a", rate, moment(99))]) == [
            expected["a", rate, 99]
        ]
        buckets.forget(tx, datetime(2026, 3, 4, tzinfo=UTC))
        assert tx.execute(KEPT).scalar_one() == 0


@pytest.mark.parametrize("second", [3, 200])
def test_what_is_no_event_has_no_answer(database: Database, org: Organisation, second: int) -> None:
    store(database, org, {"a": {1, 100}})
    with database.transaction(org.org_id) as tx:
        assert buckets.answers(tx, [BucketAsk(1, "a", RATES[0], moment(second))]) == [None]
