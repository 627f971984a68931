from engine.text.banks import Bank, Mode, Span, Term

__all__ = ["Bank", "Mode", "Span", "Term"]
