from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import PermissionDenied
from engine.permissions import Permission
from services.audit import list_audit, verify_audit
from services.context import Caller, require, system_caller

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


def test_the_log_is_read_newest_first(context: Context, org: Organisation) -> None:
    caller = system_caller(org.org_id, "test")
    records = list_audit(context, caller, limit=2)
    assert [record.event for record in records] == ["queue:create", "item-type:create"]
    older = list_audit(context, caller, limit=9, before=records[-1].n)
    assert [record.event for record in older][-1] == "org:create"


def test_its_head_is_the_newest_records_hash(context: Context, org: Organisation) -> None:
    (newest,) = list_audit(context, system_caller(org.org_id, "test"), limit=1)
    verdict = verify_audit(context, org.org_id, newest.hash.hex())
    assert (verdict.holds, verdict.head) == (True, newest.hash.hex())


def test_an_organisation_that_is_not_there_has_no_sound_log(context: Context) -> None:
    assert verify_audit(context, 99).problem == "the log is empty: its first record is missing"


def test_only_who_manages_the_organisation_may_read_it(context: Context, org: Organisation) -> None:
    caller = Caller(org.org_id, "user:1", frozenset(Permission) - {Permission.MANAGE_ORG})
    with pytest.raises(PermissionDenied, match="user:1 lacks the permission MANAGE_ORG"):
        list_audit(context, caller)


def test_every_permission_asked_for_is_needed() -> None:
    caller = Caller(1, "user:1", frozenset({Permission.VIEW_MRT}))
    require(caller, Permission.VIEW_MRT)
    with pytest.raises(PermissionDenied, match="VIEW_MRT_DATA"):
        require(caller, Permission.VIEW_MRT, Permission.VIEW_MRT_DATA)
