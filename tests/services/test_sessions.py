"""Signing in: for whom it works, what it leaves behind, and how guessing is slowed down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.errors import NotAuthenticated, NotFound, RateLimited
from engine.permissions import Permission, UserRole, permissions_of
from services import sessions, users
from services.context import Caller, system_caller
from services.users import UserChange
from store import audit

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation

PASSWORD = "correct horse battery"


@pytest.fixture
def moderator(context: Context, org: Organisation) -> users.NewUser:
    return users.create_user(
        context,
        system_caller(org.org_id, "test"),
        email="Mo@test.example",
        role=UserRole.MODERATOR,
        password=PASSWORD,
    )


def guess(context: Context, email: str, password: str = "wrong password") -> str:
    try:
        sessions.sign_in(context, email, password)
    except NotAuthenticated:
        return "wrong"
    except RateLimited:
        return "wait"
    return "in"


def test_a_session_speaks_for_its_user(context: Context, moderator: users.NewUser) -> None:
    session = sessions.sign_in(context, "mo@TEST.example ", PASSWORD)
    caller = sessions.authenticate(context, session.token)
    assert caller == Caller(
        org_id=1,
        actor=f"user:{moderator.user.user_id}",
        permissions=permissions_of(UserRole.MODERATOR),
        user_id=moderator.user.user_id,
        user_email="Mo@test.example",
    )
    assert sessions.current_user(context, caller).email == "Mo@test.example"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("mo@test.example", "wrong password"),
        ("mo@test.example", ""),
        ("mo@test.example", "\ud800"),
        ("mo@test.example", "x" * 100_000),
        ("nobody@test.example", PASSWORD),
        ("", PASSWORD),
        ("a\0b", PASSWORD),
        ("x" * 100_000, PASSWORD),
    ],
)
@pytest.mark.usefixtures("moderator")
def test_every_wrong_pair_is_refused_with_the_same_words(
    context: Context, email: str, password: str
) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        sessions.sign_in(context, email, password)
    assert refusal.value.message == "The e-mail address or the password is wrong."


def test_a_disabled_user_cannot_sign_in_and_is_signed_out(
    context: Context, org: Organisation, moderator: users.NewUser
) -> None:
    session = sessions.sign_in(context, "mo@test.example", PASSWORD)
    caller = system_caller(org.org_id, "test")
    users.update_user(context, caller, moderator.user.user_id, UserChange(disabled=True))
    with pytest.raises(NotAuthenticated, match="session has ended"):
        sessions.authenticate(context, session.token)
    assert guess(context, "mo@test.example", PASSWORD) == "wrong"


@pytest.mark.usefixtures("moderator")
def test_signing_out_ends_this_session_and_no_other(context: Context) -> None:
    first = sessions.sign_in(context, "mo@test.example", PASSWORD)
    second = sessions.sign_in(context, "mo@test.example", PASSWORD)
    sessions.sign_out(context, first.token)
    sessions.sign_out(context, first.token)
    with pytest.raises(NotAuthenticated):
        sessions.authenticate(context, first.token)
    assert sessions.authenticate(context, second.token).user_email == "Mo@test.example"


@pytest.mark.usefixtures("moderator")
def test_a_session_ends_by_itself(context: Context, clock: MovableClock) -> None:
    session = sessions.sign_in(context, "mo@test.example", PASSWORD)
    clock.advance(days=14, seconds=-1)
    assert sessions.authenticate(context, session.token).user_id
    clock.advance(seconds=1)
    with pytest.raises(NotAuthenticated):
        sessions.authenticate(context, session.token)


@pytest.mark.usefixtures("moderator")
def test_expired_sessions_are_cleared_away(
    context: Context, org: Organisation, clock: MovableClock
) -> None:
    sessions.sign_in(context, "mo@test.example", PASSWORD)
    clock.advance(days=15)
    sessions.sign_in(context, "mo@test.example", PASSWORD)
    with context.database.transaction(org.org_id) as tx:
        assert tx.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\0", "x" * 100_000])
def test_a_token_that_nobody_gave_is_refused(context: Context, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        sessions.authenticate(context, token)


@pytest.mark.usefixtures("moderator")
def test_neither_token_nor_password_is_stored(context: Context, org: Organisation) -> None:
    session = sessions.sign_in(context, "mo@test.example", PASSWORD)
    with context.database.transaction(org.org_id) as tx:
        stored = str(
            tx.execute(text("SELECT users::text, sessions::text FROM users, sessions")).all()
        )
    assert session.token not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


@pytest.mark.usefixtures("moderator")
def test_after_five_failures_even_the_right_password_must_wait(
    context: Context, clock: MovableClock
) -> None:
    assert [guess(context, "mo@test.example") for _ in range(7)] == ["wrong"] * 5 + ["wait"] * 2
    with pytest.raises(RateLimited) as refusal:
        sessions.sign_in(context, "MO@test.example", PASSWORD)
    assert refusal.value.retry_after_s == 1
    clock.advance(seconds=1)
    assert guess(context, "mo@test.example", PASSWORD) == "in"


@pytest.mark.usefixtures("moderator")
def test_success_forgets_the_failures(context: Context) -> None:
    for _ in range(3):
        assert [guess(context, "mo@test.example") for _ in range(4)] == ["wrong"] * 4
        assert guess(context, "mo@test.example", PASSWORD) == "in"


@pytest.mark.usefixtures("org")
def test_an_address_without_an_account_is_slowed_down_alike(context: Context) -> None:
    assert [guess(context, "no@test.example") for _ in range(6)] == ["wrong"] * 5 + ["wait"]


@pytest.mark.usefixtures("moderator")
def test_one_address_does_not_slow_down_another(context: Context) -> None:
    for _ in range(6):
        guess(context, "other@test.example")
    assert guess(context, "mo@test.example", PASSWORD) == "in"


@pytest.mark.usefixtures("moderator")
def test_guessing_in_parallel_gains_nothing(context: Context) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: guess(context, "mo@test.example"), range(12)))
    assert answers.count("wrong") == 5


@pytest.mark.usefixtures("moderator")
def test_what_happened_is_in_the_audit_log(context: Context, org: Organisation) -> None:
    guess(context, "mo@test.example")
    session = sessions.sign_in(context, "mo@test.example", PASSWORD)
    sessions.sign_out(context, session.token)
    with context.database.transaction(org.org_id) as tx:
        events = [record.event for record in audit.newest(tx, limit=3)]
    assert events == ["user:sign-out", "user:sign-in", "user:sign-in-refused"]


def test_a_key_has_no_user(context: Context, org: Organisation) -> None:
    with pytest.raises(NotFound):
        sessions.current_user(context, Caller(org.org_id, "key:1", frozenset(Permission)))
