"""Answers of signals beside a relation in DuckDB: a table of what was asked and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.language.operator import digest_of

if TYPE_CHECKING:
    from engine.language.nodes import SignalCall

SQL_TYPES: Final = {
    "NUMBER": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TEXT": "VARCHAR",
    "LIST(TEXT)": "VARCHAR[]",
}


@dataclass(frozen=True)
class Lookup:
    """place: of the call in its plan. source, subject, need: SQL.

    source: what is selected from. need: TRUE where the outcome depends on the answer.
    """

    call: SignalCall
    place: int
    source: str
    subject: str
    need: str

    def distinct(self, within: str) -> str:
        """The query for what to ask about, as `_asked`. within: of which rows, all if empty."""
        bounds = f"({within}) AND " if within else ""
        return (
            f"SELECT DISTINCT {self.subject} AS _asked FROM {self.source}"  # noqa: S608 checked trees
            f" WHERE {bounds}{self.need} AND {self.subject} IS NOT NULL"
        )

    @property
    def table(self) -> str:
        signal = self.call.signal
        facts = (signal.name, signal.version, self.call.options, self.distinct(""))
        return f'"_answers_{digest_of(facts)}"'

    @property
    def column(self) -> str:
        return answer_column(self.place)

    @property
    def asked_column(self) -> str:
        return f'"_asked_{self.place}"'

    def join(self) -> str:
        return f"LEFT JOIN {self.table} ON {self.subject} = {self.asked_column}"


def answer_column(place: int) -> str:
    return f'"_signal_{place}"'
