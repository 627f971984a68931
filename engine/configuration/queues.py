from __future__ import annotations

from dataclasses import dataclass

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader


@dataclass(frozen=True)
class Queue:
    """is_default: it takes the jobs that no routing rule takes; likewise of appeals, child safety.

    Each is true of one queue of the organisation at most. hidden_action_ids: actions no reviewer of
    this queue may take. sla_minutes: how long a job may wait.
    """

    queue_id: str
    version: int
    name: str
    description: str = ""
    is_default: bool = False
    is_appeals_default: bool = False
    is_child_safety_default: bool = False
    hidden_action_ids: tuple[str, ...] = ()
    sla_minutes: int | None = None


def parse_queue(queue_id: str, version: int, document: object) -> Queue:
    """Raises InvalidConfiguration."""
    reader = Reader(document)
    queue = Queue(
        queue_id=queue_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        description=reader.text("description", limit=10_000),
        is_default=reader.boolean("isDefault"),
        is_appeals_default=reader.boolean("isAppealsDefault"),
        is_child_safety_default=reader.boolean("isChildSafetyDefault"),
        hidden_action_ids=reader.texts("hiddenActionIds"),
        sla_minutes=reader.whole("slaMinutes", default=None, low=1, high=525_600),
    )
    reader.finish("queue")
    return queue


def queue_document(queue: Queue) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": queue.name,
        "description": queue.description,
        "isDefault": queue.is_default,
        "isAppealsDefault": queue.is_appeals_default,
        "isChildSafetyDefault": queue.is_child_safety_default,
        "hiddenActionIds": list(queue.hidden_action_ids),
        "slaMinutes": queue.sla_minutes,
    }
