from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from sqlalchemy import text

from engine.errors import InvalidConfiguration, PermissionDenied
from engine.permissions import Permission
from engine.webhooks.signature import rsa_signature
from services import signing_keys
from services.context import Caller, Context, system_caller
from store import audit
from store.secrets import SecretBox

if TYPE_CHECKING:
    from tests.world import Organisation


@pytest.fixture
def owner(org: Organisation) -> Caller:
    return system_caller(org.org_id, "test")


def test_what_it_signs_verifies_with_the_public_key_shown(context: Context, owner: Caller) -> None:
    with context.database.transaction(owner.org_id) as tx:
        key = signing_keys.load_signing_keys(context, tx).active
    public = serialization.load_pem_public_key(signing_keys.public_key_pem(context, owner).encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    assert public.public_numbers().e == 65537
    signature = base64.b64decode(rsa_signature(key.private_key, b"body"))
    public.verify(signature, b"body", padding.PKCS1v15(), hashes.SHA256())


def test_the_webhook_secret_is_the_one_that_signs(context: Context, owner: Caller) -> None:
    shown = signing_keys.webhook_secret(context, owner)
    with context.database.transaction(owner.org_id) as tx:
        key = signing_keys.load_signing_keys(context, tx).active
    assert shown == "whsec_" + base64.b64encode(key.secret).decode()
    assert len(key.secret) == 32


def test_neither_secret_is_stored_in_the_clear(context: Context, owner: Caller) -> None:
    secret = signing_keys.webhook_secret(context, owner)
    statement = "SELECT private_key_encrypted, webhook_secret_encrypted FROM signing_keys"
    with context.database.transaction(owner.org_id) as tx:
        stored = b"".join(bytes(value) for value in tx.execute(text(statement)).one())
    assert b"PRIVATE KEY" not in stored
    assert secret.encode() not in stored


def test_rotation_replaces_the_key_and_keeps_the_old_one_as_history(
    context: Context, owner: Caller
) -> None:
    before = signing_keys.public_key_pem(context, owner)
    made = signing_keys.rotate_signing_key(context, owner)
    assert signing_keys.public_key_pem(context, owner) == made.public_key_pem != before
    statement = "SELECT count(*), count(retired_at) FROM signing_keys"
    with context.database.transaction(owner.org_id) as tx:
        assert tuple(tx.execute(text(statement)).one()) == (2, 1)
        assert audit.newest(tx, limit=1)[0].event == "signing-key:rotate"


def test_without_the_installations_key_it_says_which_one_is_missing(
    context: Context, owner: Caller
) -> None:
    box = SecretBox((Fernet.generate_key().decode(),))
    stranger = Context(context.database, "", box, context.clock, context.new_id)
    with pytest.raises(InvalidConfiguration, match="WINNOW_SECRET_KEY"):
        signing_keys.webhook_secret(stranger, owner)


def test_only_who_manages_the_organisation_may(context: Context, org: Organisation) -> None:
    caller = Caller(org.org_id, "user:1", frozenset(Permission) - {Permission.MANAGE_ORG})
    with pytest.raises(PermissionDenied):
        signing_keys.rotate_signing_key(context, caller)
    with pytest.raises(PermissionDenied):
        signing_keys.webhook_secret(context, caller)
