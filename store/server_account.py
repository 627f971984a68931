"""The account that the embedded server runs under, and how it reaches its directories."""

from __future__ import annotations

import os
import pwd
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNPRIVILEGED = "nobody"
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class OpenPaths:
    """names: what the server calls the paths; descriptors: what it must inherit for that."""

    names: tuple[str, ...]
    descriptors: tuple[int, ...]


class StartOptions(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]
    cwd: str
    env: Mapping[str, str]
    pass_fds: tuple[int, ...]


def is_root() -> bool:
    return os.geteuid() == 0


def give(path: Path) -> None:
    """Makes the server's account the owner."""
    if is_root():
        account = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, account.pw_uid, account.pw_gid)


def start_options(data: Path | None = None, descriptors: tuple[int, ...] = ()) -> StartOptions:
    """Arguments of `subprocess` that start a program as the server's account.

    For root that is the owner of the data directory, which an ordinary user may have made, and
    `nobody` without one.
    """
    options = StartOptions(cwd="/", env=ENVIRONMENT, pass_fds=descriptors)
    if is_root():
        account = pwd.getpwnam(UNPRIVILEGED)
        owner = None if data is None else data.stat()
        options["user"] = account.pw_uid if owner is None else owner.st_uid
        options["group"] = account.pw_gid if owner is None else owner.st_gid
        options["extra_groups"] = []
    return options


@contextmanager
def open_paths(data: Path, *files: Path) -> Iterator[OpenPaths]:
    """Names under which a program started with `start_options` reaches the directory and files."""
    if not is_root():
        yield OpenPaths(tuple(str(path.absolute()) for path in (data, *files)), ())
        return
    with ExitStack() as stack:
        descriptors = [os.open(data, os.O_RDONLY | os.O_DIRECTORY)]
        stack.callback(os.close, descriptors[0])
        for file in files:
            descriptors.append(_copy_into_pipe(file, data.stat()))
            stack.callback(os.close, descriptors[-1])
        names = tuple(f"/proc/self/fd/{descriptor}" for descriptor in descriptors)
        yield OpenPaths(names, tuple(descriptors))


def _copy_into_pipe(file: Path, owner: os.stat_result) -> int:
    """Opening /proc/self/fd/N of a file asks for the file's rights; a pipe can be given away."""
    reader, writer = os.pipe()
    os.write(writer, file.read_bytes() + b"\n")
    os.close(writer)
    os.fchown(reader, owner.st_uid, owner.st_gid)
    return reader


def runs_in(pid: int, directory: Path) -> bool:
    """True if the process is alive and works in the directory, as a Postgres server does.

    Process ids are used again, so being alive alone proves nothing.
    """
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(directory)
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
