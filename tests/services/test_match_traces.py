"""What matching rules saw is kept with the verdict, and told when everything else has moved on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.items import ItemRef
from engine.permissions import Permission
from services import erasures, explanations, jobs
from services.banks import BANKS
from services.context import Caller, system_caller
from services.explanations import FORGOTTEN, WORKED_OUT, Explanation, ExplanationRequest
from services.item_types import ITEM_TYPES
from services.signals import Installed
from store import match_traces
from tests.engine.language.signal_world import Asked
from tests.services.casework import desk
from tests.services.town import POST, Town
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from engine.language.traces import KeptLeaf
    from services.context import Context
    from tests.world import Organisation

LONG_AFTER = timedelta(days=3650)


@pytest.fixture
def town(context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch) -> Town:
    found = Installed(Asked().environment().signals)
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    return Town(context, org.org_id)


@pytest.fixture
def caller(town: Town) -> Caller:
    return system_caller(town.org_id, "test")


def kept(town: Town) -> dict[int, dict[str, tuple[KeptLeaf, ...]]]:
    """By seq, by rule."""
    rows = town.rows("SELECT seq, traces FROM match_traces ORDER BY seq")
    return {seq: match_traces.parsed(traces) for seq, traces in rows}


def judged(
    town: Town, caller: Caller, rule_id: str, item_id: str, later: timedelta = timedelta(0)
) -> Explanation:
    context = replace(town.context, clock=lambda: town.context.clock() + later)
    asked = ExplanationRequest(town.post, rule_id=rule_id, item_id=item_id, as_evaluated=True)
    return explanations.explain(context, caller, asked)


def item_ids(town: Town) -> list[str]:
    return [each for (each,) in town.rows("SELECT item_id FROM submissions ORDER BY seq")]


def test_only_items_that_some_rule_matched_have_a_trace(town: Town) -> None:
    live = town.rule("live", "text LIKE '%a%' AND likes > 1", town.hook())
    town.send("a", "b", likes=5)
    town.evaluate()
    [(seq, traces)] = kept(town).items()
    [(rule_id, leaves)] = traces.items()
    assert (seq, rule_id) == (1, live)
    assert [(leaf.outcome, leaf.seen) for leaf in leaves] == [(True, ("a",)), (True, (5.0,))]


def test_shadow_rules_and_those_that_are_held_are_traced_as_well(town: Town) -> None:
    shadow = town.rule("shadow", "likes > 1", status="SHADOW")
    capped = town.rule("capped", "likes > 2", town.hook(), maxDailyActions=1)
    town.rule("other", "likes > 100")
    town.send("a", "b", likes=5)
    town.evaluate()
    first, second = kept(town).values()
    assert list(first) == [capped, shadow]
    assert set(second) == {capped, shadow}


def test_counters_are_told_as_they_were_when_their_events_are_long_gone(
    town: Town, caller: Caller
) -> None:
    where = "count_recent(creator, '1 hour') > 2 AND strikes(creator) < 1"
    town.send("a", "b", "c")
    rule_id = town.rule("burst", where, town.hook())
    town.evaluate()
    *_, before, last = item_ids(town)
    told = judged(town, caller, rule_id, last, LONG_AFTER)
    assert told.text.splitlines() == [
        "TRUE    AND",
        "TRUE      count_recent(creator, '1 hour') > 2   -- count_recent(creator, '1 hour') = 3",
        "TRUE      strikes(creator) < 1   -- strikes(creator) = 0",
    ]
    words = "`count_recent(creator, '1 hour')` were 2 or less"
    assert told.counterfactual == f"It would not have matched if {words}."
    assert told.judged_at is not None
    assert told.note.startswith("As judged at 2")
    assert told.outcome is True

    recomputed = judged(town, caller, rule_id, before, LONG_AFTER)
    assert recomputed.note == f"{WORKED_OUT} {FORGOTTEN}"
    assert (recomputed.judged_at, recomputed.outcome) == (None, None)


def test_it_is_told_under_the_rule_and_the_bank_as_they_were(town: Town, caller: Caller) -> None:
    bank = town.bank("scams", "profit")
    rule_id = town.rule("offer", "matches(text, 'scams') AND likes > 1", town.hook())
    town.send("some profit", likes=2)
    town.evaluate()
    town.update(BANKS, bank, {"name": "scams", "terms": [{"text": "loss"}]})
    town.save_rule(rule_id, "offer", "likes > 100")
    told = judged(town, caller, rule_id, item_ids(town)[0])
    assert told.where == "matches(text, 'scams') AND likes > 1"
    assert told.judged_at is not None
    assert [(each.term, each.start) for each in told.found] == [("profit", 5)]
    assert told.counterfactual.startswith("It would not have matched if")


def test_what_is_hidden_stays_hidden(town: Town, caller: Caller) -> None:
    town.update(ITEM_TYPES, town.post, {**POST, "hiddenFields": ["likes"]})
    rule_id = town.rule("liked", "likes > 1 AND text LIKE '%a%'", town.hook())
    town.send("a", likes=77)
    town.evaluate()
    [item_id] = item_ids(town)
    moderator = replace(caller, permissions=caller.permissions - {Permission.VIEW_HIDDEN_FIELDS})
    assert "likes = 77" in judged(town, caller, rule_id, item_id).text
    shown = judged(town, moderator, rule_id, item_id)
    assert "likes = NULL (hidden)" in shown.text
    assert "77" not in str(shown)


def test_what_a_signal_answered_is_kept_and_nobody_is_asked_again(
    town: Town, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_id = town.rule("long", "acme.length(text) > 3 OR acme.shouts(text)", town.hook())
    town.send("hello", "broken")
    town.evaluate()
    first, second = item_ids(town)
    monkeypatch.setattr("engine.language.asking.ask_all", lambda *_: pytest.fail("asked again"))
    told = judged(town, caller, rule_id, first)
    assert "acme.length(text) = 5" in told.text
    failed = judged(town, caller, rule_id, second)
    assert failed.outcome is None
    assert "no answer: broken text" in failed.text
    assert {each.reason for each in failed.missing} == {"broken text"}


def test_erasing_a_person_erases_what_rules_saw_of_them(town: Town, caller: Caller) -> None:
    town.rule("all", "text LIKE '%a%'", town.hook())
    people = [{"id": name, "typeId": town.post} for name in ("mallory", "ann")]
    documents: list[dict[str, object]] = [{"text": "a", "author": each} for each in people]
    with town.context.database.transaction(town.org_id) as tx:
        place(tx, documents, town.post)
    town.evaluate()
    assert list(kept(town)) == [1, 2]
    erasures.erase_person(town.context, caller, ItemRef(town.post, "mallory"))
    erasures.erase_all(town.context)
    assert list(kept(town)) == [2]


def test_the_runtime_role_can_neither_change_nor_delete_a_trace(town: Town) -> None:
    rows: list[Any] = town.rows(
        "SELECT has_table_privilege('match_traces', 'UPDATE'), "
        "has_table_privilege('match_traces', 'DELETE')"
    )
    assert [tuple(row) for row in rows] == [(False, False)]


def test_a_job_shows_what_the_rules_that_opened_it_saw(town: Town, caller: Caller) -> None:
    desk(town.context, town.org_id)
    town.update(ITEM_TYPES, town.post, {**POST, "hiddenFields": ["likes"]})
    steady = town.rule("steady", "text = 'a' AND likes > 3", town.review())
    edited = town.rule("edited", "likes > 4", town.review("Look"))
    town.send("a", likes=77)
    town.evaluate()
    town.save_rule(edited, "edited", "likes > 5", town.review("See"))
    [(job_id,)] = town.rows("SELECT job_id::text FROM jobs")
    sources = {each["ruleId"]: each for each in jobs.view(town.context, caller, job_id).sources}
    assert sources[steady]["trace"].splitlines() == [
        "TRUE    AND",
        "TRUE      text = 'a'   -- text = 'a'",
        "TRUE      likes > 3   -- likes = NULL (hidden)",
    ]
    assert sources[steady]["counterfactual"].startswith("It would not have matched if")
    assert "trace" not in sources[edited]
