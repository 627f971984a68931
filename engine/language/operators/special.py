"""Functions whose answer is not made of their arguments' values alone: banks and counters.

The checker builds their nodes itself (`bindings.py`) and both compilers know these nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Never

from engine.language.operator import Example, Operator, Variant
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply


def _compiled_as_its_own_node(_emitter: object, node: Apply) -> Never:
    raise AssertionError(f"{node.operator} is never an application")


def _special(*signatures: str) -> tuple[Variant, ...]:
    return tuple(
        Variant(signature(each), _compiled_as_its_own_node, _compiled_as_its_own_node)
        for each in signatures
    )


def _windowed(*values: str) -> tuple[Variant, ...]:
    """Over every kind of key, with each of the values."""
    return _special(
        *(
            f"key {key}, {value}window literal TEXT, where optional BOOLEAN -> NUMBER"
            for key in ("ITEM", "C")
            for value in values
        )
    )


_NUMBERS = " Where the number is NULL, or beyond 9e12 in either direction, the item does not count."


def _quantifier(name: str, summary: str, returns: str, *examples: Example) -> Operator:
    return Operator(
        name,
        "lists and maps",
        summary + " In the condition the list stands for its element, a map for its value. Where "
        f"it names more than one list, the one that is meant is written first: {name}(tags, "
        "list_contains(allowed, tags)).",
        _special(
            f"condition BOOLEAN -> {returns}",
            f"list LIST(T), condition BOOLEAN -> {returns}",
            f"map MAP(T), condition BOOLEAN -> {returns}",
        ),
        examples,
        f"{name}([list,] condition)",
        cost=200,
    )


QUANTIFIERS: Final = (
    _quantifier(
        "any",
        "Whether the condition is TRUE of an element; FALSE of an empty list, unknown where it is "
        "TRUE of none and unknown of one.",
        "BOOLEAN",
        Example("any(mentions('@ann and @ben') LIKE 'b%')", value=True),
        Example("any(mentions('nobody') LIKE 'b%')", value=False),
        Example("any(['a', NULL], ['a', NULL] = 'b')", None),
    ),
    _quantifier(
        "all",
        "Whether the condition is TRUE of every element; TRUE of an empty list, unknown where it "
        "is FALSE of none and unknown of one.",
        "BOOLEAN",
        Example("all(url_domains('see a.com and b.ru') LIKE '%.com')", value=False),
        Example("all(url_domains('no links') LIKE '%.com')", value=True),
    ),
    _quantifier(
        "count",
        "Of how many elements the condition is TRUE.",
        "NUMBER",
        Example("count(hashtags('#a #bb #cc') LIKE '__')", 2.0),
    ),
)

OPERATORS: Final = (
    Operator(
        "matches",
        "banks",
        "Whether an entry of the bank is found in the text, or in any element of the list. With a "
        "mode (word, substring, phrase, regex, variant) every entry is read in that mode instead "
        "of its own.",
        _special(
            "text TEXT, bank literal TEXT, mode literal optional TEXT -> BOOLEAN",
            "list LIST(TEXT), bank literal TEXT, mode literal optional TEXT -> BOOLEAN",
        ),
        cost=2_000,
    ),
    Operator(
        "matches_variant",
        "banks",
        "matches(text, 'bank', 'variant'): every entry of the bank, however it is disguised.",
        _special(
            "text TEXT, bank literal TEXT -> BOOLEAN",
            "list LIST(TEXT), bank literal TEXT -> BOOLEAN",
        ),
        cost=2_000,
    ),
    Operator(
        "count_recent",
        "counters",
        "How many items of this type with the same key arrived within the window that ends with "
        "this item, itself included; with a condition, how many of those met it. NULL if the key "
        "is. The condition may use fields and pure functions, no banks, counters or arrived_at(). "
        "This and the other counters take up to five keys: count_recent(creator, link, '1 day').",
        _windowed(""),
        cost=20,
    ),
    Operator(
        "distinct_recent",
        "counters",
        "How many different values the items of the window have, this one included. Where the "
        "value is NULL the item does not count. Of related items, type and id tell them apart.",
        _windowed("value ITEM, ", "value O, ", "value BOOLEAN, "),
        cost=20,
    ),
    Operator(
        "sum_recent",
        "counters",
        "The sum of a number over the items of the window, this one included, 0 if none counts; "
        "exact, of numbers taken to six decimal places, and of whole ones where the sum is beyond "
        "9.2e12. NULL if the key is." + _NUMBERS,
        _windowed("number NUMBER, "),
        cost=20,
    ),
    Operator(
        "avg_recent",
        "counters",
        "sum_recent divided by how many items counted; NULL if none did." + _NUMBERS,
        _windowed("number NUMBER, "),
        cost=20,
    ),
    Operator(
        "max_recent",
        "counters",
        "The largest number among the items of the window; NULL if none counts." + _NUMBERS,
        _windowed("number NUMBER, "),
        cost=20,
    ),
    Operator(
        "first_seen",
        "counters",
        "When the first item of this type with the same key arrived: for that item itself, its own "
        "arrival. Write age(first_seen(creator)) < INTERVAL '1 day'. NULL if the key is.",
        _special("key ITEM -> TIME", "key C -> TIME"),
        cost=20,
    ),
    Operator(
        "rate_limited",
        "counters",
        "Whether the item comes faster than its key may: a bucket of `burst` tokens (as many as "
        "the limit, unless given) gains `limit` tokens an interval, evenly; every item of the key "
        "takes one, and one that finds none is over the rate and takes none. Buckets are full "
        "again at the start of each period: the hour, the day, 7, 28 or 364 days from 1970, in "
        "UTC, whichever is the shortest in which the bucket fills four times. Up to five keys. "
        "NULL if the key is.",
        _special(
            *(
                f"key {key}, limit literal NUMBER, interval literal TEXT, burst literal optional "
                "NUMBER -> BOOLEAN"
                for key in ("ITEM", "C")
            )
        ),
        cost=20,
    ),
)
