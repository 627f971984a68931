"""Names for ids and back: nothing else changes, whatever a document holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.bank_entries import merged
from engine.configuration.differences import difference
from engine.configuration.exchange import (
    Known,
    exported,
    imported,
    with_secrets,
    without_secrets,
)
from engine.text import Term

HERE = (Known("action", "Remove it", "id-1"), Known("policy", "It's/odd", "id-2"))
THERE = (Known("action", "Remove it", "id-8"), Known("policy", "It's/odd", "id-9"))
TEXTS = st.sampled_from(
    ["id-1", "id-2", "@action/Remove it", "@@policy/x", "@ann", "it's", "", "@action/"]
) | st.text(max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS.filter(lambda key: key != "schema"), VALUES, max_size=4))
def test_what_goes_out_comes_back_as_it_was(document: dict[str, Any]) -> None:
    back, problems = imported(exported(document, HERE), HERE, "")
    assert (back, problems) == (document, ())


@given(st.lists(TEXTS, max_size=4))
def test_literals_of_a_condition_come_back(literals: list[str]) -> None:
    quoted = ["'" + each.replace("'", "''") + "'" for each in literals]
    document = {"where": " OR ".join(f"text = {each}" for each in quoted)}
    back, problems = imported(exported(document, HERE), HERE, "")
    assert (back, problems) == (document, ())


def test_elsewhere_the_same_name_has_another_id() -> None:
    document = {"actionIds": ["id-1"], "where": "x = 'id-2'", "by": {"id-1": {"days": 1}}}
    out = exported(document, HERE)
    assert out["where"] == "x = '@policy/It''s/odd'"
    back, problems = imported(out, THERE, "")
    assert problems == ()
    assert back == {"actionIds": ["id-8"], "where": "x = 'id-9'", "by": {"id-8": {"days": 1}}}
    _, [problem] = imported({"actionIds": ["@action/Gone"]}, THERE, "/rules/3")
    assert (problem.message, problem.pointer) == (
        "there is no action `Gone`",
        "/rules/3/actionIds/0",
    )


def test_headers_are_left_out_and_filled_in_again() -> None:
    action = {"callbackUrlHeaders": {"Key": "secret"}, "callbackUrlBody": {"headers": {"a": 1}}}
    settings = {"appealCallback": {"url": "u", "headers": {"Key": "secret"}, "body": {}}}
    assert without_secrets(action)["callbackUrlHeaders"] == {"Key": None}
    assert without_secrets(action)["callbackUrlBody"] == {"headers": {"a": 1}}
    for document in (action, settings):
        assert "secret" not in str(without_secrets(document))
        assert with_secrets(without_secrets(document), document) == (document, ())
    filled, missing = with_secrets(without_secrets(action), {})
    assert (filled["callbackUrlHeaders"], missing) == ({"Key": ""}, ("Key",))


TERMS = st.lists(st.builds(Term, st.sampled_from("abcdef"), note=st.sampled_from("xy")), max_size=6)


@given(before=TERMS, file=TERMS, replace=st.booleans())
def test_entries_are_merged_once_and_in_place(
    *, before: list[Term], file: list[Term], replace: bool
) -> None:
    current = list({term.text: term for term in before}.values())
    wanted = list({term.text: term for term in file}.values())
    found = merged(current, wanted, replace=replace)
    again = merged(found.terms, wanted, replace=replace)
    assert (again.terms, again.added, again.changed, again.removed) == (found.terms, 0, 0, 0)
    assert set(wanted) <= set(found.terms)
    assert len(found.terms) == len(current) + found.added - found.removed
    if replace:
        assert {term.text for term in found.terms} == {term.text for term in wanted}


@given(
    st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
    st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
)
def test_a_difference_names_exactly_what_changed(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = difference(before, after)
    assert {each.key for each in found.changes} == {
        key for key in {*before, *after} if before.get(key) != after.get(key)
    }
    assert difference(after, after).text == ""


def test_a_diff_counts_lines_from_the_beginning_of_the_whole_text() -> None:
    before = {"terms": [f"t{n}" for n in range(40)]}
    after = {"terms": [*before["terms"][:20], "new", *before["terms"][20:]]}
    assert difference(before, after).text.splitlines() == [
        "@@ -19,6 +19,7 @@",
        *("   - t17", "   - t18", "   - t19", "+  - new", "   - t20", "   - t21", "   - t22"),
    ]
