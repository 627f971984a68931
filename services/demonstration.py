"""What the demo asks of the database and the lake in order to check what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from services.context import system_caller
from services.organisations import (
    NewOrganisation,
    create_organisation,
    list_organisations,
)
from services.signing_keys import public_key_pem, webhook_secret
from store import demonstration, lake

if TYPE_CHECKING:
    from services.context import Context
    from store.demonstration import Facts


@dataclass(frozen=True)
class DemoOrganisation:
    """The organisation, and what its platform needs to verify webhooks."""

    organisation: NewOrganisation
    public_key_pem: str
    webhook_secret: str


def create_demo_organisation(context: Context) -> DemoOrganisation:
    """A new organisation beside those that are there, whatever they are called.

    Its administrator's password is random and known only to the caller.
    """
    taken = {each.name for each in list_organisations(context)}
    names = (f"Demo {number}" for number in count(1))
    made = create_organisation(context, next(name for name in names if name not in taken))
    caller = system_caller(made.org_id, "demo")
    return DemoOrganisation(made, public_key_pem(context, caller), webhook_secret(context, caller))


def gather(context: Context, org_id: int) -> Facts:
    with context.database.transaction(org_id) as tx:
        return demonstration.gather(tx)


def spoken(context: Context, org_id: int) -> tuple[int, int]:
    """Reports and appeals that have a job."""
    with context.database.transaction(org_id) as tx:
        return demonstration.spoken(tx)


def waiting_items(context: Context, org_id: int) -> int:
    with context.database.transaction(org_id) as tx:
        return demonstration.waiting_items(tx)


def waiting_webhooks(context: Context, org_id: int) -> int:
    with context.database.transaction(org_id) as tx:
        return demonstration.waiting_webhooks(tx)


def lake_rows(context: Context, org_id: int) -> int:
    """Items in the lake, over all item types."""
    with context.database.transaction(org_id) as tx:
        types = demonstration.submitted_types(tx)
    found = (lake.snapshot(lake.items_uri(context.lake_root, org_id, each)) for each in types)
    return sum(snapshot.rows for snapshot in found if snapshot is not None)
