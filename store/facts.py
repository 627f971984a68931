"""Facts take their instants from the clock that gives submissions their places.

So what was known when an item arrived has one answer, now and in history. `seq` is not advanced:
submissions stay dense. The clock's row is the last lock a transaction should take, because nobody
else gives places until the transaction ends.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from engine.casework.facts import Fact, FactKind
from engine.items.item import ItemRef
from engine.language.facts import Knowledge, TimedFact
from store import clock
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from engine.casework.facts import NewFact
    from engine.language.facts import Asked, Subject
    from engine.paging import PageRequest

MICROSECOND = timedelta(microseconds=1)

INSERT = text("""
INSERT INTO facts (org_id, at, fact_id, kind, subject_type_id, subject_id, name, amount,
                   expires_at, cause_type_id, cause_id, actor, reason)
VALUES (current_setting('app.org_id')::int, :at, :fact_id, :kind, :subject_type_id, :subject_id,
        :name, :amount, :expires_at, :cause_type_id, :cause_id, :actor, :reason)
""")


def record(tx: Connection, facts: Sequence[NewFact]) -> list[datetime]:
    """Their instants, in the order given: consecutive microseconds after every place so far.

    Holds the organisation's clock until the transaction ends.
    """
    if not facts:
        return []
    last = clock.lock(tx).at
    instants = [last + n * MICROSECOND for n in range(1, len(facts) + 1)]
    tx.execute(INSERT, [_row(fact, at) for fact, at in zip(facts, instants, strict=True)])
    clock.advance_to(tx, instants[-1])
    return instants


def _row(fact: NewFact, at: datetime) -> dict[str, object]:
    cause = fact.cause
    return {
        "at": at,
        "fact_id": fact.fact_id,
        "kind": fact.kind.value,
        "subject_type_id": fact.subject.type_id,
        "subject_id": fact.subject.item_id,
        "name": fact.name,
        "amount": fact.amount,
        "expires_at": fact.expires_at,
        "cause_type_id": cause and cause.type_id,
        "cause_id": cause and cause.item_id,
        "actor": fact.actor,
        "reason": fact.reason,
    }


WITHDRAW = text("""
UPDATE facts SET withdrawn_at = :at, xid = pg_current_xact_id()
WHERE fact_id = ANY (CAST(:fact_ids AS uuid[])) AND withdrawn_at IS NULL
""")


def withdraw(tx: Connection, fact_ids: Sequence[str]) -> int:
    """Items that arrive from now on do not find them; how many had not been withdrawn before.

    Holds the organisation's clock until the transaction ends.
    """
    if not fact_ids:
        return 0
    at = clock.lock(tx).at + MICROSECOND
    withdrawn = tx.execute(WITHDRAW, {"fact_ids": list(fact_ids), "at": at}).rowcount
    clock.advance_to(tx, at)
    return withdrawn


COLUMNS = """at, fact_id::text, kind, subject_type_id, subject_id, name, amount, expires_at,
       withdrawn_at, cause_type_id, cause_id, actor, reason"""

KNOWN = text(f"""
SELECT {COLUMNS} FROM facts
WHERE kind = :kind AND subject_type_id = :type_id AND subject_id = :item_id AND at <= :at
  AND (expires_at IS NULL OR expires_at > :at) AND (withdrawn_at IS NULL OR withdrawn_at > :at)
ORDER BY at
""")


def known(
    tx: Connection, kind: FactKind, subject: ItemRef, at: datetime | None = None
) -> list[Fact]:
    """Oldest first, what an item that arrives at `at`, or now, finds."""
    asked = {
        "kind": kind.value,
        "type_id": subject.type_id,
        "item_id": subject.item_id,
        "at": at or clock.read(tx).at,
    }
    return [_fact(row) for row in tx.execute(KNOWN, asked)]


# Of each entity, the facts that some moment between `first` and `last` may find; one index scan an
# entity. Times are microseconds since the epoch.
KNOWN_TO_BATCH = """
SELECT q.n, f.name, f.amount,
       round(date_part('epoch', f.at) * 1000000)::bigint AS begins,
       round(date_part('epoch', least(f.expires_at, f.withdrawn_at)) * 1000000)::bigint AS ends
