"""Doing what a request asks once, however often it is sent.

`begin` and `finish` are called in the transaction of what the request does, so that the key and
its effects are kept together or not at all. A request with the same key that comes meanwhile waits
in `begin` for that transaction to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.idempotency import KEPT, repeated
from store import idempotency, organisations

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.idempotency import Once
    from services.context import Caller, Context


def begin(tx: Connection, once: Once | None) -> bytes | None:
    """None when the request is to be done; else the answer it was given. Raises KeyReused."""
    if once is None:
        return None
    kept = idempotency.begin(tx, once)
    return None if kept is None else repeated(once, kept)


def finish(tx: Connection, once: Once | None, answer: bytes = b"") -> None:
    """Keeps the answer for repetitions."""
    if once is not None and answer:
        idempotency.finish(tx, once.key, answer)


def kept_answer(context: Context, caller: Caller, once: Once) -> bytes | None:
    """What `keep_answer` kept; empty while what was asked is done and its answer is not kept yet.

    None for a key that is free. Raises KeyReused.
    """
    kept = answered(context, caller, once)
    return context.secrets.decrypt(kept) if kept else kept


def keep_answer(context: Context, caller: Caller, once: Once, answer: bytes) -> None:
    """Encrypted, since it may be the only time that a new key or password is told."""
    with context.database.transaction(caller.org_id) as tx:
        idempotency.begin(tx, once)
        idempotency.finish(tx, once.key, context.secrets.encrypt(answer))


def forget_keys(context: Context) -> int:
    """Deletes the keys that are old enough; gives how many."""
    before = context.clock() - KEPT
    forgotten = 0
    with context.database.system() as tx:
        org_ids = list(organisations.ids(tx))
    for org_id in org_ids:
        with context.database.transaction(org_id) as tx:
            forgotten += idempotency.forget(tx, before)
    return forgotten


def answered(context: Context, caller: Caller, once: Once | None) -> bytes | None:
    """The answer of a request that was done, None for one that was not. Raises KeyReused."""
    if once is None:
        return None
    with context.database.at_once(caller.org_id) as tx:
        kept = idempotency.find(tx, once.key)
    return None if kept is None else repeated(once, kept)
