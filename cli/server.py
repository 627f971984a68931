"""How our ASGI applications are served: one event loop, JSON logs, a quick and orderly end."""

from __future__ import annotations

from typing import Any

import uvicorn

_LAST_REQUESTS_S = 5


def serve(application: Any, host: str, port: int) -> None:
    """Returns after SIGTERM or Ctrl-C, when the requests under way are answered."""
    uvicorn.run(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_REQUESTS_S,
    )
