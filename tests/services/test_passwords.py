from __future__ import annotations

import argon2
import pytest

from services.passwords import generate_password, hash_password, needs_rehash, verify_password


@pytest.mark.parametrize("password", ["correct horse", "пароль", "\0", "\ud800", ""])
def test_a_password_fits_its_own_hash_and_no_other_does(password: str) -> None:
    stored = hash_password(password)
    assert verify_password(stored, password)
    assert not verify_password(stored, password + "x")


def test_nobody_has_no_password() -> None:
    assert not verify_password(None, generate_password())


def test_a_damaged_hash_fits_nothing() -> None:
    assert not verify_password("$argon2id$damaged", "x")


def test_the_same_password_is_hashed_with_a_new_salt() -> None:
    assert hash_password("x") != hash_password("x")


def test_generated_passwords_are_long_and_never_the_same() -> None:
    made = {generate_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(password) for password in made} == {24}


def test_a_hash_of_weaker_parameters_is_known() -> None:
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("x")
    assert needs_rehash(weaker)
    assert not needs_rehash(hash_password("x"))


def test_by_default_a_guess_costs_64_mebibytes_and_three_passes() -> None:
    parameters = argon2.PasswordHasher()
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3
