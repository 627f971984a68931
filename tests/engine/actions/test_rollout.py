from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.actions.rollout import in_rollout

SUBJECTS = [f"user-{n}" for n in range(2000)]


def test_nobody_at_nought_and_everybody_at_a_hundred() -> None:
    assert not any(in_rollout("r", s, 0) for s in SUBJECTS)
    assert all(in_rollout("r", s, 100) for s in SUBJECTS)


def test_a_quarter_is_about_a_quarter() -> None:
    assert 400 < sum(in_rollout("r", s, 25) for s in SUBJECTS) < 600


def test_two_rules_choose_different_people() -> None:
    first, second = ({s for s in SUBJECTS if in_rollout(rule, s, 50)} for rule in ("r1", "r2"))
    assert 300 < len(first & second) < 700


def test_the_share_is_the_same_tomorrow() -> None:
    assert [s for s in SUBJECTS[:12] if in_rollout("rule-1", s, 30)] == [
        "user-3", "user-9", "user-10", "user-11",
    ]  # fmt: skip


@given(subject=st.text(), low=st.integers(0, 100), high=st.integers(0, 100))
def test_raising_the_percentage_only_adds_people(subject: str, low: int, high: int) -> None:
    low, high = sorted((low, high))
    assert in_rollout("r", subject, low) <= in_rollout("r", subject, high)
