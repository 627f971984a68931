"""What the API says of a person or an item over time: strikes, labels, and why a rule held."""

from datetime import datetime

import msgspec

from app.winnow_client.model import Wire


class Strike(Wire, frozen=True):
    """One strike or adjustment. holds: neither expired nor revoked."""

    strike_id: str = ""
    policy_name: str | None = None
    amount: float = 1
    at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    holds: bool = True
    item_type_id: str | None = None
    item_id: str | None = None
    actor: str = ""
    actor_name: str = ""
    reason: str = ""


class Strikes(Wire, frozen=True):
    """total: how many hold now. items: the latest of them, those that are over too."""

    total: float = 0
    items: list[Strike] = msgspec.field(default_factory=list)


class Bar(Wire, frozen=True):
    """How many people have this many strikes now."""

    strikes: float = 0
    people: int = 0


class Label(Wire, frozen=True):
    label_id: str = ""
    name: str = ""
    at: datetime | None = None
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    holds: bool = True
    actor: str = ""
    actor_name: str = ""
    reason: str = ""


class Explanation(Wire, frozen=True):
    """outcome: None is unknown. text: an indented tree, a line a condition."""

    where: str = ""
    outcome: bool | None = None
    text: str = ""
    counterfactual: str = ""
    note: str = ""
