"""The organisation's keys for outgoing webhooks."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from engine.audit import Entry, Event
from engine.permissions import Permission
from engine.webhooks.signature import SECRET_PREFIX, SigningKey, read_signing_key
from services.context import require
from store import audit, signing_keys
from store.signing_keys import StoredSigningKey

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.context import Caller, Context

RSA_BITS = 2048
RSA_EXPONENT = 65537
WEBHOOK_SECRET_BYTES = 32


def rotate_signing_key(context: Context, caller: Caller) -> StoredSigningKey:
    """Deliveries are signed with the new key from the next one on."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        return add_signing_key(context, tx, caller, Event.SIGNING_KEY_ROTATE)


def add_signing_key(
    context: Context, tx: Connection, caller: Caller, event: Event = Event.SIGNING_KEY_CREATE
) -> StoredSigningKey:
    """Makes a key and retires the ones before it, inside a transaction of the caller's."""
    private = rsa.generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
    key = StoredSigningKey(
        key_id=context.new_id(),
        private_key_encrypted=context.secrets.encrypt(private_pem),
        public_key_pem=public_pem.decode(),
        webhook_secret_encrypted=context.secrets.encrypt(secret.encode()),
        created_at=context.clock(),
    )
    signing_keys.insert(tx, caller.org_id, key)
    signing_keys.retire_all_but(tx, key.key_id, key.created_at)
    audit.append(tx, Entry(key.created_at, caller.actor, event, "signing-key", key.key_id))
    return key


def load_signing_key(
    context: Context, tx: Connection, known: SigningKey | None = None
) -> SigningKey:
    """The current one, ready to sign: `known` itself while it is current, for reading costs 40 ms.

    Raises NotFound, or InvalidConfiguration when it was encrypted with a key we do not have.
    """
    stored = signing_keys.current(tx)
    if known is not None and known.key_id == stored.key_id:
        return known
    return read_signing_key(
        stored.key_id,
        context.secrets.decrypt(stored.private_key_encrypted),
        context.secrets.decrypt(stored.webhook_secret_encrypted).decode(),
    )


def webhook_secret(context: Context, caller: Caller) -> str:
    """`whsec_...`, for the platform that verifies our webhooks."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        stored = signing_keys.current(tx)
    return context.secrets.decrypt(stored.webhook_secret_encrypted).decode()


def public_key_pem(context: Context, caller: Caller) -> str:
    """SPKI PEM, for the platform that verifies `coop-signature`."""
    with context.database.transaction(caller.org_id) as tx:
        return signing_keys.current(tx).public_key_pem
