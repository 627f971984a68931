"""What is taken out of a job when its reports are taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.casework.reports import Standing, fact_ids, policies_without, sources_without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULE = {"kind": "RULE_EXECUTION", "ruleId": "r", "policyIds": ["spam"]}
RITA = {"kind": "REPORT", "reportId": "1", "policyId": "scams"}
RITA_TOO = {"kind": "REPORT", "reportId": "2", "policyId": "spam"}
BOB = {"kind": "REPORT", "reportId": "3", "policyId": "scams"}


@pytest.mark.parametrize(
    ("sources", "policies", "left"),
    [
        ([RITA], ["scams"], []),
        ([RITA, BOB], ["scams"], ["scams"]),
        ([RITA, RITA_TOO, RULE], ["scams", "spam"], ["spam"]),
        ([RITA], ["scams", "other"], ["other"]),
        ([RULE], ["spam"], ["spam"]),
    ],
)
def test_a_policy_goes_with_the_last_report_that_named_it(
    sources: Sequence[Mapping[str, object]], policies: list[str], left: list[str]
) -> None:
    assert policies_without(policies, sources, {"1", "2"}) == left


def test_other_reasons_stay_in_their_order() -> None:
    assert sources_without([RITA, RULE, RITA_TOO, BOB], {"1", "2"}) == [RULE, BOB]


def test_the_facts_of_a_report_are_found_again() -> None:
    report_id = "0b6f3a36-7a1c-4c4c-9d39-2f3b8ad6c1aa"
    assert fact_ids(report_id) == fact_ids(report_id)
    assert len(set(fact_ids(report_id))) == 2


@pytest.mark.parametrize(
    ("standing", "accuracy"),
    [
        (Standing(3, 3, 0, 0, 0), None),
        (Standing(5, 1, 3, 1, 0), 0.75),
        (Standing(2, 0, 0, 0, 2), 0.0),
    ],
)
def test_accuracy_is_of_what_was_settled(standing: Standing, accuracy: float | None) -> None:
    assert standing.accuracy == accuracy
