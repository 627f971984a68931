"""An organisation's settings: one versioned object, whose defaults hold until it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audit import Event
from engine.configuration.references import parameter_problems
from engine.configuration.settings import (
    NAME,
    OBJECT_ID,
    OrgSettings,
    parse_settings,
    settings_document,
)
from engine.errors import Conflict, Problem
from engine.permissions import Permission
from engine.webhooks.addresses import entry_problem
from services import configuration
from services.configuration import Events, Noun, Saving, refuse
from services.outgoing import PRIVATE_HINT, url_refusal
from store import config
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.configuration.configuration import Configuration
    from services.context import Caller, Context
    from store.config import Revision


def settings_of(context: Context, caller: Caller) -> Revision | None:
    """None while every setting has its default."""
    with context.database.transaction(caller.org_id) as tx:
        found = config.heads(tx, ConfigKind.SETTINGS)
    return found[0] if found else None


def save_settings(
    context: Context,
    caller: Caller,
    document: Mapping[str, object],
    *,
    reason: str,
    expected_version: int | None,
) -> Revision:
    """Replaces every setting; what the document leaves out has its default again."""
    return configuration.put(
        context,
        caller,
        SETTINGS,
        OBJECT_ID,
        document,
        reason=reason,
        expected_version=expected_version,
    )


def versions(context: Context, caller: Caller) -> list[Revision]:
    """Newest first; none while every setting has its default."""
    with context.database.transaction(caller.org_id) as tx:
        if not config.heads(tx, ConfigKind.SETTINGS):
            return []
        return config.versions(tx, ConfigKind.SETTINGS, OBJECT_ID)


def rollback(context: Context, caller: Caller, version: int, reason: str) -> Revision:
    return configuration.rollback(context, caller, SETTINGS, OBJECT_ID, version, reason)


def _settle(saving: Saving, settings: OrgSettings) -> OrgSettings:
    """Raises InvalidInput when a threshold names an action that does not exist."""
    known = saving.configuration.actions
    problems = [
        Problem(
            f"there is no action `{action_id}`",
            f"/strikeThresholds/{index}/actionIds",
            "name actions of this organisation by their id",
        )
        for index, one in enumerate(settings.strike_thresholds)
        for action_id in one.action_ids
        if action_id not in known
    ]
    for index, one in enumerate(settings.strike_thresholds):
        place = f"/strikeThresholds/{index}"
        problems += parameter_problems(one.action_ids, one.action_parameters, known, place)
    refuse("organisation's settings", [*problems, *_reach_problems(saving, settings)])
    return settings


def _reach_problems(saving: Saving, settings: OrgSettings) -> list[Problem]:
    """Callbacks that spell a private address, unless these same settings allow it."""
    callbacks = {
        "appealCallback": settings.appeal_callback,
        "ignoreCallback": settings.ignore_callback,
        "closeCallback": settings.close_callback,
        "partialItems": settings.partial_items,
    }
    problems = [
        Problem(said, f"/allowedPrivateHosts/{index}")
        for index, entry in enumerate(settings.allowed_private_hosts)
        if (said := entry_problem(entry))
    ]
    for key, callback in callbacks.items():
        said = url_refusal(saving.context, settings, callback.url if callback else None)
        if said:
            problems.append(Problem(said, f"/{key}/url", PRIVATE_HINT))
    return problems


def _current(configuration: Configuration) -> dict[str, OrgSettings]:
    return {OBJECT_ID: configuration.settings}


def _users(_saving: Saving) -> tuple[str, ...]:
    raise Conflict("an organisation always has its settings", hint="save them anew instead")


SETTINGS = Noun(
    kind=ConfigKind.SETTINGS,
    title="organisation's settings",
    events=Events(
        Event.SETTINGS_UPDATE,
        Event.SETTINGS_UPDATE,
        Event.SETTINGS_UPDATE,
        Event.SETTINGS_ROLLBACK,
    ),
    parse=parse_settings,
    document=settings_document,
    name=lambda _settings: NAME,
    select=_current,
    needs=lambda _before, _after: Permission.MANAGE_ORG,
    settle=_settle,
    users=_users,
)
