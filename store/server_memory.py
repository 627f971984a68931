"""How much of this machine's memory its Postgres may use for pages."""

from __future__ import annotations

import os
from pathlib import Path

# What the kernel grants a container, in bytes, or `max`.
GRANTED = Path("/sys/fs/cgroup/memory.max")
MEGABYTE = 1 << 20
LEAST_MB, MOST_MB = 128, 2048
# The API, the worker, the console and the kernel's own cache share it.
SHARE = 8


def shared_buffers_mb(granted: Path = GRANTED) -> int:
    """Megabytes of `shared_buffers`: an eighth of the memory there is, within bounds.

    Memory is taken as pages come in. With less than what ingest touches again and again (the ends
    of its indexes), each page is written out and read back many times.
    """
    return min(max(_memory(granted) // SHARE // MEGABYTE, LEAST_MB), MOST_MB)


def _memory(granted: Path) -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        told = granted.read_text().strip()
    except OSError:
        return machine
    return min(machine, int(told)) if told.isdecimal() else machine
