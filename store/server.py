"""The database of this installation: an external server, or the embedded one while it is used."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.settings import Settings


def embedded(settings: Settings) -> EmbeddedPostgres:
    return EmbeddedPostgres(settings.postgres_dir, port=settings.postgres_port)


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The database's URL. The embedded server is started when nobody has; the last user stops it.

    Every user holds a shared lock, which the kernel gives back however the process ends.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = embedded(settings)
    with _shared_use(settings.postgres_dir) as users:
        try:
            yield server.start()
        finally:
            if _is_last(users):
                server.stop()


@contextmanager
def _shared_use(directory: Path) -> Iterator[int]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / "users.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file.fileno()


def _is_last(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
