from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader, write_moment
from engine.text import Bank, Mode, Term

if TYPE_CHECKING:
    from datetime import datetime

MAX_TERMS = 50_000
MAX_TERM = 2000


@dataclass(frozen=True)
class TextBank:
    bank_id: str
    version: int
    name: str
    description: str = ""
    terms: tuple[Term, ...] = ()

    def matcher(self, at: datetime | None = None) -> Bank:
        """What the text engine looks for; given a time, without what has expired by then."""
        bank = Bank(self.bank_id, self.name, self.terms, self.version)
        return bank if at is None else bank.at(at)


def parse_bank(bank_id: str, version: int, document: object) -> TextBank:
    """Raises InvalidConfiguration. Whether a pattern compiles is for the text engine to say."""
    reader = Reader(document)
    bank = TextBank(
        bank_id=bank_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        description=reader.text("description", limit=10_000),
        terms=tuple(_term(inner) for inner in reader.records("terms", most=MAX_TERMS)),
    )
    reader.finish("bank")
    return bank


def _term(reader: Reader) -> Term:
    term = Term(
        text=reader.text("text", limit=MAX_TERM, required=True),
        mode=reader.choice("mode", Mode, Mode.WORD),
        note=reader.text("note", limit=2000),
        source=reader.text("source", limit=2000),
        expires_at=reader.moment("expiresAt"),
    )
    reader.unknown()
    return term


def bank_document(bank: TextBank) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": bank.name,
        "description": bank.description,
        "terms": [_term_document(term) for term in bank.terms],
    }


def _term_document(term: Term) -> dict[str, object]:
    document: dict[str, object] = {
        "text": term.text,
        "mode": term.mode.value,
        "note": term.note,
    }
    if term.source:
        document["source"] = term.source
    if term.expires_at is not None:
        document["expiresAt"] = write_moment(term.expires_at)
    return document
