"""What every service verb is given: the world it may touch, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import PermissionDenied
from engine.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.database import Database
    from store.secrets import SecretBox


@dataclass(frozen=True)
class Context:
    """lake_root: a path or URL. clock: aware, UTC. new_id: a fresh UUID as text.

    private_hosts: names, addresses and networks, not public, that every organisation may call.
    """

    database: Database
    lake_root: str
    secrets: SecretBox
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caller:
    """actor: `user:<id>`, `key:<id>` or `system:<name>`, as the audit log names it.

    items_per_second: the limit of this very key, None where the organisation's holds.
    """

    org_id: int
    actor: str
    permissions: frozenset[Permission]
    user_id: str | None = None
    user_email: str | None = None
    items_per_second: float | None = None


def system_caller(org_id: int, name: str) -> Caller:
    """Winnow itself, for the work it does unasked."""
    return Caller(org_id, f"system:{name}", frozenset(Permission))


def require(caller: Caller, *permissions: Permission) -> None:
    """Raises PermissionDenied that names the first one missing."""
    for permission in permissions:
        if permission not in caller.permissions:
            raise PermissionDenied(
                f"{caller.actor} lacks the permission {permission}.",
                hint="Ask an administrator of your organisation for a role that has it.",
            )
