from engine.text.automaton import Automaton
from engine.text.banks import Bank, Mode, Span, Term
from engine.text.terms import bank_problems

__all__ = ["Automaton", "Bank", "Mode", "Span", "Term", "bank_problems"]
