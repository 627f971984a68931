from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language import check, compile_ruleset
from engine.language.asking import Case
from engine.language.explain import judge, render, trace
from engine.language.nodes import Environment
from engine.language.signal_forms import name_problem
from engine.signals import Failed, Signal
from tests.engine.language.signal_world import Asked, over_columns, rule_of
from tests.engine.language.world import ARRIVAL, SCHEMA, Placed

Row = dict[str, object]


def outcomes(rule: str, rows: list[Row], asked: Asked, *, exact: bool = True) -> list[bool | None]:
    environment = asked.environment()
    ruleset = compile_ruleset({"rule": rule_of(rule, environment)}, environment, exact=exact)
    found = ruleset.evaluate_all([Case(row, (), ARRIVAL) for row in rows])
    return [each.values[0] for each in found]


def problem(rule: str) -> tuple[str, str]:
    found = check(rule, SCHEMA, Asked().environment()).diagnostics[0]
    return found.code, found.hint


@pytest.mark.parametrize(
    ("rule", "row", "outcome"),
    [
        ("acme.length(text) > 3", {"text": "four"}, True),
        ("acme.length(text) > 3", {"text": "no"}, False),
        ("acme.length(text) > 3", {}, None),
        ("acme.length(text) > 3", {"text": "broken"}, None),
        ("acme.shouts(text)", {"text": "HELLO"}, True),
        ("acme.shouts(text || '!')", {"text": "HELLO"}, True),
        ("acme.part(text) = 'one'", {"text": "one two"}, True),
        ("acme.part(text, 2) = 'two'", {"text": "one two"}, True),
        ("acme.part(text, 3) IS NULL", {"text": "one two"}, True),
        ("list_contains(acme.words(text), 'two')", {"text": "one two"}, True),
        ("acme.length(acme.part(text, 2)) = 3", {"text": "one two"}, True),
        ("acme.shouts(tags)", {"tags": ["quiet", "LOUD"]}, True),
        ("acme.shouts(tags)", {"tags": ["quiet", None]}, False),
        ("acme.shouts(tags)", {"tags": []}, False),
        ("acme.shouts(tags)", {"tags": ["quiet", "broken"]}, None),
        ("acme.shouts(tags)", {"tags": ["LOUD", "broken"]}, True),
        ("acme.length(tags) = 5", {"tags": ["quiet", "low", "broken"]}, True),
        ("acme.length(tags) = 0", {"tags": []}, True),
        ("acme.length(tags) = 0", {"tags": ["broken"]}, None),
    ],
)
def test_a_signal_means_the_same_on_a_row_and_on_a_column(
    rule: str, row: Row, outcome: object
) -> None:
    asked = Asked()
    assert outcomes(rule, [row], asked) == [outcome]
    assert over_columns([rule], asked.environment(), [Placed(row)])[0] == [(outcome,)]


@pytest.mark.parametrize(
    ("rule", "code", "hint"),
    [
        ("acme.lenght(text) > 1", "unknown-function", "Did you mean acme.length?"),
        ("acme.length(score) > 1", "wrong-type", "It takes value TEXT."),
        ("acme.part(text, score) = 'a'", "not-a-literal", "Write acme.part(value, place)"),
        ("acme.length(text, 1) > 1", "wrong-count", "Write acme.length(list)."),
        ("acme.part(tags) = 'a'", "wrong-type", "list_contains"),
        ("count_recent(creator, '1 hour', acme.shouts(text)) > 1", "bad-condition", "signals"),
    ],
)
def test_a_wrong_call_is_told_as_of_any_function(rule: str, code: str, hint: str) -> None:
    found = problem(rule)
    assert found[0] == code
    assert hint in found[1]


@pytest.mark.parametrize("name", ["matches", "length", "length.of", "creator.age", "select.x"])
def test_a_signal_may_not_take_a_name_that_means_something(name: str) -> None:
    assert name_problem(name)


def test_a_vendor_and_a_name_are_free() -> None:
    assert name_problem("acme.length") == ""


