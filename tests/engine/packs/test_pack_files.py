from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.banks import TextBank
from engine.configuration.policies import Policy, Severity
from engine.configuration.rules import Example, Rule, Status
from engine.errors import InvalidConfiguration, InvalidInput
from engine.items import Container, Field, ItemType, Kind, Role, Scalar
from engine.packs import Pack, parse_pack, read_packs, render_pack, try_packs
from engine.text import Mode, Term

T = TypeVar("T", Rule, TextBank, Policy)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
SOUND = """\
name: offers
fields:
  text: STRING
  links: {type: ARRAY, container: {valueScalarType: URL}}
banks:
  - name: offers
    terms:
      - act now
      - {text: "win [0-9]+", mode: regex}
rules:
  - name: An offer
    where: matches(text, 'offers')
    itemTypes: [Post]
    examples:
      - {matches: true, data: {text: Win 20 today}}
      - {matches: false, data: {text: hello}}
"""


def messages(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        parse_pack(text, "p.yaml")
    return [each.message for each in refused.value.problems] or [refused.value.message]


def test_a_sound_pack_says_what_it_says() -> None:
    pack = parse_pack(SOUND, "p.yaml")
    assert [term.mode for term in pack.banks[0].terms] == [Mode.WORD, Mode.REGEX]
    assert pack.rules[0].item_type_ids == ("Post",)
    assert pack.item_type.fields[1] == Field(
        "links", Scalar.URL, container=Container("ARRAY", None, Scalar.URL)
    )


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("itemTypes: [Post]", "itemTpyes: [Post]"), 13, "itemTpyes"),
        (("itemTypes: [Post]", "itemTypeIds: [Post]"), 11, "ids of itemTypes"),
        (("itemTypes: [Post]", "itemTypes: Post"), 13, "`itemTypes` must be a list"),
        (("itemTypes: [Post]", "status: LIV"), 13, "'LIV'"),
        (("itemTypes: [Post]", "rolloutPercent: 101"), 13, "from 0 to 100"),
        (("fields:", "feilds:"), 2, "feilds"),
        (("text: STRING", "text: STRNG"), 3, "STRNG"),
        (("text: STRING", "text: 3"), 3, "3"),
        (("mode: regex", "mode: glob"), 9, "glob"),
        (("win [0-9]+", "win ["), 9, "term 2"),
        (("- act now", "- 3"), 8, "object"),
        (("matches: true", "matches: yes"), 15, "true or false"),
        (("{matches: true, ", "{"), 15, "must match"),
        (("name: An offer", "nmae: An offer"), 11, "`name` is needed"),
        (("name: offers\nf", "name: 7\nf"), 1, "must be a text"),
        (("    where", "    name: Again\n    where"), 12, "`name` for the second time"),
        (("text: Win 20 today", "text: &a Win"), 15, "an alias or an anchor"),
        (("text: Win 20 today", "text: !!python/name:os.system x"), 15, "the tag"),
        (("    where: matches", "  where: matches"), 12, "not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(change: tuple[str, str], place: int, words: str) -> None:
    text = SOUND.replace(*change, 1)
    assert text != SOUND
    told = [each for each in messages(text) if words in each]
    assert told, messages(text)
    assert told[0].startswith(f"p.yaml, line {place}:")


@pytest.mark.parametrize(
    "text",
    ["", "3", "- a", "null", "---\nname: a\n---\nname: b", "\x00", "[" * 100, "{" * 9000, "a: *b"],
)
def test_what_is_no_pack_is_refused(text: str) -> None:
    assert messages(text)


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    wrong = SOUND.replace("STRING", "STRNG").replace("mode: regex", "mode: glob")
    with pytest.raises(InvalidConfiguration) as refused:
        read_packs({"a.yaml": wrong, "b.yaml": "name: 3"})
    places = [each.message.split(":")[0] for each in refused.value.problems]
    assert places == ["a.yaml, line 3", "a.yaml, line 9", "b.yaml, line 1"]


def test_names_are_unique_over_all_packs() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        read_packs({"a.yaml": SOUND, "b.yaml": SOUND})
    told = " ".join(each.message for each in refused.value.problems)
    assert "a pack of a.yaml" in told
    assert "`An offer` is taken by a rule of a.yaml" in told


def test_a_name_stands_once_in_a_pack() -> None:
    twice = SOUND + SOUND[SOUND.index("  - name: An offer") :]
    assert messages(twice) == [
        "p.yaml, line 17: the name `An offer` stands here for the second time"
    ]


def test_a_sound_pack_passes_its_trial() -> None:
    [trial] = try_packs([parse_pack(SOUND, "p.yaml")], NOW)
    assert trial.passed
    assert [example.outcome for example in trial.rules[0].examples] == [True, False]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("matches(text", "matches(txet"), "txet"),
        (("matches(text, 'offers')", "length(text)"), "TRUE or FALSE"),
        (("'offers')", "'offer')"), "no bank"),
        (("text: Win 20 today", "text: Win 20, today"), "gives `today`"),
    ],
)
def test_a_rule_that_means_nothing_fails_its_trial(change: tuple[str, str], words: str) -> None:
    [trial] = try_packs([parse_pack(SOUND.replace(*change, 1), "p.yaml")], NOW)
    assert not trial.passed
    assert words in trial.rules[0].problems[0].message
    assert trial.rules[0].place == "p.yaml, line 11"


