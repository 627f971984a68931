"""What became of each item of `POST /items/batch`, as its sender is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.waiting import Place
    from engine.errors import Problem

ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Taken:
    """An item that is accepted once its batch is committed."""

    item_id: str
    type_id: str
    submission_id: str


class AcceptedItem(msgspec.Struct, rename="camel", frozen=True):
    index: int
    status: Literal["accepted"]
    item_id: str
    item_type_id: str
    submission_id: str
    seq: int
    arrived_at: datetime


class ItemProblem(msgspec.Struct, rename="camel", frozen=True):
    message: str
    pointer: str
    hint: str
    slug: str


class RefusedItem(msgspec.Struct, rename="camel", frozen=True):
    index: int
    status: Literal["refused"]
    problems: list[ItemProblem]


class BatchAnswer(msgspec.Struct, rename="camel", frozen=True):
    accepted: int
    refused: int
    results: list[AcceptedItem | RefusedItem]


def batch_answer(outcomes: Sequence[Taken | tuple[Problem, ...]], before: Place) -> bytes:
    """JSON. before: the place before the first item that was taken."""
    results: list[AcceptedItem | RefusedItem] = []
    taken = 0
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Taken):
            place = before.of(taken)
            taken += 1
            results.append(
                AcceptedItem(
                    index,
                    "accepted",
                    outcome.item_id,
                    outcome.type_id,
                    outcome.submission_id,
                    place.seq,
                    place.at,
                )
            )
        else:
            results.append(RefusedItem(index, "refused", [_problem(each) for each in outcome]))
    return ENCODER.encode(BatchAnswer(taken, len(results) - taken, results))


def _problem(problem: Problem) -> ItemProblem:
    return ItemProblem(problem.message, problem.pointer, problem.hint, problem.slug)


EXAMPLE_ACCEPTED = {
    "index": 0,
    "status": "accepted",
    "itemId": "post-1",
    "itemTypeId": "2b0c6a1e-7d51-4d0f-9a0e-7a43c1b1f6f1",
    "submissionId": "7e6f0f0c-65c4-4c39-a5a1-0d1a64d6c6c4",
    "seq": 4711,
    "arrivedAt": "2026-03-01T09:30:00.000001Z",
}
EXAMPLE_REFUSED = {
    "index": 1,
    "status": "refused",
    "problems": [
        {
            "message": "The field 'text' is required, but was not provided.",
            "pointer": "/items/1/data/text",
            "hint": "",
            "slug": "data-invalid-for-item-type",
        }
    ],
}
EXAMPLE = {"accepted": 1, "refused": 1, "results": [EXAMPLE_ACCEPTED, EXAMPLE_REFUSED]}


_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["message", "pointer", "hint", "slug"],
    "properties": {
        "message": {"type": "string"},
        "pointer": {"type": "string", "description": "Where in the body, as a JSON pointer."},
        "hint": {"type": "string"},
        "slug": {"type": "string"},
    },
}
_ACCEPTED_SCHEMA = {
    "type": "object",
    "required": list(EXAMPLE_ACCEPTED),
    "properties": {
        "index": {"type": "integer"},
        "status": {"const": "accepted"},
        "itemId": {"type": "string"},
        "itemTypeId": {"type": "string"},
        "submissionId": {"type": "string"},
        "seq": {"type": "integer", "description": "Its place in the order of arrival."},
        "arrivedAt": {"type": "string", "format": "date-time"},
    },
}
_REFUSED_SCHEMA = {
    "type": "object",
    "required": list(EXAMPLE_REFUSED),
    "properties": {
        "index": {"type": "integer"},
        "status": {"const": "refused"},
        "problems": {"type": "array", "minItems": 1, "items": _PROBLEM_SCHEMA},
    },
}
SCHEMA = {
    "type": "object",
    "required": list(EXAMPLE),
    "properties": {
        "accepted": {"type": "integer"},
        "refused": {"type": "integer"},
        "results": {
            "type": "array",
            "description": "One for each item sent, in their order.",
            "items": {"oneOf": [_ACCEPTED_SCHEMA, _REFUSED_SCHEMA]},
        },
    },
}
