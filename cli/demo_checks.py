"""The demo does not believe itself: every number it prints is held against another source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from store.demonstration import Facts


@dataclass(frozen=True)
class Witnessed:
    """What was seen from outside: by the platform, by the moderators, in the lake.

    accepted: items the API took. unsure: those sent again because no answer came.
    messages: different idempotency keys that arrived with both signatures in order.
    """

    accepted: int
    unsure: int
    verified: int
    messages: int
    failed: int
    decided: int
    lake_rows: int


def failures(facts: Facts, seen: Witnessed) -> Iterator[str]:
    """One sentence for each thing that does not agree; none when all does."""
    if not seen.accepted <= facts.submissions <= seen.accepted + seen.unsure:
        yield f"the API took {seen.accepted} items, the database has {facts.submissions}"
    if facts.places < facts.submissions:
        yield f"{facts.submissions - facts.places} items share a place with another"
    if facts.evaluations != facts.submissions or facts.without_verdict:
        yield (
            f"{facts.submissions} items, {facts.evaluations} evaluations,"
            f" {facts.without_verdict} items without one"
        )
    if facts.evaluated_places < facts.evaluations:
        yield f"{facts.evaluations - facts.evaluated_places} items were evaluated more than once"
    if facts.waiting or facts.set_aside:
        yield f"{facts.waiting} items still wait and {facts.set_aside} were set aside"
    yield from _webhook_failures(facts, seen)
    if seen.decided != facts.decisions:
        yield f"moderators made {seen.decided} decisions, the database has {facts.decisions}"
    if seen.lake_rows != facts.submissions:
        yield f"{facts.submissions} items, but {seen.lake_rows} rows in the lake"


def _webhook_failures(facts: Facts, seen: Witnessed) -> Iterator[str]:
    delivered = facts.outbox.get("delivered", 0)
    if facts.undelivered or facts.outbox.get("dead", 0):
        yield f"{facts.undelivered} webhooks wait and {facts.outbox.get('dead', 0)} are dead"
    if seen.failed:
        yield f"{seen.failed} webhooks arrived with a signature that does not hold"
    if seen.messages != delivered:
        yield f"{delivered} webhooks are delivered, {seen.messages} arrived"


def unheard(taken: tuple[int, int], stored: tuple[int, int]) -> Iterator[str]:
    """Reports and appeals that the API took, against those that have a job."""
    for what, said, kept in zip(("reports", "appeals"), taken, stored, strict=True):
        if said != kept:
            yield f"the API took {said} {what}, of which {kept} have a job"
