"""What is known of a person goes, from Postgres and from every file of the lake."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from engine.casework.erasure import ErasureState
from engine.casework.reports import ReportRequest
from engine.errors import NotFound, PermissionDenied
from engine.items import ItemRef, RawItem
from services import audit, erasures, evaluation, reports, strikes
from services.context import system_caller
from services.evaluation import FRESH, Pace, evaluate_next
from services.lake_export import compare_counts, export_all
from services.live_configuration import load_live
from services.person_export import export_person
from services.rules import RULES
from services.timers import timers
from store import export_source, lake, window_events
from tests.conftest import execute_alone
from tests.services.casework import desk
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Caller, Context
    from services.person_export import PersonRecords
    from tests.world import Organisation

SECRET = "zanzibar"
OTHER = "plain words of somebody else"
MALLORY = "mallory-7e1"
TABLES = text("""
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname NOT IN ('audit_log', 'alembic_version')
""")


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    town = Town(context, org.org_id)
    work = desk(context, org.org_id)
    hook = town.hook("Struck", applyUserStrikes=True)
    town.rule("all", "text LIKE '%a%'", hook, town.review(), policyIds=[work.policy_id])
    return town


@pytest.fixture
def mallory(town: Town) -> ItemRef:
    """Has written, been judged, reported others and been reported, and reached the lake."""
    person = ItemRef(user_type(town), MALLORY)
    admin = administrator(town)
    for item_id, author, words, reporter in (
        ("m1", MALLORY, f"{SECRET} one", "rita"),
        ("m2", MALLORY, f"{SECRET} two", "rita"),
        ("o1", "olga", OTHER, MALLORY),
        ("o1", "olga", OTHER, "rita"),
    ):
        data = {"text": words, "author": {"id": author, "typeId": person.type_id}}
        raw = RawItem(item_id, town.post, None, "original", data)
        by = ItemRef(person.type_id, reporter)
        reason = f"{SECRET} reason" if MALLORY in {author, reporter} else "noise"
        reports.submit(town.context, admin, ReportRequest(by, "2026-01-05", raw, reason=reason))
    town.evaluate()
    strikes.adjust(town.context, admin, person, 2, policy_id=None, reason=SECRET)
    export_all(town.context, town.org_id)
    return person


def user_type(town: Town) -> str:
    statement = "SELECT object_id FROM config_heads WHERE kind = 'item_type' AND name = 'User'"
    found: str = town.rows(statement)[0].object_id
    return found


def administrator(town: Town) -> Caller:
    return system_caller(town.org_id, "test")


def ask(town: Town, person: ItemRef) -> str:
    return erasures.erase_person(town.context, administrator(town), person).erasure_id


def exported(town: Town, person: ItemRef) -> PersonRecords:
    return export_person(town.context, administrator(town), person)


def state(town: Town, erasure_id: str) -> ErasureState:
    return erasures.read_erasure(town.context, administrator(town), erasure_id).state


def mentions(town: Town, word: str) -> dict[str, int]:
    """By table, rows that hold the word anywhere."""
    found = {}
    with town.context.database.owner() as tx:
        tx.execute(text("SELECT set_config('app.org_id', :org, true)"), {"org": str(town.org_id)})
        for table in tx.execute(TABLES).scalars().all():
            statement = f"""
                SELECT count(*) FROM {table} AS t
                WHERE t::text LIKE :like OR to_jsonb(t)::text LIKE :hex
            """
            asked = {"like": f"%{word}%", "hex": f"%{word.encode().hex()}%"}
            if count := tx.execute(text(statement), asked).scalar_one():
                found[table] = count
    return found


def files_with(town: Town, word: str) -> list[str]:
    """Files of the lake that hold the word, in their bytes or in their rows, old ones too."""
    found = []
    for path in Path(town.context.lake_root).rglob("*"):
        if path.is_file():
            rows = str(pq.ParquetFile(path).read().to_pylist()) if path.suffix == ".parquet" else ""
            if word.encode() in path.read_bytes() or word in rows:
                found.append(str(path))
    return found


def counts(records: PersonRecords) -> Mapping[str, int]:
    sections = (
        "submissions", "evaluations", "actions", "jobs", "decisions", "reports_made",
        "reports_about", "appeals", "strikes", "labels",
    )  # fmt: skip
    return {name: len(getattr(records, name)) for name in sections}


def test_everything_known_of_a_person_is_one_document(town: Town, mallory: ItemRef) -> None:
    records = exported(town, mallory)
    found = counts(records)
    assert {name: count for name, count in found.items() if name != "strikes"} == {
        "submissions": 2, "evaluations": 2, "actions": 4, "jobs": 2, "decisions": 0,
        "reports_made": 1, "reports_about": 2, "appeals": 0, "labels": 0,
    }  # fmt: skip
    assert found["strikes"] >= 1
    assert [one["data"]["text"] for one in records.submissions] == [  # type: ignore[index]
        f"{SECRET} one",
        f"{SECRET} two",
    ]


def test_nothing_of_an_erased_person_is_left_anywhere(town: Town, mallory: ItemRef) -> None:
    assert {"submissions", "reports", "jobs", "facts"} <= set(mentions(town, SECRET))
    assert files_with(town, SECRET)
    erasure_id = ask(town, mallory)
    assert state(town, erasure_id) is ErasureState.WAITING
    assert erasures.erase_all(town.context) == 1
    assert state(town, erasure_id) is ErasureState.DONE
    for word in (SECRET, MALLORY):
        assert mentions(town, word) == {}
        assert files_with(town, word) == []
    assert set(counts(exported(town, mallory)).values()) == {0}


def test_what_belongs_to_others_stays_and_still_reaches_the_lake(
    town: Town, mallory: ItemRef
) -> None:
    ask(town, mallory)
    erasures.erase_all(town.context)
    olga = exported(town, ItemRef(mallory.type_id, "olga"))
    assert counts(olga)["submissions"] == 2
    assert counts(olga)["reports_about"] == 2
    [job] = olga.jobs
    sources = job["sources"]
    assert isinstance(sources, list)
    reasons = [source.get("reason") for source in sources if source["kind"] == "REPORT"]
    assert sorted(reasons, key=str) == [None, "noise"]
    export_all(town.context, town.org_id)
    assert [table for table in compare_counts(town.context, town.org_id) if table.missing] == []
    assert files_with(town, OTHER)
    assert files_with(town, SECRET) == []
    assert [path for path in files_with(town, "noise") if "_delta_log" in path] == []


def test_the_audit_log_says_who_asked_and_how_much_went_and_nothing_else(
    town: Town, mallory: ItemRef
) -> None:
    erasure_id = ask(town, mallory)
    erasures.erase_all(town.context)
    found = audit.list_audit(town.context, administrator(town), subject_id=erasure_id)
    assert [record.event for record in found] == ["person:erase", "person:ask-erasure"]
    assert found[0].detail["requestedBy"] == "system:test"
    counted = found[0].detail["counts"]
    assert isinstance(counted, dict)
    assert (counted["submissions"], counted["reports"], counted["reportsMade"]) == (2, 2, 1)
    assert MALLORY not in str(found)
    assert audit.verify_audit(town.context, town.org_id).holds


def test_asked_again_it_is_the_same_erasure_until_it_is_done(town: Town, mallory: ItemRef) -> None:
    first = ask(town, mallory)
    assert ask(town, mallory) == first
    erasures.erase_all(town.context)
    assert ask(town, mallory) != first
    assert erasures.erase_all(town.context) == 1
    assert erasures.erase_all(town.context) == 0


@pytest.mark.parametrize(
    "breaks",
    [
        "store.erasures.list_items",
        "store.erasures.delete_listed",
        "services.lake_cleaning.change",
        "store.lake_erasure.forget_past",
        "store.erasures.finish",
    ],
)
def test_an_erasure_that_is_cut_short_anywhere_is_finished_later(
    town: Town, mallory: ItemRef, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    def dies(*_given: object, **_named: object) -> None:
        raise RuntimeError("the power went")

    erasure_id = ask(town, mallory)
    with monkeypatch.context() as patch:
        patch.setattr(breaks, dies)
        with pytest.raises(RuntimeError, match="power"):
            erasures.erase_all(town.context)
    assert state(town, erasure_id) is not ErasureState.DONE
    assert erasures.erase_all(town.context) == 1
    assert (mentions(town, SECRET), files_with(town, SECRET)) == ({}, [])
    export_all(town.context, town.org_id)
    assert [table for table in compare_counts(town.context, town.org_id) if table.missing] == []


def test_it_waits_for_an_export_that_runs(town: Town, mallory: ItemRef) -> None:
    erasure_id = ask(town, mallory)
    with town.context.database.transaction(town.org_id) as tx:
        assert export_source.try_lock(tx, town.org_id)
        assert erasures.erase_all(town.context) == 0
    assert state(town, erasure_id) is ErasureState.DELETED
    assert erasures.erase_all(town.context) == 1


def test_items_that_only_the_lake_still_has_lead_to_what_is_about_them(
    town: Town, mallory: ItemRef, database_url: str
) -> None:
    """Their days were let go after the export; jobs and reports about them were kept."""
    execute_alone(database_url, "DELETE FROM submissions WHERE item_id IN ('m1', 'm2')")
    about_them = "SELECT 1 FROM {} WHERE item_id IN ('m1', 'm2')"
    assert town.rows(about_them.format("jobs"))
    assert town.rows(about_them.format("reports"))
    ask(town, mallory)
    assert erasures.erase_all(town.context) == 1
    assert not town.rows(about_them.format("jobs")) + town.rows(about_them.format("reports"))
    for word in (SECRET, MALLORY):
        assert (mentions(town, word), files_with(town, word)) == ({}, [])
    assert files_with(town, OTHER)


def test_a_counter_that_starts_meanwhile_does_not_read_what_is_being_erased(
    town: Town, mallory: ItemRef
) -> None:
    erasure_id = ask(town, mallory)
    with town.context.database.transaction(town.org_id) as tx:
        assert export_source.try_lock(tx, town.org_id)
        assert erasures.erase_all(town.context) == 0
    assert state(town, erasure_id) is ErasureState.DELETED
    counting = {"status": "SHADOW", "itemTypeIds": [town.post]}
    town.save(RULES, {"name": "often", "where": "count_recent(author, '9 days') > 5", **counting})
    found = {key for (key,) in town.rows("SELECT key FROM window_events")}
    assert any("olga" in key for key in found)
    assert not any(MALLORY in key for key in found)


def test_an_erasure_waits_for_a_counter_that_is_being_started(town: Town, mallory: ItemRef) -> None:
    erasure_id = ask(town, mallory)
    with ThreadPoolExecutor(1) as aside:
        with town.context.database.transaction(town.org_id) as tx:
            window_events.lock_registration(tx)
            erasing = aside.submit(erasures.erase_all, town.context)
            waits_for_lock(town)
            assert state(town, erasure_id) is ErasureState.LISTED
        assert erasing.result(timeout=30) == 1


def waits_for_lock(town: Town) -> None:
    deadline = time.monotonic() + 30
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while not town.rows(waiting):
        assert time.monotonic() < deadline


def test_an_item_in_evaluation_meanwhile_leaves_nothing_behind(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = ItemRef(user_type(town), MALLORY)
    data = {"text": SECRET, "author": {"id": MALLORY, "typeId": person.type_id}}
    raw = RawItem("m1", town.post, None, "original", data)
    rita = ItemRef(person.type_id, "rita")
    reports.submit(town.context, administrator(town), ReportRequest(rita, "2026-01-05", raw))
    ask(town, person)
    judge = evaluation.judge

    def erased_meanwhile(*given: Any) -> object:
        found = judge(*given)
        erasures.erase_all(town.context)
        return found

    monkeypatch.setattr("services.evaluation.judge", erased_meanwhile)
    assert evaluate_next(town.context, town.org_id, town.live, Pace(), FRESH) == 1
    assert mentions(town, MALLORY) == {}
    for table in ("evaluations", "action_executions", "pending", "jobs"):
        assert town.rows(f"SELECT 1 FROM {table}") == []


def test_what_is_sent_afterwards_is_new(town: Town, mallory: ItemRef) -> None:
    ask(town, mallory)
    erasures.erase_all(town.context)
    data = {"text": "back again", "author": {"id": MALLORY, "typeId": mallory.type_id}}
    raw = RawItem("m9", town.post, None, "original", data)
    rita = ItemRef(mallory.type_id, "rita")
    reports.submit(town.context, administrator(town), ReportRequest(rita, "2026-01-05", raw))
    assert counts(exported(town, mallory))["submissions"] == 1


def test_only_administrators_erase_and_only_known_types(town: Town) -> None:
    somebody = ItemRef(user_type(town), "anybody")
    with pytest.raises(PermissionDenied):
        erasures.erase_person(town.context, desk_ann(town), somebody)
    with pytest.raises(NotFound):
        ask(town, ItemRef("no-type", "anybody"))
    with pytest.raises(NotFound):
        state(town, town.context.new_id())


def desk_ann(town: Town) -> Caller:
    caller = administrator(town)
    return type(caller)(caller.org_id, "user:ann", frozenset())


def test_a_worker_does_it_on_time() -> None:
    assert "erasures" in {timer.name for timer in timers(None)}


def test_the_rules_go_on_working_without_the_person(town: Town, mallory: ItemRef) -> None:
    ask(town, mallory)
    erasures.erase_all(town.context)
    with town.context.database.transaction(town.org_id) as tx:
        load_live(tx, town.context.clock())
    town.send("a word", author="olga")
    assert town.evaluate() == 1
    assert lake.snapshot(lake.items_uri(town.context.lake_root, town.org_id, town.post))
