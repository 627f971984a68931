from acme_signals import rudeness, shouting, signals

from engine.signals import Failed
from engine.signals.signal import problem_with


def test_rudeness_is_the_share_of_rude_words() -> None:
    assert rudeness(["You idiot!", "good morning", ""], {}) == [0.5, 0.0, 0.0]


def test_a_language_it_does_not_know_is_no_answer() -> None:
    assert rudeness(["merhaba"], {"language": "tr"}) == [Failed("no such language")]


def test_a_text_without_letters_does_not_shout() -> None:
    assert shouting(["LOUD", "quiet", "123"], {}) == [True, False, None]


def test_winnow_takes_them() -> None:
    assert [problem_with(signal) for signal in signals()] == ["", ""]
