"""A user's reputation, worked out when it is asked for."""

from datetime import datetime

from sqlalchemy import Connection

from engine.casework.reputation import (
    HALF_LIFE,
    Deed,
    Happening,
    Reputation,
    reputation,
    severity_points,
)
from engine.configuration.configuration import Configuration
from engine.items import ItemRef
from services.context import Caller, Context
from services.rulesets import known_configuration
from store import reputations

# By then a happening has halved twelve times.
FORGOTTEN = 12 * HALF_LIFE


def reputation_of(context: Context, caller: Caller, user: ItemRef) -> Reputation:
    """The best there is for a user of whom nothing is known."""
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        return reputation(_happenings(tx, known_configuration(tx), user, now), now)


def _happenings(
    tx: Connection, configuration: Configuration, user: ItemRef, now: datetime
) -> list[Happening]:
    since = now - FORGOTTEN
    policies = configuration.policies
    strikes = reputations.strikes(tx, user, since)
    decided = reputations.decisions(tx, user, since)
    reported = reputations.reports(tx, user, since)
    return [
        *(Happening(Deed.STRIKE, at, amount) for at, amount in strikes),
        *(
            Happening(
                Deed.DECISION,
                each.at,
                severity_points(policies[p].severity for p in each.policy_ids if p in policies),
            )
            for each in decided
        ),
        *(Happening(Deed(became), at) for at, became in reported),
    ]
