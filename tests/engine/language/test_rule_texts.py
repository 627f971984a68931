"""The mappings that must be the same in Python and in DuckDB, over every character there is."""

from __future__ import annotations

import duckdb

from engine.language.texts import GAPS, SPACES, lower, upper

EVERY = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]


def from_duckdb(expression: str) -> list[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {expression} FROM (SELECT code, chr(code::INTEGER) AS c FROM "
            "range(1, 1114112) r(code) WHERE code NOT BETWEEN 55296 AND 57343) ORDER BY code"
        ).fetchall()
    return [answer for (answer,) in rows]


def test_lower_is_duckdbs_lower_on_every_character() -> None:
    assert [lower(each) for each in EVERY] == from_duckdb("lower(c)")


def test_upper_is_duckdbs_upper_on_every_character() -> None:
    assert [upper(each) for each in EVERY] == from_duckdb("upper(c)")


def test_lower_and_upper_look_at_one_character_at_a_time() -> None:
    text = "".join(each for each in EVERY if each.isalpha() or each.isspace())
    assert lower(text) == "".join(map(lower, text))
    assert upper(text) == "".join(map(upper, text))


def test_trim_removes_what_duckdb_trims_by_default() -> None:
    trimmed = from_duckdb("trim(c || 'x' || c)")
    assert "".join(c for c, t in zip(EVERY, trimmed, strict=True) if t == "x") == SPACES


def test_words_are_separated_where_python_splits() -> None:
    assert {each for each in EVERY if not each.split()} == set(GAPS)
