"""Figures with honest intervals: counts in, estimates out.

Every figure is an `Estimate`; one that cannot be given is null with a reason, never a zero.
"""
