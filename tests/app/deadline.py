from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BETWEEN_S = 0.05


def until(condition: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
    """Waits for a condition, and says which one did not come."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s it is not so that {what}")
        pause.wait(_BETWEEN_S)
