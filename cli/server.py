"""How our ASGI applications are served: one event loop, JSON logs, a quick and orderly end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import uvicorn

from api.limits import Limits
from cli.logs import reclaim_loggers
from cli.slow_clients import TimedProtocol
from services.collector import calm_collector

if TYPE_CHECKING:
    from store.settings import Settings

_LAST_REQUESTS_S = 5


def limits_of(settings: Settings) -> Limits:
    """What one process takes in, as configured."""
    return Limits(body_bytes=settings.max_body_bytes, items_per_s=settings.items_per_second or None)


def serve(application: Any, host: str, port: int, *, behind_tls: bool) -> None:
    """Returns after SIGTERM or Ctrl-C, when the requests under way are answered.

    behind_tls: a proxy in front speaks https to the world, whatever arrives here.
    """
    uvicorn.run(
        _settled(seen_over_tls(application) if behind_tls else application),
        host=host,
        port=port,
        loop="uvloop",
        http=TimedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_REQUESTS_S,
    )


def seen_over_tls(application: Any) -> Any:
    """The application, told that its requests came over https, so that cookies stay on it."""
    secure = {"http": "https", "websocket": "wss"}

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        seen = {**scope, "scheme": secure[scope["type"]]} if scope["type"] in secure else scope
        await application(seen, receive, send)

    return wrapped


def _settled(application: Any) -> Any:
    """The application, with the process's own logging and a calm collector once it has started."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def told(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                reclaim_loggers()
                calm_collector()
            await send(message)

        await application(scope, receive, told if scope["type"] == "lifespan" else send)

    return wrapped
