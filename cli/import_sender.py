"""Sends items to the ingest endpoint, patiently, and sorts out which of a batch were refused."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied, Unavailable
from engine.items import ItemType, parse_item_type
from engine.items.document import TYPE_KEYS

API_PATH: Final = "/api/v1"
TIMEOUT_S: Final = 60.0
TRIES: Final = 9
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
_ITEM: Final = re.compile(r"/items/([0-9]+)(?:/|$)")
_PASSING: Final = frozenset({429, 500, 502, 503, 504})

Item = dict[str, object]


@dataclass(frozen=True)
class Refusal:
    """index: the item's place among those that were sent."""

    index: int
    reason: str


@dataclass
class Sender:
    """Not safe to share between threads. retries: how often something was sent again."""

    client: httpx.Client
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    retries: int = field(default=0, init=False)

    def item_types(self) -> list[ItemType]:
        return [
            parse_item_type(
                each["id"], each["version"], {k: v for k, v in each.items() if k in TYPE_KEYS}
            )
            for each in self._pages("/config/item-types")
        ]

    def send(self, items: Sequence[Item]) -> list[Refusal]:
        """Sends all; answers which were refused. The others are accepted.

        Raises Unavailable when the API stays away; then any of these items may or may not have
        been accepted.
        """
        refused: list[Refusal] = []
        left = list(range(len(items)))
        while left:
            response = self._patiently(
                "POST", "/items/async/", {"items": [items[index] for index in left]}
            )
            if response.status_code == httpx.codes.ACCEPTED:
                break
            if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
                return refused + self._in_halves(items, left)
            reasons = _reasons(response, len(left))
            refused.extend(Refusal(left[place], reason) for place, reason in reasons.items())
            left = [index for place, index in enumerate(left) if place not in reasons]
        return sorted(refused, key=lambda each: each.index)

    def _in_halves(self, items: Sequence[Item], left: list[int]) -> list[Refusal]:
        if len(left) == 1:
            return [Refusal(left[0], "The item is larger than the API takes.")]
        refused: list[Refusal] = []
        middle = len(left) // 2
        for half in (left[:middle], left[middle:]):
            found = self.send([items[index] for index in half])
            refused.extend(Refusal(half[each.index], each.reason) for each in found)
        return refused

    def _pages(self, path: str) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            response = self._patiently("GET", path, params=params)
            if response.status_code != httpx.codes.OK:
                raise InvalidInput(f"{path} answered {response.status_code}: {_words(response)}")
            page = response.json()
            yield from page["items"]
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def _patiently(
        self, method: str, path: str, body: object = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        """The first answer that is not passing trouble. Raises when the key or address is wrong."""
        content = None if body is None else msgspec.json.encode(body)
        problem = ""
        for attempt in range(TRIES):
            wait_s = 0.0
            try:
                response = self.client.request(method, path, content=content, params=params)
            except httpx.TransportError as failed:
                problem = f"{type(failed).__name__}: {failed}"
            else:
                if response.status_code not in _PASSING:
                    _check_door(response)
                    return response
                problem = f"it answers {response.status_code}"
                wait_s = _asked_to_wait(response)
            if attempt < TRIES - 1:
                self.retries += 1
                self.pause(max(wait_s, self._backoff(attempt)))
        raise Unavailable(
            f"{self.client.base_url} cannot be reached: {problem}.",
            hint="Is Winnow running, and is --url right?",
        )

    def _backoff(self, attempt: int) -> float:
        """Seconds: doubling, and jittered so that many senders do not come back together."""
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**attempt)
        return longest * (0.5 + self.chance() / 2)


def connect(url: str, api_key: str) -> httpx.Client:
    base = url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise InvalidInput(f"{url!r} is not an http address.", hint="Try http://127.0.0.1:8080.")
    return httpx.Client(
        base_url=base if base.endswith(API_PATH) else base + API_PATH,
        headers={"X-API-Key": api_key, "Content-Type": "application/json"},
        timeout=TIMEOUT_S,
    )


def _check_door(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise NotAuthenticated("The API key is not known.", hint="Give a valid --api-key.")
    if response.status_code == httpx.codes.FORBIDDEN:
        raise PermissionDenied(f"The API key may not do this: {_words(response)}")
    if response.status_code == httpx.codes.NOT_FOUND:
        raise NotFound(f"There is no Winnow at {response.url}.", hint="Check --url.")


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds, from Retry-After; a date or nonsense counts as no wish."""
    wish: str = response.headers.get("retry-after", "")
    return min(float(wish), LONGEST_PAUSE_S) if wish.isdecimal() else 0.0


def _reasons(response: httpx.Response, count: int) -> dict[int, str]:
    """Place in the batch -> why. Raises InvalidInput when no item is to blame."""
    reasons: dict[int, list[str]] = {}
    for error in _errors(response):
        match = _ITEM.match(str(error.get("pointer", "")))
        if match is not None and int(match[1]) < count:
            reason = str(error.get("detail") or error.get("title") or "refused")
            reasons.setdefault(int(match[1]), []).append(reason)
    if not reasons:
        raise InvalidInput(f"The API refuses the batch: {_words(response)}")
    return {place: " ".join(each) for place, each in reasons.items()}


def _errors(response: httpx.Response) -> list[dict[str, object]]:
    try:
        body = response.json()
    except ValueError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _words(response: httpx.Response) -> str:
    errors = _errors(response)
    words = [str(each.get("detail") or each.get("title") or "") for each in errors]
    return "; ".join(filter(None, words)) or f"status {response.status_code}"
