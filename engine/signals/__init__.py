"""Signals: questions about a text or a picture that somebody else's code answers.

signal     what a signal says of itself, and the function that answers a batch of distinct values
asking     questions and replies; what is no answer, and why
elements   what a signal says of a list, from what it says of the elements
"""

from engine.signals.asking import Ask, Failed, Question, Reply, Unanswered, ask_in_turn
from engine.signals.signal import Cost, ModelCard, Option, Signal, Threshold

__all__ = [
    "Ask",
    "Cost",
    "Failed",
    "ModelCard",
    "Option",
    "Question",
    "Reply",
    "Signal",
    "Threshold",
    "Unanswered",
    "ask_in_turn",
]