@pytest.mark.parametrize(
    "change",
    [
        ("Win 20", "lose"),
        ("text: hello", "text: act now"),
        ("data: {text: hello}", "data: {links: 3}"),
    ],
)
def test_an_example_that_does_not_hold_fails_the_trial(change: tuple[str, str]) -> None:
    [trial] = try_packs([parse_pack(SOUND.replace(*change, 1), "p.yaml")], NOW)
    failed = [each for each in trial.rules[0].examples if not each.passed]
    assert len(failed) == 1
    assert not trial.passed


def test_a_rule_may_name_a_bank_of_another_pack() -> None:
    head, _, _ = SOUND.partition("banks:")
    other = head.replace("offers", "other") + SOUND[SOUND.index("rules:") :]
    packs = read_packs({"a.yaml": other, "b.yaml": SOUND.replace("An offer", "One")})
    assert all(trial.passed for trial in try_packs(packs, NOW))


def test_an_example_may_name_any_item_type() -> None:
    text = SOUND.replace("fields:", "fields:\n  author: RELATED_ITEM", 1)
    text = text.replace("text: hello", "author: {id: a, typeId: whoever}")
    [trial] = try_packs([parse_pack(text, "p.yaml")], NOW)
    assert trial.passed


# -- what is written reads back the same ----------------------------------------------------------

names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
said = texts.filter(str.strip)
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3),
    max_leaves=6,
)
examples = st.builds(
    Example, data=st.dictionaries(names, values, max_size=3), matches=st.booleans(), note=texts
)
listed = st.lists(names, max_size=3, unique=True).map(tuple)
rules = st.builds(
    Rule,
    rule_id=st.just(""),
    version=st.just(0),
    name=said,
    where=said,
    description=texts,
    status=st.sampled_from(Status),
    rollout_percent=st.integers(0, 100),
    item_type_ids=listed,
    action_ids=listed,
    policy_ids=listed,
    tags=listed,
    max_daily_actions=st.none() | st.integers(0, 1000),
    expires_at=st.none() | st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    examples=st.lists(examples, max_size=3).map(tuple),
)
banks = st.builds(
    TextBank,
    bank_id=st.just(""),
    version=st.just(0),
    name=said,
    description=texts,
    terms=st.lists(
        st.builds(Term, said, st.sampled_from([Mode.WORD, Mode.SUBSTRING]), texts), max_size=4
    ).map(tuple),
)
policies = st.builds(
    Policy,
    policy_id=st.just(""),
    version=st.just(0),
    name=said,
    text=texts,
    guidelines=texts,
    severity=st.sampled_from(Severity),
    strike_weight=st.integers(0, 9),
)
FIELDS = (
    Field("text", Scalar.STRING, required=True),
    Field("mood", Scalar.ENUM, options=("up", "no", "1:30")),
    Field("links", Scalar.URL, container=Container("ARRAY", None, Scalar.URL)),
    Field("place", Scalar.OBJECT, fields=(Field("city", Scalar.STRING, description="d"),)),
    Field("author", Scalar.RELATED_ITEM),
)


def unique(each: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(each, max_size=3, unique_by=lambda made: made.name).map(tuple)


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    name = draw(names)
    fields = draw(st.lists(st.sampled_from(FIELDS), unique_by=lambda f: f.name).map(tuple))
    roles = {Role.CREATOR_ID: "author"} if FIELDS[4] in fields else {}
    return Pack(
        name=name,
        item_type=ItemType(name, 1, name, Kind.CONTENT, fields, roles),
        description=draw(texts),
        policies=draw(unique(policies)),
        banks=draw(unique(banks)),
        rules=draw(unique(rules)),
    )


@given(packs())
def test_what_is_written_reads_back_the_same(pack: Pack) -> None:
    assert parse_pack(render_pack(pack), "p.yaml") == pack
