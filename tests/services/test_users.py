from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.permissions import Permission, UserRole
from services import sessions, users
from services.context import Caller, system_caller
from services.organisations import create_organisation
from services.users import UserChange
from store import audit

if TYPE_CHECKING:
    from services.context import Context
    from store.users import User
    from tests.world import Organisation


@pytest.fixture
def admin(context: Context, org: Organisation) -> Caller:
    session = sessions.sign_in(context, org.admin_email, org.admin_password)
    return sessions.authenticate(context, session.token)


def add(context: Context, caller: Caller, email: str, role: UserRole = UserRole.ANALYST) -> User:
    return users.create_user(context, caller, email=email, role=role).user


def test_a_new_user_signs_in_with_the_password_shown(context: Context, admin: Caller) -> None:
    made = users.create_user(context, admin, email="ann@test.example", role=UserRole.ANALYST)
    assert sessions.sign_in(context, "ann@test.example", made.password).user == made.user
    assert made.user.name == "ann"


def test_users_are_listed_by_address(context: Context, admin: Caller) -> None:
    add(context, admin, "Zoe@test.example")
    add(context, admin, "bea@test.example")
    assert [each.email for each in users.list_users(context, admin)] == [
        "admin@test.example",
        "bea@test.example",
        "Zoe@test.example",
    ]


def test_an_address_is_used_once_in_any_letter_case_and_organisation(
    context: Context, admin: Caller
) -> None:
    other = create_organisation(context, "Other", "bob@test.example")
    with pytest.raises(Conflict, match=r"BOB@test\.example is in use"):
        add(context, admin, "BOB@test.example")
    assert [each.email for each in users.list_users(context, admin)] == ["admin@test.example"]
    assert other.admin_email == "bob@test.example"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"password": "short"}, "/password"),
        ({"name": "x" * 256}, "/name"),
        ({"name": "a\nb"}, "/name"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    context: Context, admin: Caller, change: dict[str, str], pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        users.create_user(
            context,
            admin,
            email=change.get("email", "ann@test.example"),
            role=UserRole.ANALYST,
            name=change.get("name", ""),
            password=change.get("password"),
        )
    assert [problem.pointer for problem in refusal.value.problems] == [pointer]


def test_a_change_says_who_did_what(context: Context, admin: Caller) -> None:
    ann = add(context, admin, "ann@test.example")
    change = UserChange(name="Ann", role=UserRole.MODERATOR, disabled=True)
    after = users.update_user(context, admin, ann.user_id, change)
    assert (after.name, after.role) == ("Ann", UserRole.MODERATOR)
    users.update_user(context, admin, ann.user_id, UserChange(disabled=False))
    with context.database.transaction(admin.org_id) as tx:
        records = audit.newest(tx, limit=3)
    assert [(record.actor, record.event) for record in records] == [
        (admin.actor, "user:enable"),
        (admin.actor, "user:disable"),
        (admin.actor, "user:update"),
    ]
    assert records[-1].detail == {
        "name": {"from": "ann", "to": "Ann"},
        "role": {"from": "ANALYST", "to": "MODERATOR"},
    }


def test_a_change_of_nothing_is_not_logged(context: Context, admin: Caller) -> None:
    ann = add(context, admin, "ann@test.example")
    users.update_user(context, admin, ann.user_id, UserChange(name="ann", role=UserRole.ANALYST))
    with context.database.transaction(admin.org_id) as tx:
        assert audit.newest(tx, limit=1)[0].event == "user:create"


def test_a_new_password_ends_the_sessions_and_is_never_logged(
    context: Context, admin: Caller
) -> None:
    made = users.create_user(context, admin, email="ann@test.example", role=UserRole.ANALYST)
    session = sessions.sign_in(context, "ann@test.example", made.password)
    change = UserChange(password="another long one")
    users.update_user(context, admin, made.user.user_id, change)
    with pytest.raises(NotAuthenticated):
        sessions.authenticate(context, session.token)
    assert sessions.sign_in(context, "ann@test.example", "another long one").token
    with context.database.transaction(admin.org_id) as tx:
        assert "another long one" not in str(list(audit.records(tx)))


@pytest.mark.parametrize("change", [UserChange(disabled=True), UserChange(role=UserRole.ANALYST)])
def test_the_only_administrator_stays_one(
    context: Context, admin: Caller, change: UserChange
) -> None:
    assert admin.user_id is not None
    with pytest.raises(Conflict, match="only administrator"):
        users.update_user(context, admin, admin.user_id, change)
    second = add(context, admin, "second@test.example", UserRole.ADMIN)
    users.update_user(context, admin, admin.user_id, change)
    with pytest.raises(Conflict, match="only administrator"):
        users.update_user(context, system_caller(admin.org_id, "t"), second.user_id, change)


def test_two_administrators_cannot_remove_each_other_at_once(
    context: Context, admin: Caller
) -> None:
    second = add(context, admin, "second@test.example", UserRole.ADMIN)
    system = system_caller(admin.org_id, "test")

    def demote(user_id: str | None) -> bool:
        assert user_id is not None
        try:
            users.update_user(context, system, user_id, UserChange(role=UserRole.ANALYST))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, [admin.user_id, second.user_id]))
    assert sorted(done) == [False, True]


def test_a_user_of_another_organisation_does_not_exist(context: Context, admin: Caller) -> None:
    other = create_organisation(context, "Other")
    stranger = users.list_users(context, system_caller(other.org_id, "test"))[0]
    with pytest.raises(NotFound):
        users.update_user(context, admin, stranger.user_id, UserChange(disabled=True))


def test_only_who_manages_users_may(context: Context, org: Organisation) -> None:
    caller = Caller(org.org_id, "user:1", frozenset(Permission) - {Permission.MANAGE_USERS})
    with pytest.raises(PermissionDenied, match="MANAGE_USERS"):
        users.list_users(context, caller)
    with pytest.raises(PermissionDenied):
        users.create_user(context, caller, email="a@b.example", role=UserRole.ADMIN)
    with pytest.raises(PermissionDenied):
        users.update_user(context, caller, "1", UserChange())
