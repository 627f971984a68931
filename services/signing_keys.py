"""The organisation's keys for outgoing webhooks."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Connection

from engine.audit import Entry, Event
from engine.errors import NotFound
from engine.permissions import Permission
from engine.webhooks.rotation import KeyState, KeyTimes, made_way, retired
from engine.webhooks.signature import (
    SECRET_PREFIX,
    SigningKey,
    SigningKeys,
    read_signing_key,
)
from services.context import Caller, Context, require
from store import audit, signing_keys
from store.signing_keys import StoredSigningKey

RSA_BITS = 2048
RSA_EXPONENT = 65537
WEBHOOK_SECRET_BYTES = 32
AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class SigningKeyView:
    """webhook_secret: `whsec_...`, of keys in use, for who may change them; else None."""

    key_id: str
    state: KeyState
    public_key_pem: str
    webhook_secret: str | None
    created_at: datetime
    active_from: datetime
    retired_at: datetime | None


def rotate_signing_key(
    context: Context, caller: Caller, overlap: timedelta = AT_ONCE
) -> SigningKeyView:
    """A new key. It signs from now on, and alone when the overlap is over."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        key = add_signing_key(context, tx, caller, Event.SIGNING_KEY_ROTATE, overlap)
    return _view(context, caller, key)


def add_signing_key(
    context: Context,
    tx: Connection,
    caller: Caller,
    event: Event = Event.SIGNING_KEY_CREATE,
    overlap: timedelta = AT_ONCE,
) -> StoredSigningKey:
    """Makes a key and lets the ones before it go, inside a transaction of the caller's."""
    now = context.clock()
    others = {key.key_id: key.times for key in signing_keys.locked(tx)}
    key = _new_key(context, KeyTimes(now, now + overlap))
    for key_id, times in made_way(others, now + overlap, now).items():
        signing_keys.set_times(tx, key_id, times)
    signing_keys.insert(tx, caller.org_id, key)
    detail = {"overlapSeconds": overlap.total_seconds()} if overlap else {}
    audit.append(tx, Entry(now, caller.actor, event, "signing-key", key.key_id, detail))
    return key


def _new_key(context: Context, times: KeyTimes) -> StoredSigningKey:
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
    return StoredSigningKey(
        key_id=context.new_id(),
        private_key_encrypted=context.secrets.encrypt(private_pem),
        public_key_pem=public_pem.decode(),
        webhook_secret_encrypted=context.secrets.encrypt(secret.encode()),
        times=times,
    )


def retire_signing_key(context: Context, caller: Caller, key_id: str) -> None:
    """Gives a key up at once. Raises NotFound, Conflict when no other is left."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        keys = {key.key_id: key.times for key in signing_keys.locked(tx)}
        for changed, times in retired(keys, key_id, now).items():
            signing_keys.set_times(tx, changed, times)
        entry = Entry(now, caller.actor, Event.SIGNING_KEY_RETIRE, "signing-key", key_id)
        audit.append(tx, entry)


def list_signing_keys(context: Context, caller: Caller) -> tuple[SigningKeyView, ...]:
    """Newest first, retired ones too."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        keys = signing_keys.every(tx)
    return tuple(_view(context, caller, key) for key in keys)


def _view(context: Context, caller: Caller, key: StoredSigningKey) -> SigningKeyView:
    state = key.times.state(context.clock())
    shown = state is not KeyState.RETIRED and Permission.MANAGE_ORG in caller.permissions
    return SigningKeyView(
        key_id=key.key_id,
        state=state,
        public_key_pem=key.public_key_pem,
        webhook_secret=_secret(context, key) if shown else None,
        created_at=key.times.created_at,
        active_from=key.times.active_from,
        retired_at=key.times.retired_at,
    )


def load_signing_keys(
    context: Context, tx: Connection, known: Mapping[str, SigningKey] | None = None
) -> SigningKeys:
    """The active key and the next one, ready to sign; `known` ones again, for reading costs 40 ms.

    Raises NotFound, or InvalidConfiguration when one was encrypted with a key we do not have.
    """
    now = context.clock()
    stored = signing_keys.usable(tx, now)
    active = _active(stored, now)
    coming = [key for key in stored if key.times.state(now) is KeyState.NEXT]
    return SigningKeys(
        _ready(context, active, known), _ready(context, coming[0], known) if coming else None
    )


def _ready(
    context: Context, stored: StoredSigningKey, known: Mapping[str, SigningKey] | None
) -> SigningKey:
    found = (known or {}).get(stored.key_id)
    if found is not None:
        return found
    private = context.secrets.decrypt(stored.private_key_encrypted)
    return read_signing_key(stored.key_id, private, _secret(context, stored))


def _secret(context: Context, stored: StoredSigningKey) -> str:
    return context.secrets.decrypt(stored.webhook_secret_encrypted).decode()


def _active(stored: list[StoredSigningKey], now: datetime) -> StoredSigningKey:
    """Raises NotFound."""
    active = [key for key in stored if key.times.state(now) is KeyState.ACTIVE]
    if not active:
        raise NotFound("This organisation has no signing key.")
    return active[0]


def webhook_secret(context: Context, caller: Caller) -> str:
    """`whsec_...` of the active key, for the platform that verifies our webhooks."""
    require(caller, Permission.MANAGE_ORG)
    return _secret(context, _active_key(context, caller))


def public_key_pem(context: Context, caller: Caller) -> str:
    """SPKI PEM, for the platform that verifies `coop-signature`."""
    return _active_key(context, caller).public_key_pem


def _active_key(context: Context, caller: Caller) -> StoredSigningKey:
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        return _active(signing_keys.usable(tx, now), now)
