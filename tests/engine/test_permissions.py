from __future__ import annotations

import pytest

from engine.errors import InvalidInput
from engine.permissions import (
    API_KEY_PERMISSIONS,
    Permission,
    Scope,
    UserRole,
    key_permissions,
    parse_role,
    permissions_of,
)

# Who may what by default, a row a permission:
# Admin, Rules Manager, Moderator Manager, Moderator, Child Safety, Analyst, External.
MATRIX = """
MANAGE_ORG               A
MANAGE_USERS             A
MANAGE_ROLES             A
MUTATE_LIVE_RULES        A RM
MUTATE_NON_LIVE_RULES    A RM AN
RUN_RETROACTION          A RM
RUN_BACKTEST             A RM AN
VIEW_INSIGHTS            A RM AN
VIEW_RULES_DASHBOARD     A RM MM M CS AN
MANAGE_POLICIES          A RM MM M CS
MANUALLY_ACTION_CONTENT  A RM MM M CS
VIEW_INVESTIGATION       A RM MM M CS AN
VIEW_MRT                 A MM M CS EX
VIEW_MRT_DATA            A MM M CS
EDIT_MRT_QUEUES          A MM
MANAGE_ROUTING_RULES     A MM
VIEW_CHILD_SAFETY_DATA   A MM CS
VIEW_HIDDEN_FIELDS       A
SUBMIT_ITEMS             A
"""
SHORT = dict(zip(["A", "RM", "MM", "M", "CS", "AN", "EX"], UserRole, strict=True))
ROWS = {
    name: {SHORT[short] for short in roles}
    for name, *roles in map(str.split, MATRIX.strip().splitlines())
}


def test_the_matrix_names_every_permission() -> None:
    assert set(ROWS) == set(Permission)


@pytest.mark.parametrize("permission", Permission)
def test_the_default_roles_hold_what_the_matrix_says(permission: Permission) -> None:
    assert {role for role in UserRole if permission in permissions_of(role)} == ROWS[permission]


def test_a_key_does_not_decide_who_people_are() -> None:
    assert frozenset(Permission) - API_KEY_PERMISSIONS == {
        Permission.MANAGE_USERS,
        Permission.MANAGE_ROLES,
    }


@pytest.mark.parametrize("scope", Scope)
def test_a_scoped_key_does_less_than_one_without_scopes(scope: Scope) -> None:
    assert key_permissions([scope]) < key_permissions(None) == API_KEY_PERMISSIONS


def test_scopes_add_up_and_unknown_ones_give_nothing() -> None:
    both = key_permissions([Scope.SUBMIT, Scope.READ])
    assert both == key_permissions([Scope.SUBMIT]) | key_permissions([Scope.READ])
    assert key_permissions(["of-a-later-version"]) == key_permissions([]) == frozenset()


@pytest.mark.parametrize("text", ["ANALYST", "analyst", " Analyst "])
def test_a_role_is_read_in_any_letter_case(text: str) -> None:
    assert parse_role(text) is UserRole.ANALYST


def test_an_unknown_role_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="'BOSS' is not a role") as refusal:
        parse_role("BOSS")
    assert "CHILD_SAFETY_MODERATOR" in refusal.value.hint
    assert refusal.value.problems[0].pointer == "/role"
