"""Items that could not be evaluated: seen with their reason, and sent through the rules again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import NotFound, PermissionDenied
from engine.permissions import Permission
from services import audit, overview, set_aside
from services.context import Caller, Context, system_caller
from services.evaluation import ALONE, SUSPECT
from tests.services.test_evaluation import sabotage
from tests.services.town import Town

if TYPE_CHECKING:
    from tests.world import MovableClock, Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.fixture
def ada(org: Organisation) -> Caller:
    return Caller(org.org_id, "user:ada", frozenset(Permission))


def failed(
    town: Town, clock: MovableClock, monkeypatch: pytest.MonkeyPatch, *seqs: int
) -> set[int]:
    """Five items, of which these fail until they are set aside; clear the set to mend them."""
    town.send(*[f"x{n}" for n in range(5)])
    bad = sabotage(monkeypatch, *seqs)
    town.evaluate()
    for _ in range(2):
        clock.advance(seconds=3)
        town.evaluate(SUSPECT)
        town.evaluate(ALONE)
    return bad


def test_what_failed_is_listed_with_its_reason_page_by_page(
    town: Town, ada: Caller, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(town, clock, monkeypatch, 2, 4)
    first = set_aside.list_set_aside(town.context, ada, limit=1)
    (item,) = first.items
    assert (item.seq, item.item_type_name) == (2, "Post")
    assert item.reason == "RuntimeError: seq 2 is too much"
    assert first.next_cursor == "2"
    rest = set_aside.list_set_aside(town.context, ada, limit=1, after=2)
    assert ([item.seq for item in rest.items], rest.next_cursor) == ([4], None)
    assert overview.figures(town.context, ada, 1).set_aside == 2


def test_a_replayed_item_is_evaluated_once_its_cause_is_mended(
    town: Town, ada: Caller, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = failed(town, clock, monkeypatch, 3)
    bad.clear()
    set_aside.replay(town.context, ada, 3)
    assert town.evaluate() == 1
    assert sorted(town.matched()) == [1, 2, 3, 4, 5]
    assert set_aside.list_set_aside(town.context, ada, limit=9).items == ()
    with pytest.raises(NotFound, match="place 3"):
        set_aside.replay(town.context, ada, 3)


def test_all_are_replayed_at_once_and_the_log_tells_who_did_it(
    town: Town, ada: Caller, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = failed(town, clock, monkeypatch, 1, 5)
    bad.clear()
    assert set_aside.replay_all(town.context, ada) == 2
    assert set_aside.replay_all(town.context, ada) == 0
    assert town.evaluate() == 2
    caller = system_caller(town.org_id, "test")
    told = audit.list_audit(town.context, caller, subject_kind="submission")
    assert [(one.actor, one.event, one.subject_id) for one in told] == [
        ("user:ada", "submission:replay", "all"),
        ("system:evaluation", "submission:set-aside", "5"),
        ("system:evaluation", "submission:set-aside", "1"),
    ]
    assert told[0].detail == {"items": 2, "places": [1, 5]}
    assert told[1].detail["reason"] == "RuntimeError: seq 5 is too much"


def test_looking_and_replaying_take_their_permissions(town: Town) -> None:
    looker = Caller(town.org_id, "user:ann", frozenset({Permission.VIEW_INVESTIGATION}))
    assert set_aside.list_set_aside(town.context, looker, limit=9).items == ()
    with pytest.raises(PermissionDenied):
        set_aside.replay_all(town.context, looker)
    nobody = Caller(town.org_id, "user:bob", frozenset({Permission.VIEW_MRT}))
    with pytest.raises(PermissionDenied):
        set_aside.list_set_aside(town.context, nobody, limit=9)
