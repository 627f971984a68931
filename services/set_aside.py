"""Items that could not be evaluated: which, why, and sending them through the rules again."""

from dataclasses import dataclass
from datetime import datetime

from engine.audit import Entry, Event
from engine.configuration.configuration import Configuration
from engine.errors import NotFound
from engine.paging import Page
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.rulesets import known_configuration
from store import audit, pending
from store.pending import SetAside
from store.submissions import Submission

EVALUATOR = "system:evaluation"
MOST_LOGGED = 100


@dataclass(frozen=True)
class SetAsideItem:
    """seq: its place, by which it is replayed. reason: what its last evaluation failed with."""

    seq: int
    item_id: str
    item_type_id: str
    item_type_name: str
    submission_id: str
    arrived_at: datetime
    set_aside_at: datetime
    reason: str


def list_set_aside(
    context: Context, caller: Caller, *, limit: int, after: int = 0
) -> Page[SetAsideItem]:
    """In order of arrival; after: the place of the last one seen."""
    require(caller, Permission.VIEW_INVESTIGATION)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rows = pending.list_set_aside(tx, limit + 1, after)
    shown = tuple(_item(row, configuration) for row in rows[:limit])
    return Page(shown, str(shown[-1].seq) if len(rows) > limit else None)


def _item(row: SetAside, configuration: Configuration) -> SetAsideItem:
    item_type = configuration.item_types.get(row.type_id)
    return SetAsideItem(
        seq=row.seq,
        item_id=row.item_id,
        item_type_id=row.type_id,
        item_type_name=item_type.name if item_type else row.type_id,
        submission_id=row.submission_id,
        arrived_at=row.arrived_at,
        set_aside_at=row.set_aside_at,
        reason=row.reason,
    )


def replay(context: Context, caller: Caller, seq: int) -> None:
    """Puts one item back in the line, its attempts forgotten. Raises NotFound."""
    if not _replay(context, caller, (seq,)):
        raise NotFound(
            f"no item at place {seq} is set aside", hint="it may have been replayed already"
        )


def replay_all(context: Context, caller: Caller) -> int:
    """Puts every item that is set aside back in the line; gives how many."""
    return _replay(context, caller, None)


def _replay(context: Context, caller: Caller, seqs: tuple[int, ...] | None) -> int:
    """Rules act on what is replayed, as they would have when it arrived."""
    require(caller, Permission.RUN_RETROACTION)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        replayed = sorted(pending.replay(tx, seqs))
        if replayed:
            detail = {"items": len(replayed), "places": replayed[:MOST_LOGGED]}
            subject = str(replayed[0]) if seqs else "all"
            event = Event.SUBMISSION_REPLAY
            audit.append(tx, Entry(now, caller.actor, event, "submission", subject, detail))
    return len(replayed)


def set_aside_entry(submission: Submission, reason: str, now: datetime) -> Entry:
    """What the audit log says of an item that holds up nobody any more."""
    detail = {
        "submissionId": submission.submission_id,
        "itemTypeId": submission.type_id,
        "itemId": submission.item_id,
        "reason": reason,
    }
    subject = str(submission.seq)
    return Entry(now, EVALUATOR, Event.SUBMISSION_SET_ASIDE, "submission", subject, detail)
