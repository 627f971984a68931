"""The chain: whatever is changed, taken out or put in, verification finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import GENESIS, Entry, Event, Record, canonical_json, chain, verify

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def entry(number: int) -> Entry:
    return Entry(AT + timedelta(seconds=number), "user:1", Event.RULE_UPDATE, "rule", f"r{number}")


def records(count: int) -> list[Record]:
    return list(chain(7, [entry(number) for number in range(count)]))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=8,
)


def test_events_are_subject_and_verb() -> None:
    for event in Event:
        subject, colon, verb = event.partition(":")
        assert subject
        assert colon
        assert verb
        assert event == event.lower()


def test_a_chain_verifies_and_tells_its_head() -> None:
    made = records(3)
    verdict = verify(7, made)
    assert (verdict.holds, verdict.records, verdict.head) == (True, 3, made[-1].hash.hex())


def test_numbers_start_at_one_without_gaps() -> None:
    assert [record.n for record in records(4)] == [1, 2, 3, 4]
    assert records(1)[0].previous_hash == GENESIS


def test_a_chain_can_be_made_in_pieces() -> None:
    whole = records(5)
    first = chain(7, [entry(0), entry(1)])
    rest = chain(7, [entry(2), entry(3), entry(4)], (first[-1].n, first[-1].hash))
    assert [*first, *rest] == whole


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), min_size=1, max_size=6))
def test_whatever_json_is_logged_verifies(details: list[dict[str, object]]) -> None:
    entries = [replace(entry(n), detail=detail) for n, detail in enumerate(details)]
    assert verify(7, chain(7, entries)).holds


@pytest.mark.parametrize(
    "changed",
    [
        {"actor": "user:2"},
        {"event": "rule:delete"},
        {"subject_kind": "bank"},
        {"subject_id": "r9"},
        {"detail": {"x": 1}},
        {"at": AT - timedelta(microseconds=1)},
        {"org_id": 8},
        {"hash": bytes(32)},
    ],
)
def test_a_changed_record_is_found(changed: dict[str, object]) -> None:
    log = records(5)
    log[2] = replace(log[2], **changed)  # type: ignore[arg-type]
    assert verify(7, log).problem.startswith("record 3")


@pytest.mark.parametrize("gone", range(4))
def test_a_missing_record_is_found(gone: int) -> None:
    log = records(5)
    del log[gone]
    assert verify(7, log).problem.startswith(f"record {gone + 1} is missing")


def test_a_record_put_in_with_a_sound_hash_of_its_own_is_found() -> None:
    log = records(5)
    forged = chain(7, [replace(entry(2), actor="user:2")], (2, log[1].hash))[0]
    log[2] = forged
    assert verify(7, log).problem == "record 4 does not follow from record 3"


def test_an_empty_log_is_found() -> None:
    assert verify(7, []).problem == "the log is empty: its first record is missing"


def test_a_log_cut_short_is_found_with_a_head_noted_earlier() -> None:
    log = records(5)
    noted = log[3].hash.hex()
    assert verify(7, log, noted).holds
    assert verify(7, log[:3]).holds
    assert verify(7, log[:3], noted).problem == f"no record has the known head {noted}"


def test_the_time_zone_of_an_entry_does_not_matter() -> None:
    elsewhere = replace(entry(0), at=AT.astimezone(timezone(timedelta(hours=5))))
    assert chain(7, [elsewhere])[0].hash == records(1)[0].hash


def test_one_value_has_one_text() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == canonical_json({"a": "é", "b": 1})
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"x": float("nan")})
