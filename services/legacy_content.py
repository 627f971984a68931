"""Content sent one item at a time, by the name of its type, and judged at once if asked."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from engine.actions.execution import Source
from engine.errors import InvalidInput, Problem
from engine.items import Item, ItemRef, Kind, RawItem, coerce_item
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.placement import place_items
from store.idempotency import claim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.items import ItemType
    from services.intake import Intake
    from services.synchronous_evaluation import SynchronousEvaluation

DEADLINE_S = 24.0
UNKNOWN_TYPE = "unrecognized-content-type"
TRANSCRIPTION = "VIDEO_TRANSCRIPTION"
MOST_DERIVED = 20


@dataclass(frozen=True)
class Content:
    """type_name: the name of its item type. user_id: its author, where the data names none."""

    type_name: str
    content_id: str
    data: Mapping[str, object]
    user_id: str | None = None


@dataclass(frozen=True)
class TakenAction:
    id: str
    name: str


def accept(
    context: Context, caller: Caller, judging: SynchronousEvaluation, content: Content
) -> None:
    """Committed, for a worker to judge, when this returns. Raises InvalidInput."""
    require(caller, Permission.SUBMIT_ITEMS)
    intake = judging.intake(caller.org_id)
    item = _item(content, intake)
    source = Source.POST_CONTENT.value
    with context.database.transaction(caller.org_id) as tx:
        claim(tx)
        place_items(tx, intake, [item], source=source, new_id=context.new_id)


def judge(
    caller: Caller, judging: SynchronousEvaluation, content: Content
) -> tuple[TakenAction, ...]:
    """The actions taken on the item; none when 24 seconds were not enough. Raises InvalidInput."""
    require(caller, Permission.SUBMIT_ITEMS)
    item = _item(content, judging.intake(caller.org_id))
    (found,) = judging.evaluate(
        caller.org_id,
        [item],
        deadline_s=DEADLINE_S,
        source=Source.POST_CONTENT,
        along=lambda tx, _placed: claim(tx),
    )
    return tuple(TakenAction(e.action.action_id, e.action.name) for e in found.executions)


def _item(content: Content, intake: Intake) -> Item:
    item_type = _type_named(content.type_name, intake)
    raw = RawItem(content.content_id, item_type.type_id, None, "original", content.data)
    item = coerce_item(raw, item_type, intake.item_types)
    if isinstance(item, tuple):
        problems = tuple(replace(problem, pointer="") for problem in item)
        raise InvalidInput("The content is not valid.", problems=problems)
    if item.creator is not None or not content.user_id:
        return item
    author = _user_type(intake)
    return replace(item, creator=ItemRef(author, content.user_id)) if author else item


def _type_named(name: str, intake: Intake) -> ItemType:
    for item_type in intake.item_types.values():
        if item_type.name == name:
            return item_type
    message = f"There is no item type called '{name[:200]}'."
    problem = Problem(message, slug=UNKNOWN_TYPE, title="Unrecognized content type.")
    raise InvalidInput(message, problems=(problem,))


def _user_type(intake: Intake) -> str | None:
    """The type that a bare user id is of: the one called User, else the first of its kind."""
    users = [one for one in intake.item_types.values() if one.kind is Kind.USER]
    ordered = sorted(users, key=lambda one: (one.name != "User", one.name))
    return ordered[0].type_id if ordered else None


def derived_fields(asked: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By each query value as it was sent: what it asks for, and its value.

    The value is null while no provider is set up that could make it. Raises InvalidInput.
    """
    if len(asked) > MOST_DERIVED:
        raise InvalidInput(f"at most {MOST_DERIVED} derived fields can be asked for")
    return {one: {"value": None, "field": _derivation(one)} for one in asked}


def _derivation(encoded: str) -> dict[str, Any]:
    """base64url of a JSON object with `derivationType` and `source`."""
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        decoded = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError) as error:
        raise _wrong_derivation("it is not base64url of a JSON object") from error
    if not isinstance(decoded, dict) or decoded.get("derivationType") != TRANSCRIPTION:
        raise _wrong_derivation(f"its derivationType must be {TRANSCRIPTION}")
    if not isinstance(decoded.get("source"), dict):
        raise _wrong_derivation("its source must be an object")
    return decoded


def _wrong_derivation(why: str) -> InvalidInput:
    message = f"The query parameter includeDerivedField cannot be read: {why}."
    return InvalidInput(message, problems=(Problem(message),))
