"""The console as one ASGI application, with the API beside it on the same origin.

`/api/...` goes to the API untouched; everything else is the console. Signing in happens here, in
plain HTML, so that the session is an HttpOnly cookie that no script of a page can read.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec
import streamlit as st
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.session import COOKIE, api_url_from_environment
from app.sign_in import local_path, sign_in_page
from app.widgets.messages import show_unexpected

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_MAIN = Path(__file__).parent / "main.py"
_LARGEST_FORM = 16_384
_log = structlog.get_logger()


class ApiApplication(Protocol):
    """What a FastAPI or Starlette application offers: ASGI, and a lifespan to run."""

    @property
    def router(self) -> Any: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class _Session(msgspec.Struct, rename="camel"):
    token: str
    expires_at: datetime


class _Refusal(msgspec.Struct):
    detail: str = ""


def console_asgi(api_app: ApiApplication | None, api_url: str) -> Asgi:
    """The console, and under `/api` the given API, whose lifespan runs with the console's.

    api_url: where pages reach the API, such as `http://127.0.0.1:8080/api/v1`; it may be this very
    server. With `api_app` None the console stands alone.
    """
    os.environ["WINNOW_API_URL"] = api_url
    console = st.App(
        _MAIN,
        lifespan=_lifespan_of(api_app),
        routes=[
            Route("/sign-in", _sign_in, methods=["GET", "POST"]),
            Route("/sign-out", _sign_out, methods=["GET", "POST"]),
        ],
        on_script_error=_on_script_error,
    )

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if api_app is not None and (path == "/api" or path.startswith("/api/")):
            await api_app(scope, receive, send)
        elif _wants_page(scope) and COOKIE not in Request(scope).cookies:
            await _to_sign_in(scope)(scope, receive, send)
        else:
            await console(scope, receive, send)

    return dispatch


def _lifespan_of(
    api_app: ApiApplication | None,
) -> Callable[[st.App], AbstractAsyncContextManager[dict[str, Any] | None]]:
    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any] | None]:
        async with AsyncExitStack() as stack:
            if api_app is not None:
                await stack.enter_async_context(api_app.router.lifespan_context(api_app))
            stack.enter_context(_settled_memory())
            yield None

    return lifespan


@contextmanager
def _settled_memory() -> Iterator[None]:
    """Leaves everything loaded by now out of garbage collection, since it stays for good.

    Streamlit collects after every run of a page: that cost 140 ms a key press, now 10.
    """
    for module in ("app.navigation", "altair", "pandas"):
        import_module(module)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _on_script_error(error: Exception) -> bool:
    """Replaces the framework's own display of an exception: a sentence, never a traceback."""
    _log.error("console_page_failed", exc_info=error)
    show_unexpected()
    return True


def _wants_page(scope: Scope) -> bool:
    """Whether a browser is navigating to a page of ours, rather than fetching a part of one."""
    path = scope.get("path", "")
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and not path.startswith(("/_stcore/", "/static/", "/component/", "/media/", "/sign-"))
        and "text/html" in Request(scope).headers.get("accept", "")
    )


def _to_sign_in(scope: Scope) -> RedirectResponse:
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = scope["path"] + (f"?{query}" if query else "")
    target = "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted)}"
    return RedirectResponse(target, status_code=303)


async def _sign_in(request: Request) -> Response:
    if request.method == "GET":
        wanted = local_path(request.query_params.get("next", "/"))
        return _page(sign_in_page(next_path=wanted))
    if not _from_here(request):
        return _page(sign_in_page(next_path="/", refusal="Please sign in from this page."), 403)
    form = await _form(request)
    wanted, email = local_path(form.get("next", "/")), form.get("email", "")
    answer = await _ask_api("POST", "/sessions", {"email": email, "password": form.get("password")})
    if answer is None or not answer.is_success:
        told = sign_in_page(next_path=wanted, email=email, refusal=_why_refused(answer))
        return _page(told, 503 if answer is None else answer.status_code)
    return _signed_in(request, msgspec.json.decode(answer.content, type=_Session), wanted)


async def _sign_out(request: Request) -> Response:
    if not _from_here(request):
        return RedirectResponse("/", status_code=303)
    await _ask_api("DELETE", "/sessions/current", token=request.cookies.get(COOKIE, ""))
    leave = RedirectResponse("/sign-in", status_code=303)
    leave.delete_cookie(COOKIE)
    return leave


def _signed_in(request: Request, session: _Session, wanted: str) -> Response:
    seconds = int((session.expires_at - datetime.now(UTC)).total_seconds())
    welcome = RedirectResponse(wanted, status_code=303)
    welcome.set_cookie(
        COOKIE,
        session.token,
        max_age=max(seconds, 60),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return welcome


def _page(html: str, status: int = 200) -> HTMLResponse:
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def _from_here(request: Request) -> bool:
    """Whether the request was made by a page of this console, as far as the browser tells."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


async def _ask_api(
    method: str, path: str, body: object = None, *, token: str = ""
) -> httpx.Response | None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=api_url_from_environment(), timeout=15) as http:
        try:
            return await http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            _log.warning("console_api_unreachable", error=str(error))
            return None


def _why_refused(answer: httpx.Response | None) -> str:
    if answer is None:
        return "Winnow's API does not answer. It may be starting: try again in a moment."
    try:
        told = msgspec.json.decode(answer.content, type=_Refusal).detail
    except msgspec.MsgspecError:
        told = ""
    return told or "That email and password do not belong together."
