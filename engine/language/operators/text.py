"""Functions on text. Lengths and places count code points; so does the mapping of case."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import re2

from engine.language.operator import (
    Example,
    Operator,
    RowCode,
    RowEmitter,
    SqlCode,
    SqlEmitter,
    TextFunction,
    Variant,
    calls,
    digest_of,
    fills,
    joins,
    maybe_null,
    never_null,
    spread,
    write_row,
    written_values,
)
from engine.language.signature import signature
from engine.language.texts import GAPS, SPACES, joined, lower, split_part, substring, upper

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.language.nodes import Apply, Value

_LAST_PART: Final = 1_000_000
_PLACE_SQL: Final = "TRY_CAST(trunc({1}) AS INTEGER)"
_SUBSTR_SQL: Final = (
    "CASE WHEN {2} >= 0 THEN "
    "substr({0}, TRY_CAST(trunc({1}) AS INTEGER), TRY_CAST(trunc({2}) AS INTEGER)) END"
)


def _function(
    name: str,
    summary: str,
    given: str,
    row: RowCode,
    sql: SqlCode,
    *examples: Example,
    cost: int = 60,
) -> Operator:
    return Operator(
        name, "text", summary, (Variant(signature(given), row, sql),), examples, cost=cost
    )


def _substr() -> Operator:
    return Operator(
        "substr",
        "text",
        "The text from a place on, or so many characters of it. Place 1 is the first character, "
        "-1 the last, 0 stands before the first; a negative length gives NULL.",
        (
            Variant(
                signature("text TEXT, start NUMBER -> TEXT"),
                spread("{substring}({0}, {1})", substring=substring),
                fills(f"substr({{0}}, {_PLACE_SQL})"),
                maybe_null,
            ),
            Variant(
                signature("text TEXT, start NUMBER, length NUMBER -> TEXT"),
                spread("{substring}({0}, {1}, {2})", substring=substring),
                fills(_SUBSTR_SQL),
                maybe_null,
            ),
        ),
        (
            Example("substr('hello', 2, 3)", "ell"),
            Example("substr('hello', -3)", "llo"),
            Example("substr('hello', 0, 2)", "h"),
            Example("substr('hello', 2, -1)", None),
        ),
        cost=200,
    )


# -- regular expressions --------------------------------------------------------------------------


LONGEST_PATTERN: Final = 1_000
"""Characters. RE2 takes time by the text, but by the square of what some patterns hold."""

_TRIED_MEMORY: Final = 1 << 20  # bytes: what does not compile in them is too large
_WEIGHT_OF_REFUSED: Final = 10_000


@lru_cache(maxsize=1_000)
def _tried(pattern: str) -> int | str:
    """How many steps RE2's program for it has, or why there is none."""
    options = _quiet()
    options.max_mem = _TRIED_MEMORY
    try:
        return int(re2.compile(pattern, options).programsize)
    except re2.error as refused:
        said = refused.args[0]
        return said.decode() if isinstance(said, bytes) else str(said)


def _weigh_regex(values: tuple[Value, ...]) -> int:
    tried = _tried(str(values[1])[:LONGEST_PATTERN])
    return tried if isinstance(tried, int) else _WEIGHT_OF_REFUSED


