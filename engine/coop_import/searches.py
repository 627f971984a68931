"""What a condition looks for in a text, as SQL: in a bank, or written out where no bank can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.coop_import.inputs import Refused
from engine.language.duckdb_sql import text_sql
from engine.text import Mode

if TYPE_CHECKING:
    from engine.configuration.banks import TextBank
    from engine.coop_import.inputs import Value
    from engine.coop_import.leaves import Search

MOST_WRITTEN: Final = 100
"""Texts that are written into the condition of a counter; a rule has to stay readable."""

_OTHER_VALUES: Final = ("locations", "locationBankIds", "imageBankIds")


def listed(matching: Mapping[object, object], key: str) -> tuple[str, ...]:
    """The texts under a key of matching values. Raises Refused."""
    other = [each for each in _OTHER_VALUES if matching.get(each)]
    if other:
        raise Refused("matchingValues", f"`{other[0]}` is nothing to look for in a text")
    value = matching.get(key) or ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Refused(f"matchingValues/{key}", "a list of texts is needed")
    if not all(isinstance(each, str) for each in value):
        raise Refused(f"matchingValues/{key}", "a list of texts is needed")
    return tuple(str(each) for each in value)


def in_bank(name: str, mode: Mode) -> Search:
    return partial(_matched, name, mode)


def _matched(name: str, mode: Mode, value: Value) -> str:
    return f"matches({value.sql}, {text_sql(name)}, {text_sql(mode.value)})"


def in_counter(strings: Sequence[str], banks: Sequence[TextBank], mode: Mode) -> tuple[Search, ...]:
    """Counters see fields alone: the texts are written out. Raises Refused."""
    if mode not in {Mode.SUBSTRING, Mode.REGEX}:
        raise Refused("signal", "a counter cannot look for variants")
    texts = [*(term.text for bank in banks for term in bank.terms), *strings]
    if len(texts) > MOST_WRITTEN:
        raise Refused(
            "matchingValues",
            f"a counter cannot look into banks, and {len(texts):,} texts are too many to write out",
            f"up to {MOST_WRITTEN} are written into the counter",
        )
    return tuple(partial(_written, text, mode) for text in dict.fromkeys(texts))


def _written(text: str, mode: Mode, value: Value) -> str:
    """Letter case is no matter, as in Coop."""
    if mode is Mode.REGEX:
        found = f"regexp_matches({value.sql}, {text_sql(f'(?i){text}')})"
    else:
        sought = text_sql(text.lower()) if text.isascii() else f"lower({text_sql(text)})"
        found = f"contains(lower({value.sql}), {sought})"
    return f"any({found})" if value.listed else found
