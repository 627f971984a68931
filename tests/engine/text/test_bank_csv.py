from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.text import Automaton, Bank, Mode, Term, read_terms, write_terms

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_line_says_how_its_term_is_found_until_when_and_where_it_comes_from() -> None:
    table = read_terms(
        "\ufefftext,MODE ,note,expires_at,source,ours\r\n"
        'scam,,,,,1\r\n"two, words",phrase,"said ""so""",2030-01-01,list A,2\r\n'
    )
    assert table.problems == ()
    assert table.terms == (
        Term("scam"),
        Term("two, words", Mode.PHRASE, 'said "so"', "list A", NEW_YEAR),
    )


def test_a_line_without_a_mode_takes_the_one_given() -> None:
    assert read_terms("text\nscam\n", Mode.VARIANT).terms == (Term("scam", Mode.VARIANT),)


def test_bad_lines_are_told_by_number_and_the_others_kept() -> None:
    table = read_terms(
        "mode,text,expires_at\n"
        "word,fine,\n"
        "fuzzy,a,\n"
        'word,"over\ntwo lines",soon\n'
        "regex,(,\n"
        "word,,\n"
        "word,fine,\n"
        "word,last,\n"
    )
    assert [term.text for term in table.terms] == ["fine", "last"]
    assert [problem.pointer for problem in table.problems] == [
        "/lines/3",
        "/lines/5",
        "/lines/6",
        "/lines/7",
    ]
    assert "no mode 'fuzzy'" in table.problems[0].message
    assert "'soon' is no time" in table.problems[1].message
    assert "at character 1" in table.problems[2].message
    assert "Line 7: the term is empty" in table.problems[3].message
    assert table.repeats == 1


@pytest.mark.parametrize("text", ["", "term,mode\nx,word\n"])
def test_a_file_without_a_column_of_texts_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="names no column 'text'"):
        read_terms(text)


def test_a_quote_that_is_never_closed_is_told() -> None:
    table = read_terms('text\n"ab"c\n"never closed\n')
    assert table.problems
    assert all("not CSV" in problem.message for problem in table.problems)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
terms = st.builds(
    Term,
    cells.filter(str.strip),
    st.sampled_from([mode for mode in Mode if mode is not Mode.REGEX]),
    cells,
    cells,
    st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(terms, unique_by=lambda term: (term.text, term.mode), max_size=5))
def test_what_is_written_is_read_back(written: list[Term]) -> None:
    table = read_terms(write_terms(written))
    assert table.problems == ()
    assert list(table.terms) == written


def test_a_term_is_looked_for_until_it_expires() -> None:
    bank = Bank("b", "b", (Term("old", expires_at=NEW_YEAR), Term("new")))
    before, after = bank.at(NEW_YEAR - timedelta(microseconds=1)), bank.at(NEW_YEAR)
    assert before is bank
    assert Automaton.build([before, after]).hits("old") == {0}
    assert Automaton.build([before, after]).hits("new") == {0, 1}


def test_fifty_thousand_lines_are_read() -> None:
    table = read_terms("text,mode\n" + "".join(f"term {n},word\n" for n in range(50_000)))
    assert len(table.terms) == 50_000
    assert table.problems == ()
