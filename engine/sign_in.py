"""How guessing passwords is slowed down, and what a password and an address must look like."""

from __future__ import annotations

from engine.errors import InvalidInput, Problem

FREE_ATTEMPTS = 5
LONGEST_WAIT_S = 900.0
# After this long without a failure the count starts anew.
FORGET_AFTER_S = 3600.0

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
LONGEST_EMAIL = 254


def wait_s(failures: int, since_last_s: float) -> float:
    """Seconds until the next attempt is allowed: none for five, then 1, 2, 4 ... up to 900."""
    if failures < FREE_ATTEMPTS or since_last_s >= FORGET_AFTER_S:
        return 0.0
    delay = min(LONGEST_WAIT_S, 2.0 ** min(failures - FREE_ATTEMPTS, 20))
    return max(0.0, delay - since_last_s)


def next_count(failures: int, since_last_s: float) -> int:
    return 1 if since_last_s >= FORGET_AFTER_S else failures + 1


def check_password(password: str, email: str) -> None:
    """Raises InvalidInput. Length is what counts; no rules about kinds of letters."""
    hint = f"Use {SHORTEST_PASSWORD} characters or more: a few unrelated words are easy to keep."
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise _refuse(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            "/password",
            hint,
        )
    if password.casefold() == email.casefold() or len(set(password)) == 1:
        raise _refuse("This password is too easy to guess", "/password", hint)


def check_email(email: str) -> str:
    """The address without spaces around it. Raises InvalidInput for what cannot be one."""
    trimmed = email.strip()
    local, _, domain = trimmed.rpartition("@")
    sound = (
        local
        and domain
        and len(trimmed) <= LONGEST_EMAIL
        and trimmed.isprintable()
        and not any(letter.isspace() for letter in trimmed)
    )
    if not sound:
        raise _refuse(
            f"'{trimmed[:80]}' is not an e-mail address",
            "/email",
            "It looks like name@example.com.",
        )
    return trimmed


def _refuse(message: str, pointer: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{message}.", hint=hint, problems=(Problem(message, pointer, hint),))
