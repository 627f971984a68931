"""An organisation is made whole: account, key, signing key, defaults, and a log that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.configuration.queues import parse_queue
from engine.errors import Conflict, InvalidInput
from engine.items.document import parse_item_type
from engine.items.item_type import Kind, Role
from services import api_keys, organisations, sessions, signing_keys
from services.audit import verify_audit
from services.context import system_caller
from store import audit, config
from store.config import ConfigKind

if TYPE_CHECKING:
    from services.context import Context
    from store.database import Database
    from tests.world import Organisation


def test_its_key_and_its_administrator_speak_for_it(context: Context, org: Organisation) -> None:
    assert api_keys.authenticate(context, org.api_key).org_id == org.org_id
    session = sessions.sign_in(context, org.admin_email, org.admin_password)
    assert sessions.authenticate(context, session.token).org_id == org.org_id


def test_it_has_a_user_type_with_a_name(context: Context, org: Organisation) -> None:
    stored = organisations.get_organisation(context, system_caller(org.org_id, "test"))
    with context.database.transaction(org.org_id) as tx:
        type_id = stored.settings.default_user_type_id
        head = config.head(tx, ConfigKind.ITEM_TYPE, type_id)
    user_type = parse_item_type(head.object_id, head.version, head.document)
    assert (user_type.name, user_type.kind) == ("User", Kind.USER)
    assert [field.name for field in user_type.fields] == ["name"]
    assert user_type.roles == {Role.DISPLAY_NAME: "name"}


def test_it_has_a_default_queue(context: Context, org: Organisation) -> None:
    stored = organisations.get_organisation(context, system_caller(org.org_id, "test"))
    with context.database.transaction(org.org_id) as tx:
        head = config.head(tx, ConfigKind.QUEUE, stored.settings.default_queue_id)
    assert parse_queue(head.object_id, head.version, head.document).is_default


def test_it_can_sign_at_once(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        keys = signing_keys.load_signing_keys(context, tx)
    assert keys.active.private_key.key_size == 2048
    assert keys.next is None


def test_every_part_is_in_the_audit_log(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        events = [record.event for record in audit.records(tx)]
    assert events == [
        "org:create",
        "user:create",
        "api-key:create",
        "signing-key:create",
        "item-type:create",
        "queue:create",
    ]


def test_its_audit_log_verifies(context: Context, org: Organisation) -> None:
    assert verify_audit(context, org.org_id).holds


def test_a_name_that_is_taken_is_a_conflict(context: Context) -> None:
    organisations.create_organisation(context, "Acme", "a@acme.example")
    with pytest.raises(Conflict, match="'Acme'"):
        organisations.create_organisation(context, " Acme ", "b@acme.example")


def test_an_address_that_is_taken_leaves_nothing_behind(context: Context) -> None:
    organisations.create_organisation(context, "Acme", "a@acme.example")
    with pytest.raises(Conflict, match=r"A@acme\.example"):
        organisations.create_organisation(context, "Other", "A@acme.example")
    assert [each.name for each in organisations.list_organisations(context)] == ["Acme"]


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Acme Social, Inc.", "admin@acme-social-inc.example"),
        ("  Ünïcode  ", "admin@n-code.example"),
        ("日本", "admin@org-1.example"),
    ],
)
def test_the_administrator_gets_an_address_from_the_name(
    context: Context, name: str, email: str
) -> None:
    assert organisations.create_organisation(context, name).admin_email == email


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "a\nb", "a\0b"])
def test_a_name_that_nobody_can_read_is_refused(context: Context, name: str) -> None:
    with pytest.raises(InvalidInput, match="name has 1 to 255"):
        organisations.create_organisation(context, name)
