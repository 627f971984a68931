"""What is known of one person, in one document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.audit import Entry, Event
from engine.casework.erasure import pseudonym
from engine.items import ItemRef
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.erasures import check_type
from store import audit, person_records

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class PersonRecords:
    """Each list oldest first; items as they were sent, under `data`."""

    person: ItemRef
    exported_at: datetime
    submissions: Rows
    evaluations: Rows
    actions: Rows
    jobs: Rows
    decisions: Rows
    reports_made: Rows
    reports_about: Rows
    appeals: Rows
    strikes: Rows
    labels: Rows


def export_person(context: Context, caller: Caller, person: ItemRef) -> PersonRecords:
    """Empty lists for somebody unknown. Raises NotFound for the type."""
    require(caller, Permission.MANAGE_ORG)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        check_type(tx, person)
        found = person_records.of_person(tx, person)
        counts = {name: len(rows) for name, rows in found.items()}
        entry = Entry(now, caller.actor, Event.PERSON_EXPORT, "person", pseudonym(person), counts)
        audit.append(tx, entry)
    return PersonRecords(person, now, **found)
