from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.casework.decisions import (
    UNDO_WINDOW,
    DecisionKind,
    Label,
    Verdict,
    check_undo,
    judge,
    labels_of,
    offered_actions,
)
from engine.configuration.actions import Action
from engine.configuration.configuration import Configuration
from engine.configuration.parameters import Parameter, ParameterType
from engine.configuration.policies import Policy
from engine.configuration.queues import Queue
from engine.errors import Conflict, InvalidInput

NOTE = Parameter("note", "Note", ParameterType.STRING, required=True)
CONFIGURATION = Configuration(
    org_id=1,
    config_version=1,
    actions={
        "ban": Action("ban", 1, "Ban", parameters=(NOTE,)),
        "hide": Action("hide", 1, "hide", item_type_ids=("post",)),
        "nuke": Action("nuke", 1, "Nuke"),
    },
    policies={"hate": Policy("hate", 1, "Hate")},
    queues={"q": Queue("q", 1, "Queue", hidden_action_ids=("nuke",))},
)
ACT = DecisionKind.CUSTOM_ACTION


def test_chosen_actions_carry_their_values() -> None:
    verdict = Verdict(ACT, ("ban",), ("hate",), parameters={"ban": {"note": "rude"}})
    (chosen,) = judge(verdict, "post", "q", CONFIGURATION)
    assert (chosen.action.action_id, chosen.values) == ("ban", {"note": "rude"})


@pytest.mark.parametrize(
    ("verdict", "pointer", "words"),
    [
        (Verdict(ACT), "/actionIds", "at least one"),
        (Verdict(DecisionKind.IGNORE, ("hide",)), "/actionIds", "takes no actions"),
        (Verdict(ACT, ("gone",)), "/actionIds/0", "no action `gone`"),
        (Verdict(ACT, ("hide", "nuke")), "/actionIds/1", "may not be taken"),
        (Verdict(ACT, ("hide",), ("x",)), "/policyIds/0", "no policy `x`"),
        (Verdict(ACT, ("ban",)), "/parameters/ban/note", "is needed"),
        (Verdict(ACT, ("hide",), parameters={"ban": {}}), "/parameters/ban", "was not chosen"),
        (Verdict(DecisionKind.IGNORE, reason="x" * 5001), "/reason", "5000"),
    ],
)
def test_a_verdict_that_cannot_be_is_refused(verdict: Verdict, pointer: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        judge(verdict, "post", "q", CONFIGURATION)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert words in refused.value.problems[0].message


def test_an_action_for_another_item_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not for items of this type"):
        judge(Verdict(ACT, ("hide",)), "user", "q", CONFIGURATION)


def test_hidden_and_foreign_actions_are_not_offered() -> None:
    offered = [action.action_id for action in offered_actions("post", "q", CONFIGURATION)]
    assert offered == ["ban", "hide"]
    assert [a.action_id for a in offered_actions("user", "q", CONFIGURATION)] == ["ban"]


@pytest.mark.parametrize(
    ("verdict", "opened_for", "labels"),
    [
        (Verdict(ACT, ("ban",), ("hate",)), ("spam",), (Label("hate", True),)),
        (Verdict(ACT, ("ban",)), ("spam",), (Label("spam", True),)),
        (Verdict(ACT, ("ban",)), (), (Label(None, True),)),
        (Verdict(DecisionKind.IGNORE), ("a", "b"), (Label("a", False), Label("b", False))),
        (Verdict(DecisionKind.IGNORE), (), (Label(None, False),)),
    ],
)
def test_a_decision_labels_the_item(
    verdict: Verdict, opened_for: tuple[str, ...], labels: tuple[Label, ...]
) -> None:
    assert labels_of(verdict, opened_for) == labels


AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "actor", "undone", "words"),
    [
        (UNDO_WINDOW, "user:ann", False, "seconds"),
        (timedelta(0), "user:bob", False, "only the person"),
        (timedelta(0), "user:ann", True, "already"),
    ],
)
def test_an_undo_too_late_by_another_or_twice_is_refused(
    after: timedelta, actor: str, *, undone: bool, words: str
) -> None:
    with pytest.raises(Conflict, match=words):
        check_undo(decided_by="user:ann", decided_at=AT, undone=undone, actor=actor, now=AT + after)


def test_an_undo_in_time_is_allowed() -> None:
    almost = AT + UNDO_WINDOW - timedelta(microseconds=1)
    try:
        check_undo(decided_by="a", decided_at=AT, undone=False, actor="a", now=almost)
        allowed = True
    except Conflict:
        allowed = False
    assert allowed
