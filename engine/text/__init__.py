from engine.text.automaton import Automaton
from engine.text.bank_csv import TermTable, read_terms, write_terms
from engine.text.banks import Bank, Mode, Span, Term
from engine.text.terms import bank_problems

__all__ = [
    "Automaton",
    "Bank",
    "Mode",
    "Span",
    "Term",
    "TermTable",
    "bank_problems",
    "read_terms",
    "write_terms",
]
