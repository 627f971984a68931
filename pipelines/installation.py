"""The installation as a Dagster resource: the same settings as every other process."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from services.context import Context
from services.organisations import list_organisations
from store import server
from store.database import Database
from store.secrets import load_secret_box
from store.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Installation(dg.ConfigurableResource[None]):
    """Reads the environment when a step runs, not when definitions are loaded."""

    @contextmanager
    def opened(self) -> Iterator[Context]:
        settings = load_settings()
        secrets = load_secret_box(settings.secret_key, settings.secret_key_file)
        with server.running(settings) as url:
            database = Database(url)
            try:
                yield Context(
                    database=database,
                    lake_root=settings.lake_root,
                    secrets=secrets,
                    clock=lambda: datetime.now(UTC),
                    new_id=lambda: str(uuid.uuid4()),
                )
            finally:
                database.close()


def organisations(context: Context) -> list[int]:
    return [each.org_id for each in list_organisations(context)]