def _refuse_regex(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    pattern = str(values[1])
    if len(pattern) > LONGEST_PATTERN:
        return (
            "bad-pattern",
            f"A pattern may have {LONGEST_PATTERN:,} characters; this has {len(pattern):,}.",
            "Put what it looks for into a bank, as entries of their own.",
        )
    tried = _tried(pattern)
    if isinstance(tried, str):
        return (
            "bad-pattern",
            f"This is not a regular expression: {tried}.",
            "Patterns are RE2: no look-around, no back-references.",
        )
    if "\\C" in pattern:
        return "bad-pattern", "\\C would cut a character in two.", "Use a dot for any character."
    return None


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _regex_row(emitter: RowEmitter, node: Apply) -> str:
    search = re2.compile(str(written_values(node)[1]), _quiet()).search
    template = "{search}({0}) is not None"
    return write_row(emitter, node.arguments[:1], template, {"search": search})


def _regex_sql(emitter: SqlEmitter, node: Apply) -> str:
    """DuckDB's own RE2 knows an older Unicode, so classes of characters are left to ours."""
    pattern = str(written_values(node)[1])
    subject = emitter.value(node.arguments[0])
    if "\\p" not in pattern and "\\P" not in pattern:
        return f"regexp_matches({subject}, {emitter.value(node.arguments[1])})"
    return emitter.call(_regex_function(pattern), subject)


def _regex_function(pattern: str) -> TextFunction:
    search = re2.compile(pattern, _quiet()).search

    def evaluate(texts: list[object]) -> list[object]:
        return [search(str(text)) is not None for text in texts]

    return TextFunction(f"winnow_regex_{digest_of(pattern)}", ("VARCHAR",), "BOOLEAN", evaluate)


def _regexp_matches() -> Operator:
    return Operator(
        "regexp_matches",
        "text",
        "Whether the pattern (RE2) is found anywhere in the text. (?i) ignores case, ^ and $ are "
        "the ends of the text.",
        (Variant(signature("text TEXT, pattern literal TEXT -> BOOLEAN"), _regex_row, _regex_sql),),
        (
            Example("regexp_matches('call 555-1234', '[0-9]{3}-[0-9]{4}')", value=True),
            Example("regexp_matches('Spam', '^spam$')", value=False),
            Example("regexp_matches('Spam', '(?i)^spam$')", value=True),
        ),
        cost=900,
        refuse=_refuse_regex,
        weigh=_weigh_regex,
    )


def _extract_row(emitter: RowEmitter, node: Apply) -> str:
    return write_row(emitter, node.arguments[:1], "{extract}({0})", {"extract": _extractor(node)})


def _extract_sql(emitter: SqlEmitter, node: Apply) -> str:
    extract, facts = _extractor(node), written_values(node)[1:]

    def evaluate(texts: list[object]) -> list[object]:
        return [extract(str(text)) for text in texts]

    name = f"winnow_extract_{digest_of(facts)}"
    function = TextFunction(name, ("VARCHAR",), "VARCHAR", evaluate)
    return emitter.call(function, emitter.value(node.arguments[0]))


def _extractor(node: Apply) -> Callable[[str], str | None]:
    _, pattern, *rest = written_values(node)
    search = re2.compile(str(pattern), _quiet()).search
    group = int(float(str(rest[0]))) if rest else 0

    def extract(text: str) -> str | None:
        found = search(text)
        return None if found is None else found[group]

    return extract


def _refuse_extract(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    refused = _refuse_regex(values)
    if refused or len(values) < 3:  # noqa: PLR2004 - the group is the third
        return refused
    groups = re2.compile(str(values[1]), _quiet()).groups
    if values[2] in range(groups + 1):
        return None
    return "bad-literal", "The pattern has no such group.", f"It has {groups}; 0 is the whole."


def _regexp_extract() -> Operator:
    given = "text TEXT, pattern literal TEXT, group literal optional NUMBER -> TEXT"
    return Operator(
        "regexp_extract",
        "text",
        "What the pattern (RE2) finds first in the text, or one group of it; NULL where it finds "
        "nothing.",
        (Variant(signature(given), _extract_row, _extract_sql, maybe_null),),
        (
            Example("regexp_extract('call 555-1234', '[0-9]+')", "555"),
            Example("regexp_extract('a=1, b=2', 'b=([0-9])', 1)", "2"),
            Example("regexp_extract('none', '[0-9]+')", None),
        ),
        cost=1_200,
        refuse=_refuse_extract,
        weigh=_weigh_regex,
    )


def _concat_row(emitter: RowEmitter, node: Apply) -> str:
    values = ", ".join(emitter.value(each) for each in node.arguments)
    return f"{emitter.hand(joined)}({values})"


def _refuse_place(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    place = values[2]
    if not isinstance(place, float) or not place.is_integer() or not 0 < abs(place) <= _LAST_PART:
        return (
            "bad-literal",
            "This is not the number of a part.",
            "Parts are numbered 1, 2, ... or -1.",
        )
    return None


OPERATORS: Final = (
    _function(
        "length",
        "How many characters (code points) the text has.",
        "text TEXT -> NUMBER",
        spread("{length}({0})", length=len),
        fills("CAST(length({0}) AS DOUBLE)"),
        Example("length('naïve 👍')", 7.0),
        Example("length('')", 0.0),
        cost=30,
    ),
    _function(
        "lower",
        "The text in lower case, code point by code point.",
        "text TEXT -> TEXT",
        spread("{lower}({0})", lower=lower),
        calls("lower"),
        Example("lower('\u03a3 \u0130 É')", "\u03c3 i é"),
        cost=150,
    ),
    _function(
        "upper",
        "The text in upper case, code point by code point.",
        "text TEXT -> TEXT",
        spread("{upper}({0})", upper=upper),
        calls("upper"),
        Example("upper('straße ŉ')", "STRAẞE ŉ"),
        cost=150,
    ),
    _function(
        "trim",
        "The text without spaces (of any width) at its ends; line breaks and tabs stay.",
        "text TEXT -> TEXT",
        spread("{0}.strip({spaces})", spaces=SPACES),
        fills(f"trim({{0}}, '{SPACES}')"),
        Example("trim('  a b ')", "a b"),
    ),
    _function(
        "contains",
        "Whether the second text stands anywhere in the first; every text contains ''.",
        "text TEXT, part TEXT -> BOOLEAN",
        spread("{1} in {0}"),
        calls("contains"),
        Example("contains('free money', 'money')", value=True),
        Example("contains('abc', '')", value=True),
        cost=40,
    ),
    _function(
        "starts_with",
        "Whether the text begins with the second.",
        "text TEXT, start TEXT -> BOOLEAN",
        spread("{0}.startswith({1})"),
        calls("starts_with"),
        Example("starts_with('http://a', 'http')", value=True),
        cost=40,
    ),
    _function(
        "ends_with",
        "Whether the text ends with the second.",
        "text TEXT, end TEXT -> BOOLEAN",
        spread("{0}.endswith({1})"),
        calls("ends_with"),
        Example("ends_with('a.example', '.example')", value=True),
        cost=40,
    ),
    _function(
        "replace",
        "The text with every occurrence of the second replaced by the third; '' is never found.",
        "text TEXT, old TEXT, new TEXT -> TEXT",
        spread("{0}.replace({1}, {2}) if {1} else {0}"),
        calls("replace"),
        Example("replace('a-b-c', '-', '')", "abc"),
        Example("replace('abc', '', 'x')", "abc"),
        cost=100,
    ),
    _substr(),
    Operator(
        "split_part",
        "text",
        "One part of the text cut at each separator: 1 is the first, -1 the last; '' if there is "
        "none. The separator '' cuts between all characters.",
        (
            Variant(
                signature("text TEXT, separator TEXT, place literal NUMBER -> TEXT"),
                spread("{split}({0}, {1}, {2})", split=split_part),
                fills("split_part({0}, {1}, CAST({2} AS INTEGER))"),
            ),
        ),
        (
            Example("split_part('me@example.org', '@', 2)", "example.org"),
            Example("split_part('a.b.c', '.', -1)", "c"),
            Example("split_part('a.b.c', '.', 9)", ""),
        ),
        cost=200,
        refuse=_refuse_place,
    ),
    _function(
        "word_count",
        "How many runs of characters other than white space the text has.",
        "text TEXT -> NUMBER",
        spread("{length}({0}.split())", length=len),
        fills(f"CAST(len(regexp_extract_all({{0}}, '[^{GAPS}]+')) AS DOUBLE)"),
        Example("word_count('  buy  now!')", 2.0),
        cost=300,
    ),
    Operator(
        "||",
        "text",
        "The texts joined; NULL if any is.",
        (
            Variant(
                signature("text TEXT... -> TEXT"),
                lambda emitter, node: write_row(
                    emitter,
                    node.arguments,
                    " + ".join(f"{{{place}}}" for place in range(len(node.arguments))),
                    {},
                ),
                joins(" || "),
            ),
        ),
        (Example("'a' || 'b' || 'c'", "abc"), Example("'a' || NULL", None)),
        "text || text",
        cost=60,
    ),
    _regexp_matches(),
    _regexp_extract(),
    Operator(
        "concat",
        "text",
        "The texts joined; what is NULL is left out.",
        (Variant(signature("text TEXT... -> TEXT"), _concat_row, calls("concat"), never_null),),
        (Example("concat('a', NULL, 'b')", "ab"), Example("concat('a' || NULL)", "")),
        cost=150,
    ),
)
