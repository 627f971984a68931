"""What a caller may do, and the seven roles an organisation starts with."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from engine.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Permission(StrEnum):
    MANAGE_ORG = "MANAGE_ORG"
    MANAGE_USERS = "MANAGE_USERS"
    MANAGE_ROLES = "MANAGE_ROLES"
    MUTATE_LIVE_RULES = "MUTATE_LIVE_RULES"
    MUTATE_NON_LIVE_RULES = "MUTATE_NON_LIVE_RULES"
    RUN_RETROACTION = "RUN_RETROACTION"
    RUN_BACKTEST = "RUN_BACKTEST"
    VIEW_INSIGHTS = "VIEW_INSIGHTS"
    VIEW_RULES_DASHBOARD = "VIEW_RULES_DASHBOARD"
    MANAGE_POLICIES = "MANAGE_POLICIES"
    MANUALLY_ACTION_CONTENT = "MANUALLY_ACTION_CONTENT"
    VIEW_INVESTIGATION = "VIEW_INVESTIGATION"
    VIEW_MRT = "VIEW_MRT"
    VIEW_MRT_DATA = "VIEW_MRT_DATA"
    EDIT_MRT_QUEUES = "EDIT_MRT_QUEUES"
    MANAGE_ROUTING_RULES = "MANAGE_ROUTING_RULES"
    VIEW_CHILD_SAFETY_DATA = "VIEW_CHILD_SAFETY_DATA"
    VIEW_HIDDEN_FIELDS = "VIEW_HIDDEN_FIELDS"
    SUBMIT_ITEMS = "SUBMIT_ITEMS"


class UserRole(StrEnum):
    ADMIN = "ADMIN"
    RULES_MANAGER = "RULES_MANAGER"
    MODERATOR_MANAGER = "MODERATOR_MANAGER"
    MODERATOR = "MODERATOR"
    CHILD_SAFETY_MODERATOR = "CHILD_SAFETY_MODERATOR"
    ANALYST = "ANALYST"
    EXTERNAL_MODERATOR = "EXTERNAL_MODERATOR"


_MODERATOR = frozenset(
    {
        Permission.VIEW_RULES_DASHBOARD,
        Permission.MANAGE_POLICIES,
        Permission.MANUALLY_ACTION_CONTENT,
        Permission.VIEW_INVESTIGATION,
        Permission.VIEW_MRT,
        Permission.VIEW_MRT_DATA,
    }
)

ROLE_PERMISSIONS: Mapping[UserRole, frozenset[Permission]] = {
    UserRole.ADMIN: frozenset(Permission),
    UserRole.RULES_MANAGER: frozenset(
        {
            Permission.MUTATE_LIVE_RULES,
            Permission.MUTATE_NON_LIVE_RULES,
            Permission.RUN_RETROACTION,
            Permission.RUN_BACKTEST,
            Permission.VIEW_INSIGHTS,
            Permission.VIEW_RULES_DASHBOARD,
            Permission.MANAGE_POLICIES,
            Permission.MANUALLY_ACTION_CONTENT,
            Permission.VIEW_INVESTIGATION,
        }
    ),
    UserRole.MODERATOR_MANAGER: _MODERATOR
    | {
        Permission.EDIT_MRT_QUEUES,
        Permission.MANAGE_ROUTING_RULES,
        Permission.VIEW_CHILD_SAFETY_DATA,
    },
    UserRole.MODERATOR: _MODERATOR,
    UserRole.CHILD_SAFETY_MODERATOR: _MODERATOR | {Permission.VIEW_CHILD_SAFETY_DATA},
    UserRole.ANALYST: frozenset(
        {
            Permission.MUTATE_NON_LIVE_RULES,
            Permission.RUN_BACKTEST,
            Permission.VIEW_INSIGHTS,
            Permission.VIEW_RULES_DASHBOARD,
            Permission.VIEW_INVESTIGATION,
        }
    ),
    UserRole.EXTERNAL_MODERATOR: frozenset({Permission.VIEW_MRT}),
}

# A platform's key does what the console does, except decide who its people are: a stolen key
# cannot make itself an account that outlives it.
API_KEY_PERMISSIONS = frozenset(Permission) - {Permission.MANAGE_USERS, Permission.MANAGE_ROLES}


class Scope(StrEnum):
    """What a key may be made for, where it is not to do everything a key can."""

    SUBMIT = "submit"
    READ = "read"
    REVIEW = "review"
    CONFIGURE = "configure"


_READ = frozenset(
    {
        Permission.VIEW_INSIGHTS,
        Permission.VIEW_RULES_DASHBOARD,
        Permission.VIEW_INVESTIGATION,
        Permission.VIEW_MRT,
        Permission.VIEW_MRT_DATA,
    }
)

SCOPES: Mapping[Scope, frozenset[Permission]] = {
    Scope.SUBMIT: frozenset({Permission.SUBMIT_ITEMS}),
    Scope.READ: _READ,
    Scope.REVIEW: _READ | {Permission.MANUALLY_ACTION_CONTENT, Permission.EDIT_MRT_QUEUES},
    Scope.CONFIGURE: frozenset(
        {
            Permission.MANAGE_POLICIES,
            Permission.MANAGE_ROUTING_RULES,
            Permission.MUTATE_LIVE_RULES,
            Permission.MUTATE_NON_LIVE_RULES,
            Permission.RUN_BACKTEST,
            Permission.RUN_RETROACTION,
            Permission.VIEW_INSIGHTS,
            Permission.VIEW_RULES_DASHBOARD,
        }
    ),
}


def key_permissions(scopes: Iterable[str] | None) -> frozenset[Permission]:
    """None is a key for everything. A scope that this version does not know gives nothing."""
    if scopes is None:
        return API_KEY_PERMISSIONS
    known = [SCOPES[Scope(scope)] for scope in scopes if scope in set(Scope)]
    return frozenset().union(*known) & API_KEY_PERMISSIONS


def permissions_of(role: UserRole) -> frozenset[Permission]:
    return ROLE_PERMISSIONS[role]


def parse_role(text: str) -> UserRole:
    """Raises InvalidInput that lists the roles there are."""
    try:
        return UserRole(text.strip().upper())
    except ValueError as error:
        known = ", ".join(UserRole)
        problem = Problem(f"'{text}' is not a role", "/role", f"Use one of {known}.")
        raise InvalidInput(problem.message, hint=problem.hint, problems=(problem,)) from error