# -- what is asked, and what is not ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "row", "asked"),
    [
        ("score > 1 AND acme.length(text) > 3", {"score": 0.0, "text": "a"}, set()),
        ("score > 1 OR acme.length(text) > 3", {"score": 2.0, "text": "a"}, set()),
        ("score > 1 AND acme.length(text) > 3", {"score": 2.0, "text": "a"}, {"acme.length"}),
        ("NOT (score > 1 OR acme.length(text) > 3)", {"score": 2.0, "text": "a"}, set()),
        ("acme.shouts(text) AND acme.length(text) > 3", {"text": "a"}, {"acme.length"}),
        ("acme.shouts(text) OR acme.length(text) > 3", {"text": "long"}, {"acme.length"}),
        (
            "(score > 1 AND acme.length(text) > 9) OR (size > 1 AND acme.shouts(text))",
            {"score": 0.0, "size": 2.0, "text": "a"},
            {"acme.shouts"},
        ),
        (
            "CASE WHEN score > 1 THEN acme.shouts(text) ELSE FALSE END",
            {"text": "a"},
            {"acme.shouts"},
        ),
        ("score > 1 AND acme.length(text) IS NULL", {"score": 0.0, "text": "a"}, set()),
    ],
)
def test_only_what_an_outcome_depends_on_is_asked(rule: str, row: Row, asked: set[str]) -> None:
    remembered = Asked()
    outcomes(rule, [row], remembered)
    assert set(remembered.values) == asked
    columns = Asked()
    over_columns([rule], columns.environment(), [Placed(row)])
    assert {name for name, values in columns.asked.items() if values} == asked


def test_an_unknown_beside_a_signal_is_not_asked_about_where_only_true_counts() -> None:
    rule = "score > 1 AND acme.shouts(text)"
    for exact, calls in ((True, {"acme.shouts": ["LOUD"]}), (False, {})):
        asked = Asked()
        assert outcomes(rule, [{"text": "LOUD"}], asked, exact=exact) == [None]
        assert asked.asked == calls


def test_a_batch_asks_once_about_each_distinct_value() -> None:
    asked = Asked()
    rows: list[Row] = [{"text": text, "other": "b"} for text in ("a", "b", "a", "c")]
    outcomes("acme.length(text) > 1 OR acme.length(other) > 1", rows, asked)
    assert asked.values == {"acme.length": [("a", "b", "c")]}


def test_a_column_asks_once_about_each_distinct_value() -> None:
    asked = Asked()
    items = [Placed({"text": text, "score": 2.0}) for text in ("a", "b", "a", "c")]
    items.append(Placed({"text": "never", "score": 0.0}))
    over_columns(["score > 1 AND acme.length(text) > 1"], asked.environment(), items)
    assert sorted(asked.asked["acme.length"]) == ["a", "b", "c"]


# -- what fails -----------------------------------------------------------------------------------


def test_two_signals_asked_about_the_same_values_keep_their_answers_apart() -> None:
    environment = Asked().environment()
    rules = ["acme.length(text) > 3", "acme.shouts(text)", "acme.part(text, 1) = 'no'"]
    found, _ = over_columns(
        rules, environment, [Placed({"text": "four"}, ARRIVAL), Placed({"text": "NO"}, ARRIVAL)]
    )
    assert found == [(True, False, False), (False, True, False)]


def test_what_fails_is_named_with_its_reason_and_the_rules_that_asked() -> None:
    environment = Asked().environment()
    rules = {name: rule_of(name, environment) for name in ("score > 1", "acme.shouts(tags)")}
    [found] = compile_ruleset(rules, environment).evaluate_all(
        [Case({"tags": ["broken", "broken too", "a"]}, (), ARRIVAL)]
    )
    [missing] = found.missing
    assert (missing.signal, missing.version, missing.count) == ("acme.shouts", "1", 2)
    assert missing.reason == "broken text"
    assert missing.rules == (1,)


def test_a_column_counts_the_values_without_an_answer() -> None:
    items = [Placed({"text": text}) for text in ("broken", "broken", "broken 2", "fine")]
    _, unanswered = over_columns(["acme.shouts(text)"], Asked().environment(), items)
    assert [(each.reason, each.count) for each in unanswered] == [("broken text", 2)]


@pytest.mark.parametrize(
    ("given_back", "reason"),
    [
        (["not a number"], "str is no NUMBER"),
        ([True], "bool is no NUMBER"),
        ([float("nan")], "the number is not finite"),
        ([1.0, 2.0], "2 answers to 1 values"),
        ([Failed("too dark")], "too dark"),
        (None, "TypeError: "),
    ],
)
def test_what_is_no_answer_is_unknown(given_back: list[object] | None, reason: str) -> None:
    signal = Signal(
        "acme.odd",
        "1",
        "",
        ("TEXT",),
        "NUMBER",
        lambda _values, _options: given_back,  # type: ignore[arg-type,return-value]
    )
    environment = Environment(signals={signal.name: signal})
    rule = rule_of("acme.odd(text) > 0", environment)
    [found] = compile_ruleset({"rule": rule}, environment).evaluate_all(
        [Case({"text": "a"}, (), ARRIVAL)]
    )
    assert found.values == (None,)
    assert found.missing[0].reason.startswith(reason)


