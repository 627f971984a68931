from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.actions import Action
from engine.configuration.banks import TextBank
from engine.configuration.configuration import Configuration
from engine.configuration.policies import Policy
from engine.configuration.rules import Example, Rule, Status
from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.packs import Pack, parse_pack, read_packs, render_pack
from engine.packs.live import packs_of
from engine.packs.plan import Plan, plan
from engine.text import Term
from tests.engine.packs.test_pack_files import NOW, SOUND, examples, names, rules, said, texts

POST = ItemType(
    "t1",
    3,
    "Post",
    Kind.CONTENT,
    (
        Field("text", Scalar.STRING, required=True, description="what was said"),
        Field("author", Scalar.RELATED_ITEM),
        Field("likes", Scalar.NUMBER),
    ),
    {Role.CREATOR_ID: "author"},
)
NOTE = ItemType("t2", 1, "Note", Kind.CONTENT, (Field("text", Scalar.STRING),))
OFFERS = TextBank("b1", 4, "offers", terms=(Term("act now"), Term("win 5")))
RULE = Rule(
    "r1",
    7,
    "An offer",
    "matches(text, 'offers')",
    status=Status.LIVE,
    item_type_ids=("t1",),
    action_ids=("a1",),
    policy_ids=("p1",),
    examples=(Example({"text": "act now"}, True), Example({"text": "hi"}, False)),
)  # fmt: skip
LIVE = Configuration(
    1,
    9,
    item_types={"t1": POST, "t2": NOTE},
    policies={"p1": Policy("p1", 1, "Spam")},
    actions={"a1": Action("a1", 1, "Remove")},
    banks={"b1": OFFERS},
    rules={"r1": RULE},
)


def pulled(configuration: Configuration = LIVE) -> tuple[Pack, ...]:
    """What is live, written to files and read again."""
    written = {f"{n}.yaml": render_pack(p) for n, p in enumerate(packs_of(configuration))}
    return read_packs(written)


def planned(text: str, live: Configuration = LIVE) -> Plan:
    return plan([parse_pack(text, "p.yaml")], live, NOW)


def test_pulling_and_applying_changes_nothing() -> None:
    found = plan(pulled(), LIVE, NOW)
    assert (found.changes, found.problems, found.left_alone) == ((), (), ())
    assert found.unchanged == 2


CONDITIONS = ("likes > 3", "text = 'a'", "matches(text, 'offers')", "len(text) > 5")
kept = st.builds(
    replace,
    rules,
    where=st.sampled_from(CONDITIONS),
    item_type_ids=st.sampled_from([("t1",), ("t1", "t2"), ("t2", "t1"), ("t2",)]),
    action_ids=st.sampled_from([(), ("a1",)]),
    policy_ids=st.sampled_from([(), ("p1",)]),
    examples=st.lists(examples, max_size=2).map(tuple),
)


@given(
    st.lists(kept, max_size=4, unique_by=lambda rule: rule.name),
    st.lists(said, max_size=3, unique=True),
    texts,
    names,
)
def test_whatever_is_live_comes_back_as_it_is(
    live_rules: list[Rule], terms: list[str], note: str, type_name: str
) -> None:
    bank = replace(OFFERS, description=note, terms=tuple(Term(term, note=note) for term in terms))
    types = {"t1": replace(POST, name=type_name), "t2": replace(NOTE, name=f"{type_name} 2")}
    live = replace(
        LIVE,
        item_types=types,
        banks={"b1": bank},
        rules={str(n): replace(rule, rule_id=str(n)) for n, rule in enumerate(live_rules)},
    )
    found = plan(pulled(live), live, NOW)
    assert (found.changes, found.problems) == ((), ())


def test_a_new_pack_is_created_in_an_order_that_can_be_saved() -> None:
    text = SOUND.replace("An offer", "Other").replace("offers", "deals")
    text = text.replace("[Post]", "[Post]\n    policies: [Fraud]")
    text += "policies:\n  - {name: Fraud}\n  - {name: Spam, text: left alone}\n"
    found = planned(text.replace("  links: {type: ARRAY, container: {valueScalarType: URL}}\n", ""))
    assert found.problems == ()
    assert [(each.noun, each.name, each.object_id) for each in found.changes] == [
        ("policy", "Fraud", None),
        ("bank", "deals", None),
        ("rule", "Other", None),
    ]
    assert found.left_alone == ("bank `offers`", "rule `An offer`")


def test_a_change_is_told_key_by_key() -> None:
    bank, rule = pulled()
    changed = replace(
        rule.rules[0], status=Status.PAUSED, where="matches(text,'offers')  and likes>1"
    )
    found = plan([bank, replace(rule, rules=(changed,))], LIVE, NOW)
    [change] = found.changes
    assert (change.object_id, change.version) == ("r1", 7)
    assert {each.key: (each.before, each.after) for each in change.differences} == {
        "status": ("LIVE", "PAUSED"),
        "where": ("matches(text, 'offers')", "matches(text, 'offers') AND likes > 1"),
    }


def test_spelling_a_condition_otherwise_changes_nothing() -> None:
    bank, rule = pulled()
    spelled = replace(rule.rules[0], where="MATCHES( text ,'offers' )")
    assert plan([bank, replace(rule, rules=(spelled,))], LIVE, NOW).changes == ()


EVERYWHERE = SOUND.replace("    itemTypes: [Post]\n", "").replace(
    "  links: {type: ARRAY, container: {valueScalarType: URL}}\n", ""
)


def test_a_rule_without_item_types_applies_wherever_its_fields_are() -> None:
    [_, change] = planned(EVERYWHERE).changes
    assert isinstance(change.value, Rule)
    assert change.value.item_type_ids == ("Note", "Post")
    wider = planned(EVERYWHERE.replace("fields:", "fields:\n  likes: NUMBER")).changes
    assert [each.value.item_type_ids for each in wider if isinstance(each.value, Rule)] == [
        ("Post",)
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[Post]", "[Psot]"), "no item type `Psot`"),
        (("[Post]", "[Post]\n    actions: [Rmove]"), "no action `Rmove`"),
        (("[Post]", "[Post]\n    policies: [Fraud]"), "no policy `Fraud`"),
        (("    itemTypes: [Post]\n", ""), "no item type has all the fields"),
        (("matches(text", "matches(txet"), "txet"),
        (("[Post]", "[Post]\n    status: LIVE"), "must match, but it does not"),
    ],
)
def test_what_cannot_be_saved_is_told_before(change: tuple[str, str], words: str) -> None:
    text = SOUND.replace(*change, 1)
    found = planned(text.replace("Win 20", "lose") if "LIVE" in text else text)
    assert [words in each.message for each in found.problems] == [True]
    assert found.problems[0].message.startswith("p.yaml, line 11, rule `An offer`:")


def test_item_types_that_a_rule_shares_are_told_by_their_common_fields() -> None:
    shared: Any = replace(LIVE, rules={"r1": replace(RULE, item_type_ids=("t1", "t2"))})
    _, pack = packs_of(shared)
    assert pack.name == "Note and Post"
    assert [field.name for field in pack.item_type.fields] == ["text"]
    assert pack.item_type.roles == {}