FROM unnest(%(kinds)b::text[], %(types)b::text[], %(ids)b::text[], %(afters)s::bigint[],
            %(firsts)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS q(kind, type_id, id, after, first, last, n)
CROSS JOIN LATERAL (
    SELECT name, amount, at, expires_at, withdrawn_at FROM facts
    WHERE kind = q.kind AND subject_type_id = q.type_id AND subject_id = q.id
      AND at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
      AND at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
      AND (least(expires_at, withdrawn_at) IS NULL
           OR least(expires_at, withdrawn_at)
              > 'epoch'::timestamptz + q.first * interval '1 microsecond')
) AS f
"""
EVER = -(2**53)


@dataclass(frozen=True)
class FactAsk:
    """What an item that arrives at `at_us` asks; window_us: how far back, None for ever."""

    kind: str
    subject: Subject
    at_us: int
    window_us: int | None = None

    @property
    def after_us(self) -> int:
        return EVER if self.window_us is None else self.at_us - self.window_us


def knowledge(tx: Connection, asks: Iterable[FactAsk]) -> Knowledge:
    """All facts that the asks are about, in one statement."""
    grouped: dict[Asked, list[FactAsk]] = defaultdict(list)
    for ask in asks:
        grouped[ask.kind, ask.subject].append(ask)
    found: dict[Asked, list[TimedFact]] = {asked: [] for asked in grouped}
    places = list(grouped)
    parameters = {
        "kinds": [kind for kind, _ in places],
        "types": [type_id for _, (type_id, _) in places],
        "ids": [item_id for _, (_, item_id) in places],
        "afters": [min(ask.after_us for ask in group) for group in grouped.values()],
        "firsts": [min(ask.at_us for ask in group) for group in grouped.values()],
        "lasts": [max(ask.at_us for ask in group) for group in grouped.values()],
    }
    for n, name, amount, begins, ends in cursor(tx).execute(KNOWN_TO_BATCH, parameters):
        found[places[n - 1]].append(TimedFact(name, amount, begins, ends))
    return Knowledge(found)


OF_SUBJECT = text(f"""
SELECT {COLUMNS} FROM facts
WHERE kind = :kind AND subject_type_id = :type_id AND subject_id = :item_id
  AND (CAST(:before AS timestamptz) IS NULL OR at < :before)
ORDER BY at DESC LIMIT :limit
""")

NEWEST = text(f"""
SELECT {COLUMNS} FROM facts
WHERE kind = :kind AND (CAST(:before AS timestamptz) IS NULL OR at < :before)
ORDER BY at DESC LIMIT :limit
""")


def history(
    tx: Connection, kind: FactKind, subject: ItemRef | None, page: PageRequest
) -> list[Fact]:
    """Latest first, expired and withdrawn ones too; one more than the limit if there is.

    subject: None for every entity.
    """
    asked = {
        "kind": kind.value,
        "type_id": subject and subject.type_id,
        "item_id": subject and subject.item_id,
        "before": page.after and page.after.at,
        "limit": page.limit + 1,
    }
    return [_fact(row) for row in tx.execute(OF_SUBJECT if subject else NEWEST, asked)]


FOUND = text(f"SELECT {COLUMNS} FROM facts WHERE fact_id = CAST(:fact_id AS uuid)")


def find(tx: Connection, fact_id: str) -> Fact | None:
    row = tx.execute(FOUND, {"fact_id": fact_id}).one_or_none()
    return None if row is None else _fact(row)


EACH_FOUND = text(f"""
SELECT {COLUMNS} FROM facts WHERE fact_id = ANY(CAST(:fact_ids AS uuid[])) ORDER BY at, fact_id
""")


def found(tx: Connection, fact_ids: Sequence[str]) -> list[Fact]:
    """Those of them that ever were, oldest first."""
    return [_fact(row) for row in tx.execute(EACH_FOUND, {"fact_ids": list(fact_ids)})]


def _fact(row: Row[Any]) -> Fact:
    return Fact(
        at=row.at,
        fact_id=row.fact_id,
        kind=FactKind(row.kind),
        subject=ItemRef(row.subject_type_id, row.subject_id),
        name=row.name,
        amount=row.amount,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
        cause=None if row.cause_id is None else ItemRef(row.cause_type_id, row.cause_id),
        actor=row.actor,
        reason=row.reason,
    )
