"""How jobs find their queue, what is put right by hand, and what became of appeals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING

import msgspec

from app.winnow_client.model import Appeal, Page, Ref, Report, RoutingStep, Wire
from app.winnow_client.persons import Bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.transport import Params, Transport


class Route(Wire, frozen=True):
    """Where a job would go. rule_id: None where the default queue takes it."""

    queue_id: str | None = None
    queue_name: str | None = None
    rule_id: str | None = None
    rule_name: str | None = None
    trail: list[RoutingStep] = msgspec.field(default_factory=list)


class Adjusted(Wire, frozen=True):
    """total: the person's strikes that hold from now on."""

    strike_id: str
    total: float = 0


class Labelled(Wire, frozen=True):
    label_id: str


class Invalidated(Wire, frozen=True):
    reports: int = 0
    jobs_closed: int = 0


class Rate(Wire, frozen=True):
    """overturned of resolved appeals, with a 95% interval."""

    key: str = ""
    name: str = ""
    overturned: int = 0
    resolved: int = 0
    rate: float | None = None
    low: float | None = None
    high: float | None = None


class AppealFigures(Wire, frozen=True):
    """Of the appeals resolved in a period; waiting and oldest_waiting are of this moment."""

    all: Rate = msgspec.field(default_factory=Rate)
    median_seconds_to_decide: float | None = None
    waiting: int = 0
    oldest_waiting: datetime | None = None
    by_policy: list[Rate] = msgspec.field(default_factory=list)
    by_reviewer: list[Rate] = msgspec.field(default_factory=list)
    by_rule: list[Rate] = msgspec.field(default_factory=list)
    by_action: list[Rate] = msgspec.field(default_factory=list)
    by_day: list[Rate] = msgspec.field(default_factory=list)


@dataclass(frozen=True)
class Casework:
    transport: Transport

    # Routing
    def order_routing_rules(self, kind: str, rule_ids: Sequence[str]) -> None:
        body = {"kind": kind, "ruleIds": list(rule_ids)}
        self.transport.send("PUT", "/routing-rules/order", body=body)

    def try_routing(self, item_type_id: str, trial: Mapping[str, object]) -> Route:
        """trial: `data` or `itemId`, and if wanted `kind`, `policyIds`, `source`."""
        body = {"itemTypeId": item_type_id, **trial}
        return self.transport.ask(Route, "POST", "/routing-rules/test", body=body)

    # Strikes and labels
    def strike_histogram(self, days: int | None = None) -> list[Bar]:
        """How many people have how many now, or with days had at most in those."""
        params: Params = {"days": days}
        return self.transport.ask(Page[Bar], "GET", "/strikes/histogram", params=params).items

    def adjust_strikes(
        self, person: Ref, amount: int, *, reason: str, policy_id: str | None = None
    ) -> Adjusted:
        body = {
            "userTypeId": person.type_id,
            "userId": person.id,
            "amount": amount,
            "policyId": policy_id,
            "reason": reason,
        }
        return self.transport.ask(Adjusted, "POST", "/strikes/adjust", body=body)

    def revoke_strike(self, strike_id: str, reason: str) -> Adjusted:
        path = f"/strikes/{strike_id}/revoke"
        return self.transport.ask(Adjusted, "POST", path, body={"reason": reason})

    def restore_strike(self, strike_id: str, reason: str) -> Adjusted:
        """The strike under its new id."""
        path = f"/strikes/{strike_id}/restore"
        return self.transport.ask(Adjusted, "POST", path, body={"reason": reason})

    def add_label(
        self, entity: Ref, name: str, *, expires_at: datetime | None, reason: str
    ) -> Labelled:
        body = {
            "entity": {"typeId": entity.type_id, "id": entity.id},
            "name": name,
            "expiresAt": expires_at.isoformat() if expires_at else None,
            "reason": reason,
        }
        return self.transport.ask(Labelled, "POST", "/entity-labels", body=body)

    def withdraw_label(self, label_id: str, reason: str) -> None:
        body = {"reason": reason}
        self.transport.send("POST", f"/entity-labels/{label_id}/withdraw", body=body)

    # Reports
    def reports_by(self, reporter: Ref) -> list[Report]:
        params: Params = {
            "reporterTypeId": reporter.type_id,
            "reporterId": reporter.id,
            "limit": 100,
        }
        return self.transport.ask(Page[Report], "GET", "/reports", params=params).items

    def invalidate_reports(self, reporter: Ref, reason: str) -> Invalidated:
        """Every open one of the reporter."""
        body = {"reporter": {"typeId": reporter.type_id, "id": reporter.id}, "reason": reason}
        return self.transport.ask(Invalidated, "POST", "/reports/invalidate", body=body)

    # Appeals
    def appeals(self, *, state: str = "", limit: int = 50) -> Page[Appeal]:
        """Latest first. state: `OPEN`, `ACCEPT`, `REJECT`, or empty for all."""
        params: Params = {"state": state, "limit": limit}
        return self.transport.ask(Page[Appeal], "GET", "/appeals", params=params)

    def appeal_figures(self, days: int) -> AppealFigures:
        params: Params = {"days": days}
        return self.transport.ask(AppealFigures, "GET", "/appeals/metrics", params=params)
