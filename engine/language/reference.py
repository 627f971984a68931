"""The reference page of the language, written from the registry.

python -m engine.language.reference > docs/reference/rule-language.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.language.diagnostics import CODES
from engine.language.lint import LINTS
from engine.language.parser import DEEPEST, LONGEST_LIST, LONGEST_TEXT
from engine.language.registry import REGISTRY
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.language.nodes import Value
    from engine.language.operator import Operator

_OPENING = f"""# The rule language

A rule is one condition over an item, written as a SQL expression (DuckDB's dialect). It fires
where the condition is TRUE. What is unknown is NULL: it spreads through comparisons and functions
as SQL says, and a rule never fires on it.

    text ILIKE '%free money%' AND age(created_at) < INTERVAL '7 days'
      OR count_recent(creator, '1 hour') > 5 AND NOT verified

Fields are named as the item type names them; names with other characters, or names that are words
of SQL, stand in double quotes: `"order id"`. A dot leads into a related item or an object
(`author.id`, `address.city`). Texts stand in single quotes, with a quote inside doubled: `'it''s'`.
Times are written `TIMESTAMP '2026-03-01 09:30:00'`
(UTC unless they name an offset), lengths of time `INTERVAL '7 days'`.

`creator` is always the item's author and `thread` the thread it belongs to. Beside their `id` and
`typeId`, every field of their own item types can be read, as it was in their latest submission when
the item arrived: `creator."account age" < 7`, `age(creator.joined)`, `any(creator.tags = 'new')`.
All of them are NULL as long as none was submitted. Counters cannot count by them.

`any(condition)`, `all(condition)` and `count(condition)` ask a condition of every element of a list
or value of a map, which the list stands for in the condition: `any(tags LIKE 'a%')`,
`count(attachments.size > 1000000 AND attachments.kind = 'image') >= 3`. Signals on text that are
given a list answer for any of its elements by themselves.

Types: {", ".join(f"`{base}`" for base in Base if base not in {Base.NULL, Base.ERROR})}. Nothing is
converted silently: `'1' = 1` is a mistake, not a comparison. URL, GEOHASH, IP, EMAIL and ID are
texts with a purpose and may be used wherever a TEXT may. A NUMBER is an IEEE double; a result that
is not finite is NULL.

A rule has at most {LONGEST_TEXT:,} characters, is nested at most {DEEPEST} deep and holds lists of
at most {LONGEST_LIST:,} members; longer lists of words belong into a bank.

Operators, loosest first: `OR`, `AND`, `NOT`, `IS`, comparisons (which do not chain), `BETWEEN` `IN`
`LIKE` `ILIKE`, `||`, `+` `-`, `*` `/` `%`, a minus sign, `.` and `[]`.
"""


def page() -> str:
    return "\n".join([_OPENING, *_groups(), *_mistakes(), *_findings()])


def _groups() -> Iterator[str]:
    group = ""
    for operator in REGISTRY.values():
        if operator.group != group:
            group = operator.group
            yield f"## {group.capitalize()}\n"
        yield from _entry(operator)


def _entry(operator: Operator) -> Iterator[str]:
    yield f"### `{operator.written or f'{operator.name}()'}`\n"
    yield f"{operator.summary}\n"
    for variant in operator.variants:
        yield f"- `{variant.signature.text}`"
    yield ""
    if operator.examples:
        yield "```text"
        yield from (f"{each.text}  -- {_written(each.value)}" for each in operator.examples)
        yield "```\n"


def _written(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return f"'{value}'"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _mistakes() -> Iterator[str]:
    yield "## What can be wrong\n"
    yield "Every mistake is told with its place, a hint and one of these codes, which stay.\n"
    yield from _table(CODES)


def _findings() -> Iterator[str]:
    yield "## What is probably not meant\n"
    yield "Lint finds these in rules that are right as far as the language goes. What it claims is"
    yield "so; it does not find everything.\n"
    yield from _table(LINTS)


def _table(codes: Mapping[str, str]) -> Iterator[str]:
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in codes.items():
        yield f"| `{code}` | {meaning} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
