"""Who an actor is, in words that every colleague may read: a name, never an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import api_keys, users

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from services.context import Caller, Context


def names(context: Context, caller: Caller, actors: Iterable[str]) -> Mapping[str, str]:
    """As `names_in`, for whoever belongs to the organisation."""
    with context.database.transaction(caller.org_id) as tx:
        return names_in(tx, actors)


def names_in(tx: Connection, actors: Iterable[str | None]) -> Mapping[str, str]:
    """By actor, in whichever order: a person's name, `key <name>` for a key.

    Winnow itself (`system:...`), and whoever is not known any more, is told as it is stored.
    """
    wanted = {actor for actor in actors if actor}
    people = users.names(tx, _ids(wanted, "user"))
    keys = api_keys.names(tx, _ids(wanted, "key"))
    known = {f"user:{user_id}": name for user_id, name in people.items()}
    known |= {f"key:{key_id}": f"key {name}" for key_id, name in keys.items()}
    return {actor: known.get(actor, actor) for actor in wanted}


def _ids(actors: Iterable[str], kind: str) -> list[str]:
    split = (actor.partition(":") for actor in actors)
    return [identity for found, _, identity in split if found == kind]
