from __future__ import annotations

import pytest

from engine.language import Diagnostic, check
from engine.language.diagnostics import LARGEST_REPORT
from tests.engine.language.world import BANKS, SCHEMA

MISTAKES = [
    ("'1' = 1", "wrong-type", "Write 1 without quotes to compare numbers.", (1, 1, 7)),
    ("score = '5'", "wrong-type", "Write 5 without quotes to compare numbers.", (1, 1, 11)),
    ("text = 5", "wrong-type", "Write '5' in quotes to compare texts.", (1, 1, 8)),
    ("verified = 'true'", "wrong-type", "Write TRUE without quotes.", (1, 1, 17)),
    ("age(created_at) > 7", "wrong-type", "Compare a length of time with INTERVAL '7 days'.", None),
    ("created_at > '2026-01-01'", "wrong-type", "Write TIMESTAMP '2026-01-01' to compare", None),
    ("creator = 'u1'", "wrong-type", "Compare its id, as in creator.id = 'abc'.", (1, 1, 14)),
    ("tags = 'a'", "wrong-type", "Use list_contains(list, value)", (1, 1, 10)),
    ("length(score) > 1", "wrong-type", "It takes text TEXT.", (1, 1, 13)),
    ("verified AND scor > 1", "unknown-field", "Did you mean score?", (1, 14, 4)),
    ("verified AND\n  creatr.id = 'x'", "unknown-field", "Did you mean", (2, 3, 9)),
    ("address.citty = 'x'", "unknown-member", "Did you mean city?", (1, 1, 13)),
    ("text.length > 1", "unknown-member", "", (1, 1, 11)),
    ("lenght(text) > 1", "unknown-function", "Did you mean length?", (1, 1, 6)),
    ("any(verified)", "unknown-list", "Name one, as in any(tags LIKE 'a%').", (1, 1, 13)),
    ("any(tags = 'a' AND scores > 1)", "too-many-lists", "Write the list first", (1, 1, 30)),
    ("any(text, text = 'a')", "wrong-type", "of a field that is a list", (1, 5, 4)),
    ("any(NULL, TRUE)", "unknown-list", "", (1, 5, 4)),
    ("any(tags, text)", "not-boolean", "", (1, 11, 4)),
    ("any(tags = 1)", "wrong-type", "Write '1' in quotes", (1, 5, 8)),
    ("any(nope = 1)", "unknown-field", "", (1, 5, 4)),
    ("any(tags LIKE 'a', other = 'b')", "wrong-type", "any(list, condition); join", (1, 5, 13)),
    (
        "any(NOT list_has_any(url_domains(tags), ['a.com']))",
        "wrong-type",
        "url_domains(tags) is one of its elements, TEXT.",
        (1, 9, 42),
    ),
    ("count(list_contains(tags, 'a')) > 1", "wrong-type", "tags is one of its elements", None),
    ("nothing_like_it(text)", "unknown-function", "list every function", (1, 1, 15)),
    ("score > 1)", "syntax", "Nothing is open here", (1, 10, 1)),
    ("score === 1", "syntax", "Comparisons are", (1, 9, 1)),
    ("score // 2 > 1", "syntax", "Division is one /", (1, 8, 1)),
    ("score IS 3", "syntax", "compare anything else with = or <>", (1, 10, 1)),
    ("score IS NOT 3", "syntax", "compare anything else with = or <>", (1, 14, 1)),
    ("other = N'a'", "syntax", "nothing stands before a text's quote", (1, 10, 3)),
    ("any()", "wrong-count", "Write any([list,] condition).", (1, 1, 5)),
    ("any(tags, TRUE, FALSE)", "wrong-count", "", None),
    ("any(tags, any(scores, any(pages, pages.size = scores)))", "too-deep", "", None),
    ("pages.size > 1", "unknown-member", "any(pages ...)", (1, 1, 10)),
    ("any(pages.sice > 1)", "unknown-member", "Did you mean size?", (1, 5, 10)),
    ("any(tags, count_recent(creator, '1 day', tags = 'a') > 1)", "bad-condition", "", None),
    ("other.lower() = 'a'", "unknown-function", "lower(other)", (1, 1, 11)),
    ("openai.harassment(text) > 0.9", "unknown-function", "winnow signals list", (1, 1, 17)),
    ("contains(text := 'a', 'b')", "not-allowed", "Write values in their order.", None),
    ("matches(text, 'scm')", "unknown-bank", "Did you mean scam?", (1, 15, 5)),
    ("matches(text, 'scam', 'wrod')", "unknown-mode", "Did you mean word?", (1, 23, 6)),
    ("matches(text, other)", "not-a-literal", "Write matches(field, 'bank').", (1, 15, 5)),
    ("substr(text) = 'a'", "wrong-count", "Write substr(text, start, length).", (1, 1, 12)),
    ("text LIKE other", "not-a-literal", "Write text [NOT] LIKE 'pattern'", (1, 11, 5)),
    ("text IN (other, 'a')", "not-a-literal", "Write value [NOT] IN", (1, 10, 5)),
    ("text LIKE 'a!' ESCAPE '!'", "bad-pattern", "Put the escaped character", None),
    ("regexp_matches(text, '(')", "bad-pattern", "Patterns are RE2", (1, 22, 3)),
    ("regexp_matches(text, '(?=a)')", "bad-pattern", "no look-around", (1, 22, 7)),
    ("round(score, 99) = 1", "bad-literal", "Write 0 to 15.", (1, 14, 2)),
    ("date_part('moon', created_at) = 1", "bad-literal", "Parts are year", (1, 11, 6)),
    ("score", "not-boolean", "Compare it with something, as in value > 5.", (1, 1, 5)),
    ("score + 1", "not-boolean", "as in value > 5", (1, 1, 9)),
    ("text AND verified", "wrong-type", "", (1, 1, 17)),
    ("count_recent(lower('a'), '1 hour') > 1", "bad-key", "creator", (1, 14, 10)),
    ("count_recent(creator, '1 month') > 1", "bad-window", "'1 hour'", (1, 23, 9)),
    ("count_recent(creator, '0 days') > 1", "bad-window", "'1 hour'", (1, 23, 8)),
    ("count_recent(creator, '1 day', matches(text, 'scam')) > 1", "bad-condition", "Move", None),
    (
        "count_recent(creator, '1 day', age(seen_at) > INTERVAL '1 day') > 1",
        "bad-condition",
        "",
        None,
    ),
]


