"""SQL that a rule may not use: what to say, and what to write instead."""

from __future__ import annotations

from typing import Final

_CAST = ("Types are not converted in a rule.", "Compare with a value of the field's own type.")
_QUERY = ("A rule is one condition; it has no queries inside.", "Use fields, functions and banks.")
_WINDOW = ("Window syntax is not part of a rule.", "Count events with count_recent(key, '1 hour').")
_PARAMETER = ("A rule has no parameters.", "Write the value itself.")
_CLOCK = (
    "A rule has no clock: it means the same live and in history.",
    "Use age(field), or arrived_at(), the time the item arrived.",
)
_LAMBDA = (
    "Lambdas are not part of a rule.",
    "Use any(condition), all(condition) or count(condition).",
)
_PATTERN = (
    "This operator is not part of a rule.",
    "Use LIKE, ILIKE or regexp_matches(text, 're').",
)
_BITS = ("Bit operators are not part of a rule.", "Join conditions with AND, OR and NOT.")

_WORDS: Final = {
    "SELECT": _QUERY,
    "FROM": _QUERY,
    "WHERE": ("Write the condition alone, without WHERE.", "Remove the word WHERE."),
    "EXISTS": _QUERY,
    "UNION": _QUERY,
    "WITH": _QUERY,
    "CAST": _CAST,
    "TRY_CAST": _CAST,
    "OVER": _WINDOW,
    "FILTER": _WINDOW,
    "PARTITION": _WINDOW,
    "LAMBDA": _LAMBDA,
    "COLLATE": ("COLLATE is not part of a rule.", "Use lower(text) to ignore case."),
    "SIMILAR": _PATTERN,
    "GLOB": _PATTERN,
    "NOW": _CLOCK,
    "CURRENT_TIMESTAMP": _CLOCK,
    "CURRENT_DATE": _CLOCK,
    "CURRENT_TIME": _CLOCK,
    "TODAY": _CLOCK,
    "DISTINCT": (
        "DISTINCT is not part of a rule.",
        "Over recent items write distinct_recent(key, value, '1 day').",
    ),
    "XOR": ("XOR is not part of a rule.", "Write (a AND NOT b) OR (b AND NOT a)."),
}

_SYMBOLS: Final = {
    "::": _CAST,
    "->": _LAMBDA,
    ";": ("A rule is one condition, not a list of statements.", "Remove the semicolon."),
    "?": _PARAMETER,
    "$": _PARAMETER,
    ":": ("A rule has no parameters, and arguments have no names.", "Write values in their order."),
    "@": _PARAMETER,
    "{": ("Struct values are not part of a rule.", "Compare their members one by one."),
    "~": _PATTERN,
    "&": _BITS,
    "|": ("A single | is not part of a rule.", "Join texts with ||, conditions with OR."),
    "^": ("^ is not part of a rule.", "Multiply: number * number."),
    "#": _BITS,
    "!": ("! is not part of a rule.", "Write NOT."),
    "`": ("Names are not quoted with backticks.", 'Quote names with double quotes: "my field".'),
    "*": ("* is not a value.", "Name a field."),
}

# What other dialects call it; in small letters.
_FUNCTIONS: Final = {
    **dict.fromkeys(("isnull", "isnotnull", "notnull"), "Write value IS NULL or IS NOT NULL."),
    **dict.fromkeys(("ifnull", "nvl"), "Write coalesce(value, instead)."),
    **dict.fromkeys(("if", "iif", "decode"), "Write CASE WHEN condition THEN a ELSE b END."),
    "sum": "Over recent items write sum_recent(key, number, '1 day').",
    **dict.fromkeys(("avg", "mean"), "Over recent items write avg_recent(key, number, '1 day')."),
    "min": "Of several values write least(a, b), of a list list_min(list).",
    "max": "Of several values write greatest(a, b), of a list list_max(list), over recent "
    "items max_recent(key, number, '1 day').",
    **dict.fromkeys(("pow", "power"), "Multiply: number * number."),
    **dict.fromkeys(("instr", "strpos", "position", "charindex"), "Write contains(text, part)."),
    **dict.fromkeys(("regexp", "rlike", "regexp_like"), "Write regexp_matches(text, 'pattern')."),
    **dict.fromkeys(
        ("datediff", "date_diff", "timestampdiff"),
        "Write later - earlier, or age(time), and compare with INTERVAL '7 days'.",
    ),
}

_STRAY: Final = {
    **dict.fromkeys((")", "]", "}"), "Nothing is open here: remove it."),
    **dict.fromkeys(
        ("=", "<", ">"), "Comparisons are = <> < <= > >= and have a value on each side."
    ),
    "/": "Division is one /, with a value on each side.",
    ",": "Arguments stand in parentheses after a function; conditions are joined with AND or OR.",
}

QUERY_WORDS: Final = frozenset(_WORDS)
"""Unquoted they are never read as fields; a field of that name is written in double quotes."""


def refusal_of_word(keyword: str) -> tuple[str, str] | None:
    return _WORDS.get(keyword)


def hint_of_function(name: str) -> str:
    return _FUNCTIONS.get(name.lower(), "")


def hint_of_stray(token: str, before: str) -> str:
    """Of a token where none of its kind may stand. before: the one in front of it."""
    if before.upper() in {"IS", "NOT"}:
        return "IS asks for NULL, TRUE or FALSE; compare anything else with = or <>."
    return _STRAY.get(
        token, "Join conditions with AND or OR; nothing stands before a text's quote."
    )


def refusal_of_symbol(symbol: str) -> tuple[str, str] | None:
    return _SYMBOLS.get(symbol)
