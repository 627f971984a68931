"""A policy says what it means in several languages, and what it weighs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.policies import (
    Policy,
    Severity,
    Wording,
    parse_policy,
    policy_document,
)
from engine.errors import InvalidConfiguration

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
wordings = st.builds(Wording, texts, texts, texts)
policies = st.builds(
    Policy,
    policy_id=st.just("p"),
    version=st.just(1),
    name=texts.filter(lambda name: bool(name.strip())),
    text=texts,
    guidelines=texts,
    severity=st.sampled_from(Severity),
    strike_weight=st.none() | st.integers(0, 1000),
    type=texts,
    locales=st.dictionaries(st.sampled_from(["de", "de-AT", "zh-Hant-TW", "sr"]), wordings),
)


@given(policies)
def test_what_is_stored_reads_back_the_same(policy: Policy) -> None:
    assert parse_policy("p", 1, policy_document(policy)) == policy


def test_a_weight_that_is_not_given_is_inherited() -> None:
    assert parse_policy("p", 1, {"name": "a"}).strike_weight is None
    assert parse_policy("p", 1, {"name": "a", "strikeWeight": 0}).strike_weight == 0


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("de", "Betrug", "No scams."),
        ("de-CH", "Betrug", "No scams."),
        ("DE-at", "Gaunerei", "Nichts gegen Vorkasse."),
        ("fr", "Scams", "No scams."),
        ("", "Scams", "No scams."),
    ],
)
def test_a_policy_is_worded_in_the_nearest_language(language: str, name: str, text: str) -> None:
    locales = {"de": Wording("Betrug"), "de-AT": Wording("Gaunerei", "Nichts gegen Vorkasse.")}
    policy = Policy("p", 1, "Scams", text="No scams.", locales=locales)
    said = policy.wording(language)
    assert (said.name, said.text) == (name, text)


@pytest.mark.parametrize(
    ("locales", "pointer"),
    [
        ({"german!": {"name": "x"}}, "/locales/german!"),
        ({"de": "Betrug"}, "/locales/de"),
        ({"de": {"nmae": "x"}}, "/locales/de/nmae"),
        ({"de": {"name": "x" * 256}}, "/locales/de/name"),
        (["de"], "/locales"),
    ],
)
def test_a_wording_is_checked_where_it_is(locales: object, pointer: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_policy("p", 1, {"name": "a", "locales": locales})
    assert pointer in [problem.pointer for problem in refused.value.problems]
