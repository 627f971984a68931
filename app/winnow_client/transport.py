"""One request, its answer or a named error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

T = TypeVar("T")
Params = Mapping[str, str | int | float | bool | None]


class ApiError(Exception):
    """The API refused, or did not answer.

    status: the HTTP status, 0 when there was no answer at all.
    problems: (pointer, message, hint) of each thing that was wrong.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        hint: str = "",
        problems: tuple[tuple[str, str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.problems = problems


class _Problem(msgspec.Struct):
    message: str = ""
    pointer: str | list[str] | None = None
    hint: str | None = None
    title: str | None = None


class _Problems(msgspec.Struct):
    title: str = ""
    detail: str | None = None
    hint: str | None = None
    errors: list[_Problem] = []


@dataclass(frozen=True)
class Transport:
    """Sends JSON with the caller's token; `http` is shared by every person the console serves."""

    http: httpx.Client
    token: str | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Params | None = None,
    ) -> bytes:
        """The body of a 2xx answer, empty for 204. Raises ApiError for everything else."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        try:
            answer = self.http.request(
                method,
                path,
                content=content,
                headers=headers,
                params={k: v for k, v in (params or {}).items() if v not in (None, "")},
            )
        except httpx.TimeoutException as error:
            raise ApiError(
                0, "Winnow took too long to answer.", hint="Try again in a moment."
            ) from error
        except httpx.HTTPError as error:
            raise ApiError(
                0,
                "Winnow's API does not answer.",
                hint="It may be starting or restarting; this page works again when it is back.",
            ) from error
        if answer.is_success:
            return b"" if answer.status_code == httpx.codes.NO_CONTENT else answer.content
        raise refusal(answer)

    def ask(
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        body: object = None,
        params: Params | None = None,
    ) -> T:
        return decode(self.send(method, path, body=body, params=params), kind)


def decode(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind, strict=False)
    except msgspec.MsgspecError as error:
        raise ApiError(
            502,
            "The API's answer is not of the form this console knows.",
            hint=f"Console and API may be of different versions ({error}).",
        ) from error


def refusal(answer: httpx.Response) -> ApiError:
    try:
        told = msgspec.json.decode(answer.content, type=_Problems, strict=False)
    except msgspec.MsgspecError:
        told = _Problems()
    problems = tuple((_pointer(p), p.message or p.title or "", p.hint or "") for p in told.errors)
    message = told.detail or (problems[0][1] if problems else "") or told.title
    return ApiError(
        answer.status_code,
        message or f"The API answered {answer.status_code} {answer.reason_phrase}.",
        hint=told.hint or "",
        problems=problems,
    )


def _pointer(problem: _Problem) -> str:
    if isinstance(problem.pointer, list):
        return ", ".join(problem.pointer)
    return problem.pointer or ""
