"""The questions put to history, as SQL over a relation that already has every feature.

Everything here is built from checked rules and quoted names; nothing an author wrote gets in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

JUDGED: Final = "judged"


@dataclass(frozen=True)
class Question:
    """relation: SQL to select from, with `_part` (what a count is kept apart by) and `_seq`.

    candidate, baseline, truth, segment, within: SQL expressions over it; None: not asked for.
    """

    relation: str
    candidate: str
    baseline: str | None = None
    truth: str | None = None
    segment: str | None = None
    within: str | None = None

    @property
    def counts_everything(self) -> bool:
        """A share by segment needs the items that nothing matches, too."""
        return self.segment is not None


def rows_query(question: Question) -> str:
    """(part, rows) of what lies within."""
    return (
        f"SELECT _part, count(*) FROM {question.relation}"  # noqa: S608
        f"{_where(question.within)} GROUP BY ALL"
    )


def counts_query(question: Question) -> str:
    """(part, segment, candidate, baseline, truth, items); unknown outcomes count as FALSE."""
    if question.baseline is None and question.truth is None and not question.counts_everything:
        return (
            "SELECT _part, NULL, TRUE, FALSE, NULL, count(*)"  # noqa: S608
            f" FROM {question.relation}{_where(question.within, question.candidate)} GROUP BY ALL"
        )
    return f"{_COUNTS} FROM ({judged_query(question)}) GROUP BY ALL"


def counts_of_judged() -> str:
    return f"{_COUNTS} FROM {JUDGED} GROUP BY ALL"


_COUNTS: Final = "SELECT _part, _segment, _candidate, _baseline, _truth, count(*)"


def judged_query(question: Question) -> str:
    """One row an item that a rule matches or whose truth is known; every item with segments."""
    told = (
        f"SELECT _part, _seq, {_or_null(question.segment, 'VARCHAR')} AS _segment,"  # noqa: S608
        f" coalesce({question.candidate}, FALSE) AS _candidate,"
        f" coalesce({question.baseline or 'FALSE'}, FALSE) AS _baseline,"
        f" {_or_null(question.truth, 'BOOLEAN')} AS _truth"
        f" FROM {question.relation}{_where(question.within)}"
    )
    if question.counts_everything:
        return told
    return f"SELECT * FROM ({told}) WHERE _candidate OR _baseline OR _truth IS NOT NULL"  # noqa: S608


def judged_table(question: Question) -> str:
    return f"CREATE OR REPLACE TEMP TABLE {JUDGED} AS {judged_query(question)}"


def flips_query(items: str) -> str:
    """The items whose verdict changes, in the order of arrival. items: with `_seq` and fields."""
    return (
        f"SELECT j._candidate, j._baseline, j._truth, i.* FROM {items} AS i"  # noqa: S608
        f" JOIN {JUDGED} AS j USING (_seq)"
        " WHERE j._candidate <> j._baseline ORDER BY _seq"
    )


def _or_null(expression: str | None, kind: str) -> str:
    return f"CAST({expression or 'NULL'} AS {kind})"


def _where(*conditions: str | None) -> str:
    given = [f"({condition})" for condition in conditions if condition]
    return f" WHERE {' AND '.join(given)}" if given else ""