# -- explained ------------------------------------------------------------------------------------

UNKNOWN = "unknown   acme.shouts(text)   -- acme.shouts(text) = NULL"


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (
            {"score": 0.0, "text": "LOUD"},
            [
                "FALSE   AND",
                "FALSE     score > 1   -- score = 0",
                f"{UNKNOWN} (not asked: the other conditions decide), text = 'LOUD'",
            ],
        ),
        (
            {"score": 2.0, "text": "broken"},
            [
                "unknown AND",
                "TRUE      score > 1   -- score = 2",
                f"{UNKNOWN} (no answer: broken text), text = 'broken'",
            ],
        ),
    ],
)
def test_an_explanation_says_why_a_signal_is_unknown(row: Row, lines: list[str]) -> None:
    environment = Asked().environment()
    rule = rule_of("score > 1 AND acme.shouts(text)", environment)
    judged = judge(rule, environment, row, (), ARRIVAL)
    assert render(trace(judged)).splitlines() == lines


# -- the algebra ----------------------------------------------------------------------------------

_LEAVES = (
    "verified",
    "score > 1",
    "size > 1",
    "acme.shouts(text)",
    "acme.length(text) > 3",
    "acme.shouts(other)",
    "acme.length(other) IS NULL",
    "COALESCE(acme.shouts(text), verified)",
)
_RULES = st.recursive(
    st.sampled_from(_LEAVES),
    lambda rules: st.one_of(
        rules.map(lambda rule: f"(NOT {rule})"),
        st.lists(rules, min_size=2, max_size=4).map(lambda each: f"({' AND '.join(each)})"),
        st.lists(rules, min_size=2, max_size=4).map(lambda each: f"({' OR '.join(each)})"),
    ),
    max_leaves=10,
)
_ROWS: list[Row] = [
    {"verified": v, "score": s, "size": s, "text": t, "other": o}
    for v, s, t, o in product(
        (True, False, None), (0.0, 2.0, None), ("LOUD", "no", "broken"), ("A", None)
    )
]


def told_everything(rule: str) -> list[bool | None]:
    """The outcomes where every signal is asked whether needed or not."""
    environment = Asked().environment()
    predicate = rule_of(rule, environment)
    ruleset = compile_ruleset({"rule": predicate}, environment)
    if ruleset.asking is None:
        return [ruleset.evaluate(row, (), ARRIVAL)[0] for row in _ROWS]
    everything = replace(
        ruleset.asking.plan,
        rounds=tuple(
            replace(each, needs=lambda *_given, count=len(each.places): (True,) * count)
            for each in ruleset.asking.plan.rounds
        ),
    )
    asking = replace(ruleset.asking, plan=everything)
    return [each.values[0] for each in asking.outcomes([Case(row, (), ARRIVAL) for row in _ROWS])]


@given(_RULES)
@settings(max_examples=150, deadline=None)
def test_asking_less_never_changes_an_outcome(rule: str) -> None:
    assert outcomes(rule, _ROWS, Asked()) == told_everything(rule)


@given(_RULES)
@settings(max_examples=150, deadline=None)
def test_asking_only_for_what_may_be_true_never_changes_what_is(rule: str) -> None:
    found = outcomes(rule, _ROWS, Asked(), exact=False)
    assert [each is True for each in found] == [each is True for each in told_everything(rule)]


@given(_RULES)
@settings(max_examples=25, deadline=None)
def test_columns_answer_as_rows_do(rule: str) -> None:
    found, _ = over_columns([rule], Asked().environment(), [Placed(row) for row in _ROWS])
    assert [each for (each,) in found] == told_everything(rule)


def test_elements_are_not_asked_about_one_by_one() -> None:
    assert problem("any(tags, acme.shouts(tags))")[0] == "bad-element"
    assert outcomes("any(tags = 'x') AND acme.shouts(tags)", [{"tags": ["x", "A"]}], Asked()) == [
        True
    ]
