"""At least 200 random rules over 200 random items: the row engine and DuckDB never differ."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.language.fuzz import accepted_rules, compare, run
from tests.engine.language.item_maker import make_items
from tests.engine.language.rule_maker import Drawn


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 10_000))
def test_random_rules_mean_the_same_in_both_engines(data: st.DataObject, seed: int) -> None:
    rules = accepted_rules(Drawn(data), 4)
    items = make_items(random.Random(seed), 200)
    assert list(compare(rules, items)) == []


def test_a_seeded_run_compares_two_hundred_rules_on_two_hundred_items() -> None:
    compared, differences = run(seed=20260301, outcomes=200 * 400)
    assert compared >= 200 * 200
    assert differences == []
