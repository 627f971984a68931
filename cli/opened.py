"""Opens what a command needs: the settings, the database, and the context of the services."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from services.context import Context
from store.database import Database
from store.migrate import migrate
from store.secrets import load_secret_box
from store.server import running
from store.settings import Settings


@contextmanager
def opened(settings: Settings, *, migrated: bool = True) -> Iterator[Context]:
    """The services' context on a running database; migrated: bring it to the newest form first."""
    with running(settings) as url:
        if migrated:
            migrate(url)
        database = Database(url)
        try:
            yield Context(
                database=database,
                lake_root=settings.lake_root,
                secrets=load_secret_box(settings.secret_key, settings.secret_key_file),
                clock=lambda: datetime.now(UTC),
                new_id=lambda: str(uuid.uuid4()),
            )
        finally:
            database.close()