def the_mistake(text: str) -> Diagnostic:
    checked = check(text, SCHEMA, BANKS)
    assert checked.predicate is None
    [diagnostic] = checked.diagnostics
    return diagnostic


@pytest.mark.parametrize(("text", "code", "hint", "place"), MISTAKES)
def test_a_mistake_is_told_once_with_its_place_and_a_hint(
    text: str, code: str, hint: str, place: tuple[int, int, int] | None
) -> None:
    found = the_mistake(text)
    assert found.code == code
    assert hint in found.hint
    assert place in {None, (found.line, found.column, found.length)}


def test_all_mistakes_are_told_together() -> None:
    checked = check("scor > 1 AND lenght(text) > 1 OR matches(text, 'scm')", SCHEMA, BANKS)
    assert [each.code for each in checked.diagnostics] == [
        "unknown-field",
        "unknown-function",
        "unknown-bank",
    ]


def test_a_report_has_an_end() -> None:
    text = " OR ".join(f"nonsense_{place} = 1" for place in range(500))
    assert len(check(text, SCHEMA, BANKS).diagnostics) == LARGEST_REPORT


def test_a_mistake_is_shown_in_its_line() -> None:
    text = "verified\n  AND scor > 0.9\n  AND TRUE"
    assert the_mistake(text).render(text) == (
        "unknown-field: There is no field 'scor'.\n"
        "   2 |   AND scor > 0.9\n"
        "             ^^^^\n"
        "hint: Did you mean score?"
    )


def test_a_mistake_in_a_very_long_line_is_shown_in_part() -> None:
    text = " AND ".join(["verified"] * 400) + " AND scor > 1"
    shown = the_mistake(text).render(text).splitlines()
    assert len(shown[1]) < 140
    assert shown[1][shown[2].index("^") :].startswith("scor")


def test_names_are_found_whatever_their_case_and_spelled_as_the_schema_does() -> None:
    checked = check("TEXT = 'a' AND Creator.id = 'u' AND Verified", SCHEMA, BANKS)
    assert checked.predicate is not None
    assert checked.predicate.text == "text = 'a' AND creator.id = 'u' AND verified"


def test_a_predicate_says_what_it_reads() -> None:
    text = (
        "matches(tags, 'scam') AND count_recent(creator, '1 hour', score > 1) > 5 "
        "AND count_recent(creator, '1 day', score > 1) > 9"
    )
    predicate = check(text, SCHEMA, BANKS).predicate
    assert predicate is not None
    assert predicate.fields == ("tags", "author", "score")
    assert predicate.banks == ("scam",)
    hour, day = predicate.counters
    assert (hour.key_fields, hour.where, hour.window_us) == (
        ("author",),
        "score > 1",
        3_600_000_000,
    )
    assert hour.identity == day.identity


def test_a_long_rule_is_laid_out_one_condition_a_line() -> None:
    parts = [
        "text ILIKE '%free money%'",
        "score > 0.9",
        "verified",
        "other LIKE '%write to me today%'",
    ]
    text = " AND ".join(parts)
    predicate = check(text, SCHEMA, BANKS).predicate
    assert predicate is not None
    assert predicate.text == "\nAND ".join(parts)
