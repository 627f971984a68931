from __future__ import annotations

from dataclasses import dataclass

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader
from engine.text import Bank, Mode, Term

MAX_TERMS = 50_000
MAX_TERM = 1000


@dataclass(frozen=True)
class TextBank:
    bank_id: str
    version: int
    name: str
    description: str = ""
    terms: tuple[Term, ...] = ()

    def matcher(self) -> Bank:
        """What the text engine looks for."""
        return Bank(self.bank_id, self.name, self.terms, self.version)


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
    )
    reader.unknown()
    return term


def bank_document(bank: TextBank) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": bank.name,
        "description": bank.description,
        "terms": [
            {"text": term.text, "mode": term.mode.value, "note": term.note} for term in bank.terms
        ],
    }
