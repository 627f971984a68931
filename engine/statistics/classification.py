"""Precision, recall, F1 and the false-positive rate of a rule against known truth."""

from __future__ import annotations

from dataclasses import dataclass

from engine.statistics.estimates import CONFIDENCE, Estimate, insufficient, proportion, wilson


@dataclass(frozen=True)
class Confusion:
    """Items with a known truth. A rule that is unknown on an item did not match it."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )

    @property
    def labelled(self) -> int:
        return self.matched + self.false_negative + self.true_negative

    @property
    def matched(self) -> int:
        return self.true_positive + self.false_positive

    @property
    def violating(self) -> int:
        return self.true_positive + self.false_negative


@dataclass(frozen=True)
class Quality:
    precision: Estimate
    recall: Estimate
    f1: Estimate
    false_positive_rate: Estimate


def quality(confusion: Confusion, *, floor: int, confidence: float = CONFIDENCE) -> Quality:
    if confusion.labelled == 0:
        return no_truth("no item in the range has a known truth")
    clean = confusion.false_positive + confusion.true_negative
    return Quality(
        precision=proportion(
            confusion.true_positive,
            confusion.matched,
            floor=floor,
            nothing="no labelled item matches the rule",
            confidence=confidence,
        ),
        recall=proportion(
            confusion.true_positive,
            confusion.violating,
            floor=floor,
            nothing="no labelled item is violating",
            confidence=confidence,
        ),
        f1=f1(confusion, floor=floor, confidence=confidence),
        false_positive_rate=proportion(
            confusion.false_positive,
            clean,
            floor=floor,
            nothing="no labelled item is clean",
            confidence=confidence,
        ),
    )


def no_truth(why: str) -> Quality:
    unknown = Estimate.unknown(why)
    return Quality(unknown, unknown, unknown, unknown)


def f1(confusion: Confusion, *, floor: int, confidence: float = CONFIDENCE) -> Estimate:
    """F1 with the Wilson interval of J = TP / (TP + FP + FN) carried over by F1 = 2J / (1 + J).

    The map is increasing, so coverage is that of Wilson's interval for J
    (the "Wilson indirect" interval of Lam, Gopal and Qian, arXiv:2309.14621, 2023).
    """
    union = confusion.matched + confusion.false_negative
    if union == 0:
        return Estimate.unknown("no labelled item matches the rule or is violating")
    if union < floor:
        return Estimate.unknown(insufficient(union, floor), union)
    low, high = wilson(confusion.true_positive, union, confidence)
    return Estimate(
        _f1_of_overlap(confusion.true_positive / union),
        _f1_of_overlap(low),
        _f1_of_overlap(high),
        union,
    )


def _f1_of_overlap(overlap: float) -> float:
    return 2 * overlap / (1 + overlap)
