"""A door: one endpoint that is reached without the router, for what is asked most often.

The route stays where it is described. What it raises becomes the same answer on both ways, for
both use the application's own table of errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send


def door(
    endpoint: Callable[[Request], Awaitable[Response]], handlers: Mapping[Any, Callable[..., Any]]
) -> ASGIApp:
    """handlers: what answers an exception, by its class; one of them answers any."""
    foreseen = tuple(handlers)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except foreseen as error:
            handle = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
            response = handle(request, error)
        await response(scope, receive, send)

    return answer
