"""Signals on text: one implementation each, called with one text or with a column of them.

A signal given a list answers for any of its elements: the largest number, TRUE if one is, or all
that was found in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from engine.language.nodes import Value
from engine.language.operator import (
    Example,
    Operator,
    RowCode,
    RowEmitter,
    SqlCode,
    SqlEmitter,
    TextFunction,
    Variant,
    digest_of,
    maybe_null,
    write_row,
    written_values,
)
from engine.language.signature import signature
from engine.text import addresses, languages, personal_data, shape, similarity

if TYPE_CHECKING:
    from engine.language.nodes import Apply

Look = Callable[[str], Any]
Make = Callable[[tuple[Value, ...]], Look]
"""From the written arguments to the function of one text."""

_REGIONS: Final = phonenumbers.SUPPORTED_REGIONS
_SQL_TYPES: Final = {"NUMBER": "DOUBLE", "TEXT": "VARCHAR", "LIST(TEXT)": "VARCHAR[]"}


# -- one text, a list of texts --------------------------------------------------------------------


def _largest(look: Look, texts: Iterable[str]) -> float:
    return max(map(look, texts), default=0.0)


def _any(look: Look, texts: Iterable[str]) -> bool:
    return any(map(look, texts))


def _all_found(look: Look, texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found for text in texts for found in look(text)))


_OF_LISTS: Final = {"NUMBER": _largest, "BOOLEAN": _any, "LIST(TEXT)": _all_found}


def _over_lists(look: Look, returns: str) -> Look:
    combine = _OF_LISTS[returns]

    def over(texts: Any) -> Any:
        return combine(look, [text for text in texts if text is not None])

    return over


def _variant(name: str, make: Make, returns: str, given: str, *, of_lists: bool) -> Variant:
    def made(node: Apply) -> Look:
        look = make(written_values(node)[1:])
        return _over_lists(look, returns) if of_lists else look

    subject = "list LIST(TEXT)" if of_lists else "text TEXT"
    words = signature(f"{subject}{given} -> {returns}")
    return Variant(words, _row(made), _sql(name, made, returns, of_lists=of_lists), maybe_null)


def _row(made: Callable[[Apply], Look]) -> RowCode:
    def emit(emitter: RowEmitter, node: Apply) -> str:
        return write_row(emitter, node.arguments[:1], "{look}({0})", {"look": made(node)})

    return emit


def _sql(name: str, made: Callable[[Apply], Look], returns: str, *, of_lists: bool) -> SqlCode:
    def emit(emitter: SqlEmitter, node: Apply) -> str:
        look, facts = made(node), (written_values(node)[1:], of_lists)
        function = TextFunction(
            f"winnow_{name}_{digest_of(facts)}",
            ("VARCHAR[]" if of_lists else "VARCHAR",),
            _SQL_TYPES.get(returns, returns),
            partial(_each, look),
        )
        return emitter.call(function, emitter.value(node.arguments[0]))

    return emit


def _each(look: Look, values: list[Any]) -> list[object]:
    return [look(value) for value in values]


def _signal(
    name: str,
    summary: str,
    returns: str,
    make: Make,
    *examples: Example,
    given: str = "",
    cost: int,
) -> Operator:
    kinds = (False, True) if returns in _OF_LISTS else (False,)
    variants = tuple(_variant(name, make, returns, given, of_lists=each) for each in kinds)
    return Operator(name, "signals on text", summary, variants, examples, cost=cost)


def _plain(look: Look) -> Make:
    return lambda _written: look


def _listed(look: Callable[[str], Iterable[str]]) -> Make:
    return lambda _written: lambda text: list(look(text))


# -- what needs its arguments ---------------------------------------------------------------------


def _similar(written: tuple[Value, ...]) -> Look:
    terms = [str(term) for term in written if term is not None]
    return lambda text: similarity.similarity(text, terms)


def _near(written: tuple[Value, ...]) -> Look:
    keys = [similarity.near_duplicate_key(str(each)) for each in written if each is not None]
    known = [key for key in keys if key is not None]

    def near(text: str) -> bool:
        mine = similarity.near_duplicate_key(text)
        return mine is not None and any(
            similarity.key_distance(mine, key) <= similarity.NEAR for key in known
        )

    return near


def _band(written: tuple[Value, ...]) -> Look:
    band = int(float(str(written[0]))) - 1 if written else 0
    return lambda text: similarity.near_duplicate_band(text, band)


def _refuse_band(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    if len(values) < 2 or values[1] in range(1, similarity.MOST_BANDS + 1):  # noqa: PLR2004 - text, band
        return None
    most = similarity.MOST_BANDS
    return "bad-literal", "There is no such key of a text.", f"Give a whole number, 1 to {most}."


def _phones(written: tuple[Value, ...]) -> Look:
    region = str(written[0]).upper() if written else None
    return lambda text: _values(personal_data.phones(text, region))


def _values(found: Iterable[personal_data.PersonalDatum]) -> list[str]:
    return list(dict.fromkeys(each.value for each in found))


def _refuse_region(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    if len(values) < 2 or str(values[1]).upper() in _REGIONS:  # noqa: PLR2004 - text, region
        return None
    return "bad-literal", "There are no phone numbers of this country.", "Write it as 'DE' or 'US'."


OPERATORS: Final = (
    _signal(
        "similarity",
        "How alike the text is to the best of the terms, 0 to 1: of the stretch most like it, "
        "disguises undone. A text shorter than a term is compared as a whole.",
        "NUMBER",
        _similar,
        Example("similarity('win fr33 m0ney today', 'free money') > 0.9", value=True),
        Example("similarity('good morning', 'free money', 'casino') > 0.6", value=False),
        given=", term literal TEXT...",
        cost=8_000,
    ),
    _signal(
        "near_duplicate_of",
        "Whether the text is nearly the same as one of those written: a few words more, fewer or "
        "different. Compared by 64-bit simhash keys, disguises undone.",
        "BOOLEAN",
        _near,
        Example(
            "near_duplicate_of('WIN a fr33 phone, click the link in my bio now!', "
            "'win a free phone, click the link in my bio now')",
            value=True,
        ),
        Example("near_duplicate_of('see you tomorrow', 'win a free phone')", value=False),
        given=", example literal TEXT...",
        cost=40_000,
    ),
    replace(
        _signal(
            "near_duplicate_key",
            "A key that texts nearly the same are likely to share, disguises undone and numbers "
            "left out; NULL for a text without letters. It may be counted by: "
            "count_recent(near_duplicate_key(text), '1 day') > 20 tells that many alike came in. A "
            "second key, near_duplicate_key(text, 2), up to 8, finds part of what the first one "
            "misses. A key is for ever the same for the same text.",
            "TEXT",
            _band,
            Example(
                "near_duplicate_key('WIN a fr33 phone, click the link!') "
                "= near_duplicate_key('win a free phone click the link')",
                value=True,
            ),
            Example(
                "near_duplicate_key('see you tomorrow') = near_duplicate_key('hi')", value=False
            ),
            Example("near_duplicate_key('12345')", None),
            given=", key literal optional NUMBER",
            cost=40_000,
        ),
        refuse=_refuse_band,
    ),
    _signal(
        "language",
        "The language the text is written in, as an ISO 639 code such as 'en' or 'pt'; NULL where "
        "it is too short or mixed to tell.",
        "TEXT",
        _plain(languages.language),
        Example("language('The weather has been lovely all week, let us go outside.')", "en"),
        Example("language('ok')", None),
        cost=20_000,
    ),
    _signal(
        "url_domains",
        "The registrable domains of the links in the text, each once: of http://a.b.co.uk/x it is "
        "'b.co.uk'. A link needs no scheme.",
        "LIST(TEXT)",
        _listed(addresses.url_domains),
        Example(
            "list_contains(url_domains('see https://a.b.co.uk/x and bit.ly/y'), 'b.co.uk')",
            value=True,
        ),
        Example("len(url_domains('no links here'))", 0.0),
        cost=6_000,
    ),
    _signal(
        "url_hosts",
        "The hosts of the links in the text, each once, in small letters, names in Punycode.",
        "LIST(TEXT)",
        _listed(addresses.url_hosts),
        Example(
            "list_contains(url_hosts('see https://A.example.com:8080/x'), 'a.example.com')",
            value=True,
        ),
        cost=5_000,
    ),
    _signal(
        "mentions",
        "The names mentioned as @name, without the sign, each once.",
        "LIST(TEXT)",
        _listed(addresses.mentions),
        Example("len(mentions('@ann and @ben, write to me@example.org'))", 2.0),
        cost=2_000,
    ),
    _signal(
        "hashtags",
        "The tags written as #tag, without the sign, each once; '#1' is none.",
        "LIST(TEXT)",
        _listed(addresses.hashtags),
        Example("list_contains(hashtags('#sale today, #1 in town'), 'sale')", value=True),
        cost=2_000,
    ),
    _signal(
        "emails",
        "The e-mail addresses in the text, each once; those that end in a public name, not .local.",
        "LIST(TEXT)",
        lambda _written: lambda text: _values(personal_data.emails(text)),
        Example("list_contains(emails('to ann@example.org!'), 'ann@example.org')", value=True),
        cost=5_000,
    ),
    Operator(
        "phone_numbers",
        "signals on text",
        "The phone numbers in the text that could be dialled, as +4930123456; without a country "
        "only those written with their country code are found.",
        tuple(
            _variant(
                "phone_numbers",
                _phones,
                "LIST(TEXT)",
                ", country literal optional TEXT",
                of_lists=each,
            )
            for each in (False, True)
        ),
        (
            Example(
                "list_contains(phone_numbers('call +1 650-253-0000'), '+16502530000')", value=True
            ),
            Example("len(phone_numbers('call 650-253-0000', 'US'))", 1.0),
        ),
        cost=50_000,
        refuse=_refuse_region,
    ),
    _signal(
        "card_numbers",
        "The payment card numbers in the text whose check digit is right, as digits.",
        "LIST(TEXT)",
        lambda _written: lambda text: _values(personal_data.cards(text)),
        Example("len(card_numbers('mine is 4111 1111 1111 1111'))", 1.0),
        Example("len(card_numbers('mine is 4111 1111 1111 1112'))", 0.0),
        cost=3_000,
    ),
    _signal(
        "caps_ratio",
        "Capital letters of all letters that have a case, 0 to 1; 0 where none has.",
        "NUMBER",
        _plain(shape.caps_ratio),
        Example("caps_ratio('AAAa')", 0.75),
        cost=2_000,
    ),
    _signal(
        "repetition_ratio",
        "How much of the text repeats what it said, 0 to 1: words that came before in it, or "
        "characters that are the third or later of a run, whichever is more.",
        "NUMBER",
        _plain(shape.repetition_ratio),
        Example("repetition_ratio('buy buy buy buy')", 0.75),
        cost=8_000,
    ),
    _signal(
        "emoji_ratio",
        "Emoji of all characters that are seen, 0 to 1; what is drawn as one counts as one.",
        "NUMBER",
        _plain(shape.emoji_ratio),
        Example("emoji_ratio('hi 👍🏽👍')", 0.5),
        cost=8_000,
    ),
)
