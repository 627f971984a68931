"""The API's own description: `/openapi.json`, and the page of routes that `winnow docs` writes."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from api.once_route import describe_once
from api.wire import problem_schemas
from engine.idempotency import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fastapi import APIRouter, FastAPI
    from starlette.requests import Request

INTRODUCTION = f"""# Every route

Written by `winnow docs` from the same description as `GET /api/v1/openapi.json`, which also has
parameters, bodies, examples and refusals. Paths start with `/api/v1`. Routes marked *once* take an
`{HEADER}`; a `POST` without the mark only looks, or signs in. [The HTTP API](api.md) says
what holds for all of them.
"""


def install(app: FastAPI, prefix: str, routers: Sequence[APIRouter]) -> None:
    """Adds the route, and to the description what routes have in common.

    It takes seconds to make: off the event loop, once, when it is first asked for.
    """
    described, making = app.openapi, threading.Lock()

    def openapi() -> dict[str, Any]:
        with making:
            if app.openapi_schema is None:
                document = described()
                schemas = document.setdefault("components", {}).setdefault("schemas", {})
                schemas.update(problem_schemas())
                _forget_framework(document)
                describe_once(document, prefix, routers)
            return described()

    def read_description(request: Request) -> JSONResponse:
        mounted = request.scope.get("root_path", "").rstrip("/")
        servers = {"servers": [{"url": mounted}]} if mounted else {}
        return JSONResponse({**app.openapi(), **servers})

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
    app.router.routes.append(Route(f"{prefix}/openapi.json", read_description))


def _forget_framework(document: dict[str, Any]) -> None:
    """The framework would answer 422 to what it cannot read; ours is a 400 (`api.errors`)."""
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            if "HTTPValidationError" in json.dumps(operation["responses"].get("422")):
                del operation["responses"]["422"]


def page(document: Mapping[str, Any], prefix: str) -> str:
    """Markdown: the operations by their tag, in the order of the tags."""
    return INTRODUCTION + "".join(
        f"\n## {tag['name']}\n\n{tag['description']}\n\n| route | does | |\n|---|---|---|\n"
        + "".join(_lines(document, prefix, tag["name"]))
        for tag in document["tags"]
    )


def _lines(document: Mapping[str, Any], prefix: str, tag: str) -> Iterator[str]:
    for path, operations in sorted(document["paths"].items()):
        for verb, operation in operations.items():
            if tag in operation["tags"]:
                taken = {one["name"] for one in operation.get("parameters", ())}
                mark = "*once*" if HEADER in taken else ""
                route = f"{verb.upper()} {path.removeprefix(prefix)}"
                yield f"| `{route}` | {operation['summary']} | {mark} |\n"
