from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audit import Event
from engine.configuration.actions import Action, action_document, parse_action
from engine.configuration.references import action_problems, users_of_action
from engine.errors import Problem
from engine.permissions import Permission
from services.configuration import Events, Noun, Saving, refuse
from services.outgoing import PRIVATE_HINT, url_refusal
from store.config import ConfigKind

if TYPE_CHECKING:
    from services.context import Caller

HIDDEN = "(hidden)"


def may_see_headers(caller: Caller) -> bool:
    """Headers often carry a platform's credentials: whoever may change them may read them."""
    return Permission.MUTATE_LIVE_RULES in caller.permissions


def _settle(saving: Saving, action: Action) -> Action:
    problems = action_problems(action, saving.configuration)
    refuse("action", [*problems, *_out_of_reach(saving, action)])
    return action


def _out_of_reach(saving: Saving, action: Action) -> tuple[Problem, ...]:
    said = url_refusal(saving.context, saving.configuration.settings, action.callback_url)
    return (Problem(said, "/callbackUrl", PRIVATE_HINT),) if said else ()


def _users(saving: Saving) -> tuple[str, ...]:
    return users_of_action(saving.configuration, saving.object_id)


ACTIONS = Noun(
    kind=ConfigKind.ACTION,
    title="action",
    events=Events(
        Event.ACTION_CREATE, Event.ACTION_UPDATE, Event.ACTION_DELETE, Event.ACTION_ROLLBACK
    ),
    parse=parse_action,
    document=action_document,
    name=lambda action: action.name,
    select=lambda configuration: configuration.actions,
    needs=lambda _before, _after: Permission.MUTATE_LIVE_RULES,
    settle=_settle,
    users=_users,
)
