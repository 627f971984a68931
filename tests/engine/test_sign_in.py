from __future__ import annotations

import pytest

from engine.errors import InvalidInput
from engine.sign_in import check_email, check_password, next_count, wait_s


@pytest.mark.parametrize(
    ("failures", "since_last_s", "wait"),
    [
        (0, 0, 0),
        (4, 0, 0),
        (5, 0, 1),
        (6, 0, 2),
        (7, 0, 4),
        (7, 3, 1),
        (7, 4, 0),
        (14, 0, 512),
        (15, 0, 900),
        (10_000, 0, 900),
        (10_000, 899, 1),
        (10_000, 3600, 0),
    ],
)
def test_waiting_doubles_from_the_sixth_attempt_on(
    failures: int, since_last_s: float, wait: float
) -> None:
    assert wait_s(failures, since_last_s) == wait


def test_an_hour_without_failures_forgets_them() -> None:
    assert next_count(9, 3599) == 10
    assert next_count(9, 3600) == 1


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "x" * 1025, "aaaaaaaaaaaaaaaa"])
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_password(password, "a@b.example")
    assert refusal.value.problems[0].pointer == "/password"
    assert "unrelated words" in refusal.value.hint


def test_the_address_is_no_password() -> None:
    with pytest.raises(InvalidInput, match="easy to guess"):
        check_password("Somebody@example.com", "somebody@example.com")


@pytest.mark.parametrize(
    "password", ["twelve chars", "correct horse battery staple", "пароль-пароль"]
)
def test_a_long_password_of_any_letters_will_do(password: str) -> None:
    check_password(password, "a@b.example")
    assert len(password) >= 12


@pytest.mark.parametrize("email", ["a@b", " a@b.example ", "a+b@c.example", "ü@ü.example"])
def test_addresses_lose_the_spaces_around_them(email: str) -> None:
    assert check_email(email) == email.strip()


@pytest.mark.parametrize(
    "email", ["", "a", "@", "a@", "@b", "a b@c.example", "a\0@b.example", "a" * 250 + "@b.example"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput, match="is not an e-mail address"):
        check_email(email)
