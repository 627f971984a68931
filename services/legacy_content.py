"""Content sent one item at a time, by the name of its type, and judged at once if asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from engine.actions.execution import Source
from engine.errors import InvalidInput, Problem
from engine.items import Item, ItemRef, Kind, RawItem, coerce_item
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.derived_fields import derived_fields
from services.placement import place_items
from store.idempotency import claim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.items import ItemType
    from services.derived_fields import Derivation
    from services.intake import Intake
    from services.synchronous_evaluation import SynchronousEvaluation

DEADLINE_S = 24.0
UNKNOWN_TYPE = "unrecognized-content-type"


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


@dataclass(frozen=True)
class Judged:
    """actions: none when there was no time for a verdict. derived: by the words it was asked in."""

    actions: tuple[TakenAction, ...]
    derived: Mapping[str, dict[str, Any]]


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
    caller: Caller,
    judging: SynchronousEvaluation,
    content: Content,
    wanted: Sequence[Derivation] = (),
) -> Judged:
    """What was done, and what was asked for beside it, within 24 seconds. Raises InvalidInput."""
    require(caller, Permission.SUBMIT_ITEMS)
    begun, intake = monotonic(), judging.intake(caller.org_id)
    item = _item(content, intake)
    derived = derived_fields(wanted, item, intake.item_types[item.type_id])
    (found,) = judging.evaluate(
        caller.org_id,
        [item],
        deadline_s=DEADLINE_S - (monotonic() - begun),
        source=Source.POST_CONTENT,
        along=lambda tx, _placed: claim(tx),
    )
    taken = tuple(TakenAction(e.action.action_id, e.action.name) for e in found.executions)
    return Judged(taken, derived)


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
