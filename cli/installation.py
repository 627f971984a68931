"""What a command needs of this installation: its database, its keys, its lake."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.context import Context
from store import server
from store.database import Database
from store.migrate import migrate
from store.secrets import load_secret_box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.settings import Settings


@contextmanager
def open_installation(settings: Settings) -> Iterator[Context]:
    """Starts the embedded server when nobody has, and stops it after if nobody else uses it."""
    secrets = load_secret_box(settings.secret_key, settings.secret_key_file)
    with server.running(settings) as url:
        migrate(url)
        database = Database(url)
        try:
            yield Context(
                database,
                settings.lake_root,
                secrets,
                utc_now,
                new_id,
                settings.allowed_private_hosts,
            )
        finally:
            database.close()


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid.uuid4())
