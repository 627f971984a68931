"""The account that the embedded server runs under, and how it reaches its directories."""

from __future__ import annotations

import os
import pwd
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

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


@contextmanager
def open_paths(*paths: Path) -> Iterator[OpenPaths]:
    if not is_root():
        yield OpenPaths(tuple(str(path.absolute()) for path in paths), ())
        return
    with ExitStack() as stack:
        descriptors = []
        for path in paths:
            descriptors.append(_open_readable(path))
            stack.callback(os.close, descriptors[-1])
        names = tuple(f"/proc/self/fd/{descriptor}" for descriptor in descriptors)
        yield OpenPaths(names, tuple(descriptors))


def _open_readable(path: Path) -> int:
    """A file is handed over as an anonymous copy: opening /proc/self/fd/N asks for its rights."""
    if path.is_dir():
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    reader, writer = os.pipe()
    os.write(writer, path.read_bytes() + b"\n")
    os.close(writer)
    account = pwd.getpwnam(UNPRIVILEGED)
    os.fchown(reader, account.pw_uid, account.pw_gid)
    return reader


def start_options(descriptors: tuple[int, ...] = ()) -> StartOptions:
    """Arguments of `subprocess` that start a program as the server's account."""
    options = StartOptions(cwd="/", env=ENVIRONMENT, pass_fds=descriptors)
    if is_root():
        account = pwd.getpwnam(UNPRIVILEGED)
        options["user"] = account.pw_uid
        options["group"] = account.pw_gid
        options["extra_groups"] = []
    return options
