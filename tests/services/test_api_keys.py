from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.permissions import Permission, Scope
from services import api_keys
from services.context import Caller, system_caller
from services.organisations import create_organisation
from store import audit

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def owner(org: Organisation) -> Caller:
    return system_caller(org.org_id, "test")


def works(context: Context, secret: str) -> bool:
    try:
        api_keys.authenticate(context, secret)
    except NotAuthenticated:
        return False
    return True


def last_used(context: Context, owner: Caller, key_id: str) -> object:
    return {key.key_id: key.last_used_at for key in api_keys.list_api_keys(context, owner)}[key_id]


def test_a_key_is_64_hexadecimal_digits_and_speaks_for_its_organisation(
    context: Context, owner: Caller
) -> None:
    made = api_keys.create_api_key(context, owner, " Ingest ")
    assert len(made.secret) == 64
    assert set(made.secret) <= set("0123456789abcdef")
    assert made.key.name == "Ingest"
    caller = api_keys.authenticate(context, made.secret)
    assert (caller.org_id, caller.actor) == (owner.org_id, f"key:{made.key.key_id}")
    assert caller.user_id is None


def test_anything_but_the_key_itself_is_refused(context: Context, org: Organisation) -> None:
    key = org.api_key
    wrong = [
        key.upper(),
        key[:-1],
        f"{key}0",
        f" {key}",
        f"{key}\n",
        "0" * 64,
        "é" * 64,
        "\0" * 64,
        "",
    ]
    assert works(context, key)
    assert [text for text in wrong if works(context, text)] == []


def test_the_key_is_shown_once_and_not_stored(context: Context, owner: Caller) -> None:
    made = api_keys.create_api_key(context, owner, "Ingest")
    with context.database.transaction(owner.org_id) as tx:
        stored = str(tx.execute(text("SELECT api_keys::text FROM api_keys")).all())
        logged = str(list(audit.records(tx)))
    assert made.secret not in stored + logged
    assert made.secret[:8] in stored


def test_a_revoked_key_stops_at_once_and_others_do_not(
    context: Context, org: Organisation, owner: Caller
) -> None:
    made = api_keys.create_api_key(context, owner, "Ingest")
    revoked = api_keys.revoke_api_key(context, owner, made.key.key_id)
    assert revoked.revoked_at == context.clock()
    assert not works(context, made.secret)
    assert works(context, org.api_key)


def test_revoking_again_changes_and_logs_nothing(
    context: Context, owner: Caller, clock: MovableClock
) -> None:
    made = api_keys.create_api_key(context, owner, "Ingest")
    first = api_keys.revoke_api_key(context, owner, made.key.key_id)
    clock.advance(hours=1)
    assert api_keys.revoke_api_key(context, owner, made.key.key_id) == first
    with context.database.transaction(owner.org_id) as tx:
        events = [record.event for record in audit.records(tx)]
    assert events.count("api-key:revoke") == 1


def test_a_key_expires(context: Context, owner: Caller, clock: MovableClock) -> None:
    made = api_keys.create_api_key(context, owner, "Trial", clock() + timedelta(hours=1))
    assert works(context, made.secret)
    clock.advance(hours=1)
    assert not works(context, made.secret)


def test_a_replaced_key_goes_on_for_its_grace_period_with_the_same_scopes(
    context: Context, owner: Caller, clock: MovableClock
) -> None:
    old = api_keys.create_api_key(context, owner, "Ingest", scopes=[Scope.SUBMIT])
    new = api_keys.rotate_api_key(context, owner, old.key.key_id, timedelta(hours=48))
    assert (works(context, old.secret), works(context, new.secret)) == (True, True)
    permissions = [api_keys.authenticate(context, each.secret).permissions for each in (old, new)]
    assert permissions[0] == permissions[1]
    clock.advance(hours=48)
    assert (works(context, old.secret), works(context, new.secret)) == (False, True)


def test_use_is_noted_to_the_minute(context: Context, owner: Caller, clock: MovableClock) -> None:
    made = api_keys.create_api_key(context, owner, "Ingest")
    key_id = made.key.key_id
    assert last_used(context, owner, key_id) is None
    first_use = clock()
    assert works(context, made.secret)
    clock.advance(seconds=59)
    assert works(context, made.secret)
    assert last_used(context, owner, key_id) == first_use
    clock.advance(seconds=1)
    assert works(context, made.secret)
    assert last_used(context, owner, key_id) == clock()


def test_keys_are_listed_newest_first(context: Context, owner: Caller, clock: MovableClock) -> None:
    for name in ("b", "a"):
        clock.advance(seconds=1)
        api_keys.create_api_key(context, owner, name)
    assert [key.name for key in api_keys.list_api_keys(context, owner)] == ["a", "b", "First key"]


@pytest.mark.parametrize("name", ["", " ", "x" * 256, "a\tb"])
def test_a_name_that_nobody_can_read_is_refused(context: Context, owner: Caller, name: str) -> None:
    with pytest.raises(InvalidInput, match="key's name"):
        api_keys.create_api_key(context, owner, name)


def test_an_expiry_in_the_past_is_refused(context: Context, owner: Caller) -> None:
    with pytest.raises(InvalidInput, match="expired already"):
        api_keys.create_api_key(context, owner, "Late", context.clock())


def test_a_key_of_another_organisation_does_not_exist(context: Context, owner: Caller) -> None:
    other = create_organisation(context, "Other")
    caller = system_caller(other.org_id, "test")
    (key,) = api_keys.list_api_keys(context, caller)
    with pytest.raises(NotFound):
        api_keys.revoke_api_key(context, owner, key.key_id)


def test_only_who_manages_the_organisation_may(context: Context, org: Organisation) -> None:
    caller = Caller(org.org_id, "user:1", frozenset(Permission) - {Permission.MANAGE_ORG})
    with pytest.raises(PermissionDenied):
        api_keys.list_api_keys(context, caller)
    with pytest.raises(PermissionDenied):
        api_keys.create_api_key(context, caller, "x")
    with pytest.raises(PermissionDenied):
        api_keys.revoke_api_key(context, caller, "x")
