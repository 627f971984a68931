"""Every error Winnow raises on purpose. `api/errors.py` holds the one table that maps them to HTTP.

WinnowError
├── InvalidInput          the caller's words are wrong: what, where, what to do
│   └── InvalidConfiguration   a setting or a stored document is wrong
├── NotAuthenticated      no key, or an unknown one
├── PermissionDenied      a known caller who may not
├── NotFound              no such thing in this organisation
├── Conflict              the state has moved on (version, lease, name in use)
├── AwaitsApproval        kept, and done once a second person approves
├── KeyReused             an idempotency key that was used for another request
├── TooLarge              over a stated limit
├── TooSlow               a body that does not arrive in time
├── UnsupportedMedia      a body in a form that is not read
├── RateLimited           too fast; says when to come back
└── Unavailable           something we depend on does not answer
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    pointer: JSON pointer into the caller's document, or empty.
    slug: a stable, documented code such as `data-invalid-for-item-type`.
    """

    message: str
    pointer: str = ""
    hint: str = ""
    slug: str = "invalid-user-input"
    title: str = ""


class WinnowError(Exception):
    """Base of the tree: a message for people, and the problems it sums up."""

    def __init__(self, message: str, *, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = problems


class InvalidInput(WinnowError):
    pass


class InvalidConfiguration(InvalidInput):
    pass


class NotAuthenticated(WinnowError):
    pass


class PermissionDenied(WinnowError):
    pass


class NotFound(WinnowError):
    pass


class Conflict(WinnowError):
    pass


class KeyReused(WinnowError):
    pass


class AwaitsApproval(WinnowError):
    """approval_id: where it waits."""

    def __init__(self, message: str, *, approval_id: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.approval_id = approval_id


class TooLarge(WinnowError):
    pass


class TooSlow(WinnowError):
    pass


class UnsupportedMedia(WinnowError):
    pass


class RateLimited(WinnowError):
    def __init__(self, message: str, *, retry_after_s: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unavailable(WinnowError):
    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        problems: tuple[Problem, ...] = (),
        retry_after_s: float = 1,
    ) -> None:
        super().__init__(message, hint=hint, problems=problems)
        self.retry_after_s = retry_after_s
