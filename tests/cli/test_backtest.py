from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from scipy import stats

from tests.cli.commands import Ended, winnow, write_rows
from tests.left_out import DATA

if TYPE_CHECKING:
    from pathlib import Path


def rows() -> list[dict[str, Any]]:
    """40 rows: 20 score above 5, of which 15 are bad; of the others 5 are bad, 5 unlabelled."""
    bad = [True] * 15 + [False] * 5 + [True] * 5 + [False] * 10 + [None] * 5
    return [
        {"n": n, "score": 9 if n < 20 else 1, "bad": label, "flag": label and 1, "lang": "en"}
        for n, label in enumerate(bad)
    ]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "items.jsonl", rows())


def backtest(data: Path, *further: str) -> Ended:
    return winnow("backtest", "--data", data, "--where", "score > 5", *further)


def test_the_figures_come_with_wilson_intervals(data: Path) -> None:
    found = backtest(data, "--truth", "bad", "--json").json
    assert (found["rows"], found["hits"], found["labelled"]) == (40, 20, 35)
    for name, right, of in (("precision", 15, 20), ("recall", 15, 20)):
        interval = stats.binomtest(right, of).proportion_ci(method="wilson")
        assert found[name]["value"] == pytest.approx(right / of)
        assert found[name]["low"] == pytest.approx(interval.low)
        assert found[name]["high"] == pytest.approx(interval.high)
    assert found["f1"]["value"] == pytest.approx(0.75)
    assert found["f1"]["low"] < 0.75 < found["f1"]["high"]
    assert len(found["digest"]) == 64


def test_a_truth_of_ones_and_zeros_is_a_truth(tmp_path: Path) -> None:
    told = [{**row, "flag": None if row["bad"] is None else int(row["bad"])} for row in rows()]
    data = write_rows(tmp_path / "ones.jsonl", told)
    one = backtest(data, "--truth", "flag", "--json").json
    other = backtest(data, "--truth", "bad", "--json").json
    assert one["precision"] == other["precision"]


def test_without_truth_or_baseline_the_unknown_figures_say_why(data: Path) -> None:
    found = backtest(data, "--json").json
    assert found["precision"]["value"] is None
    assert found["precision"]["why"] == "no truth was asked for"
    assert found["flips"]["added"] is None
    assert found["flips"]["why"] == "no baseline to compare with"


def test_a_rule_that_matches_nothing_has_no_precision(data: Path) -> None:
    found = winnow(
        "backtest", "--data", data, "--where", "score > 50", "--truth", "bad", "--json"
    ).json
    assert (found["hits"], found["precision"]["value"]) == (0, None)
    assert found["precision"]["why"] == "no labelled item matches the rule"
    assert found["recall"]["value"] == 0


def test_a_floor_withholds_what_rests_on_too_little(data: Path) -> None:
    found = backtest(data, "--truth", "bad", "--floor", "21", "--json").json
    assert found["precision"]["why"] == "insufficient data: 20 where 21 are asked for"


def test_flips_count_what_only_one_of_two_rules_matches(data: Path) -> None:
    found = backtest(data, "--baseline", "n >= 10 AND n < 22", "--truth", "bad", "--json").json
    assert found["flips"] == {"added": 10, "removed": 2}
    assert found["baseline"]["hits"] == 12
    assert found["mcnemar"]["candidateOnlyRight"] == 10


def test_a_mapped_column_is_the_field_a_rule_names(data: Path) -> None:
    ended = winnow(
        "backtest", "--data", data, "--where", "points > 5", "--map", "points=score", "--json"
    )
    assert ended.json["hits"] == 20


def test_the_same_question_has_the_same_bytes_and_another_has_another_digest(
    data: Path, tmp_path: Path
) -> None:
    one, again = (backtest(data, "--truth", "bad", "--json") for _ in range(2))
    assert one.out == again.out
    changed = write_rows(tmp_path / "more.jsonl", [*rows(), {"n": 99, "score": 1}])
    assert backtest(changed, "--truth", "bad", "--json").json["digest"] != one.json["digest"]
    assert backtest(data, "--json").json["digest"] != one.json["digest"]


def test_people_get_a_table(data: Path) -> None:
    ended = backtest(data, "--truth", "bad", "--baseline", "score > 1", "--segment", "lang")
    assert ended.code == 0
    assert "75.0% (53.1% to 88.8%)" in ended.out
    assert "by segment" in ended.out
    assert "digest" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--truth", "nope"), "there is no column 'nope'"),
        (("--truth", "score"), "row 1 of 'score' is neither 0 nor 1"),
        (("--truth", "lang"), "'lang' is TEXT"),
        (("--segment", "nope"), "'nope' cannot be a segment"),
        (("--baseline", "score >"), "the baseline"),
    ],
)
def test_what_does_not_fit_the_file_is_a_usage_error(
    data: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = backtest(data, *arguments, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.data
def test_real_messages_give_believable_figures() -> None:
    ended = winnow(
        "backtest", "--data", DATA / "text" / "sms_spam.parquet", "--truth", "violating",
        "--where", "regexp_matches(lower(text), 'free|win|claim|prize')", "--json",
    )  # fmt: skip
    assert ended.json["rows"] > 2_000
    assert 0.5 < ended.json["precision"]["low"] < ended.json["precision"]["high"] < 1
