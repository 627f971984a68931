from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.configuration.queues import Queue, queue_document
from engine.errors import InvalidInput, Problem
from engine.items.document import item_type_document
from engine.items.item_type import Field, ItemType, Kind, Role, Scalar
from engine.permissions import UserRole
from services.api_keys import add_api_key
from services.context import system_caller
from services.signing_keys import add_signing_key
from services.users import add_user
from store import audit, config, organisations
from store.config import MUST_NOT_EXIST, ConfigKind
from store.organisations import OrganisationSettings, StoredOrganisation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.context import Caller, Context

LONGEST_NAME = 255
FIRST_KEY = "First key"
CREATOR = "create-organisation"


@dataclass(frozen=True)
class NewOrganisation:
    """api_key and admin_password are known now and never again."""

    org_id: int
    api_key: str
    admin_email: str
    admin_password: str


def create_organisation(
    context: Context,
    name: str,
    admin_email: str | None = None,
    admin_password: str | None = None,
) -> NewOrganisation:
    """With all it needs to receive items: one transaction, every part of it audited.

    admin_email: by default `admin@<name>.example`; admin_password: by default a new random one.
    Raises InvalidInput for the name, address or password, Conflict when name or address is used.
    """
    trimmed = _check_name(name)
    now = context.clock()
    with context.database.system() as tx:
        org_id = organisations.create(tx, trimmed, now)
        caller = system_caller(org_id, CREATOR)
        detail = {"name": trimmed}
        audit.append(tx, Entry(now, caller.actor, Event.ORG_CREATE, "org", str(org_id), detail))
        admin = add_user(
            context,
            tx,
            caller,
            email=admin_email or f"admin@{_slug(trimmed, org_id)}.example",
            role=UserRole.ADMIN,
            name="Administrator",
            password=admin_password,
        )
        key = add_api_key(context, tx, caller, FIRST_KEY)
        add_signing_key(context, tx, caller)
        organisations.set_settings(tx, _add_defaults(context, tx, caller))
    return NewOrganisation(org_id, key.secret, admin.user.email, admin.password)


def get_organisation(context: Context, caller: Caller) -> StoredOrganisation:
    with context.database.transaction(caller.org_id) as tx:
        return organisations.get(tx)


def list_organisations(context: Context) -> list[StoredOrganisation]:
    """Every one there is: for whoever runs this installation, never over the API."""
    with context.database.system() as tx:
        org_ids = organisations.ids(tx)
    found = []
    for org_id in org_ids:
        with context.database.transaction(org_id) as tx:
            found.append(organisations.get(tx))
    return found


def _add_defaults(context: Context, tx: Connection, caller: Caller) -> OrganisationSettings:
    user_type = ItemType(
        type_id=context.new_id(),
        version=1,
        name="User",
        kind=Kind.USER,
        fields=(Field("name", Scalar.STRING),),
        roles={Role.DISPLAY_NAME: "name"},
        description="A person who uses the platform.",
    )
    queue = Queue(
        queue_id=context.new_id(),
        version=1,
        name="Default",
        description="Where jobs go when nothing sends them elsewhere.",
        is_default=True,
    )
    _save(
        context, tx, caller, ConfigKind.ITEM_TYPE, user_type.type_id, item_type_document(user_type)
    )
    _save(context, tx, caller, ConfigKind.QUEUE, queue.queue_id, queue_document(queue))
    return OrganisationSettings(user_type.type_id, queue.queue_id)


def _save(
    context: Context,
    tx: Connection,
    caller: Caller,
    kind: ConfigKind,
    object_id: str,
    document: dict[str, object],
) -> None:
    now, name = context.clock(), str(document["name"])
    config.save(
        tx,
        kind,
        object_id,
        name,
        document,
        author=caller.actor,
        reason="Every organisation has one.",
        now=now,
        expected_version=MUST_NOT_EXIST,
    )
    subject = kind.replace("_", "-")
    detail = {"name": name, "version": 1}
    event = Event(f"{subject}:create")
    audit.append(tx, Entry(now, caller.actor, event, subject, object_id, detail))


def _check_name(name: str) -> str:
    trimmed = name.strip()
    if not trimmed or len(trimmed) > LONGEST_NAME or not trimmed.isprintable():
        message = f"An organisation's name has 1 to {LONGEST_NAME} printable characters"
        raise InvalidInput(f"{message}.", problems=(Problem(message, "/name"),))
    return trimmed


def _slug(name: str, org_id: int) -> str:
    """A host name's label; names without a Latin letter or digit fall back to the number."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return slug or f"org-{org_id}"
