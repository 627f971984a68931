from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, InvalidConfiguration, NotFound
from store.database import bind_organisation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

SETTINGS_SCHEMA = 1


@dataclass(frozen=True)
class OrganisationSettings:
    """The objects every organisation has and may not delete."""

    default_user_type_id: str
    default_queue_id: str


@dataclass(frozen=True)
class StoredOrganisation:
    org_id: int
    name: str
    created_at: datetime
    settings: OrganisationSettings
    config_version: int


CREATE = text("SELECT winnow_create_org(:name, :now)")
CREATE_CLOCK = text("INSERT INTO org_clock (org_id) VALUES (:org_id)")
SET_SETTINGS = text("UPDATE orgs SET settings = CAST(:settings AS jsonb)")
GET = text("SELECT org_id, name, created_at, settings, config_version FROM orgs")
IDS = text("SELECT winnow_org_ids()")


def create(tx: Connection, name: str, now: datetime) -> int:
    """In a transaction without an organisation, which belongs to the new one from here on.

    Raises Conflict when the name is taken.
    """
    try:
        org_id: int = tx.execute(CREATE, {"name": name, "now": now}).scalar_one()
    except IntegrityError as error:
        raise Conflict(
            f"There is an organisation called '{name}' already.", hint="Choose another name."
        ) from error
    bind_organisation(tx, org_id)
    tx.execute(CREATE_CLOCK, {"org_id": org_id})
    return org_id


def set_settings(tx: Connection, settings: OrganisationSettings) -> None:
    document = {
        "schema": SETTINGS_SCHEMA,
        "defaultUserTypeId": settings.default_user_type_id,
        "defaultQueueId": settings.default_queue_id,
    }
    tx.execute(SET_SETTINGS, {"settings": json.dumps(document)})


def get(tx: Connection) -> StoredOrganisation:
    """The transaction's own. Raises NotFound."""
    row = tx.execute(GET).one_or_none()
    if row is None:
        raise NotFound("There is no such organisation.")
    return StoredOrganisation(
        row.org_id, row.name, row.created_at, _parse(row.settings), row.config_version
    )


def ids(tx: Connection) -> list[int]:
    return list(tx.execute(IDS).scalars())


def _parse(document: Mapping[str, object]) -> OrganisationSettings:
    user_type, queue = document.get("defaultUserTypeId"), document.get("defaultQueueId")
    if (
        document.get("schema") != SETTINGS_SCHEMA
        or not isinstance(user_type, str)
        or not isinstance(queue, str)
    ):
        raise InvalidConfiguration("The organisation's stored settings cannot be read.")
    return OrganisationSettings(user_type, queue)
