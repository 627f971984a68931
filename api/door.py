"""A door: one endpoint that is reached without the router, for what is asked most often.

The route stays where it is described. What it raises becomes the same answer on both ways, for
both use the application's own table of errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send


def door(
    endpoint: Callable[[Request], Awaitable[Response]], handlers: Mapping[Any, Callable[..., Any]]
) -> ASGIApp:
    """handlers: what answers an exception, by its class, as the application keeps them."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return ExceptionMiddleware(answer, handlers)
