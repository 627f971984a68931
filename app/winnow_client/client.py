"""The verbs of Winnow's API. Every method raises ApiError when the API refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.winnow_client import model, persons, webhooks
from app.winnow_client.approvals import Approval, ApprovalPage
from app.winnow_client.casework import Casework
from app.winnow_client.model import Document, Page
from app.winnow_client.transport import Params, Transport, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Winnow:
    transport: Transport

    @property
    def casework(self) -> Casework:
        """Routing, strikes, labels, reports in bad faith, and what became of appeals."""
        return Casework(self.transport)

    # Who is asking
    def sign_in(self, email: str, password: str) -> model.SignedIn:
        credentials = {"email": email, "password": password}
        return self.transport.ask(model.SignedIn, "POST", "/sessions", body=credentials)

    def sign_out(self) -> None:
        self.transport.send("DELETE", "/sessions/current")

    def me(self) -> model.User:
        return self.transport.ask(model.User, "GET", "/sessions/current")

    def organisation(self) -> model.Organisation:
        return self.transport.ask(model.Organisation, "GET", "/org")

    # Configuration: item-types, policies, actions, banks, rules, queues
    def configured(self, kind: str) -> list[Document]:
        """Every head of a kind, following the cursor to the end."""
        found: list[Document] = []
        cursor: str | None = None
        while True:
            page = self.transport.ask(
                Page[Document],
                "GET",
                f"/config/{kind}",
                params={"limit": 200, "cursor": cursor},
            )
            found.extend(page.items)
            cursor = page.next_cursor
            if not cursor:
                return found

    def configuration(self, kind: str, object_id: str) -> Document:
        return self.transport.ask(dict[str, Any], "GET", f"/config/{kind}/{object_id}")

    def create(self, kind: str, document: Mapping[str, object]) -> Document:
        return self.transport.ask(dict[str, Any], "POST", f"/config/{kind}", body=document)

    def update(
        self,
        kind: str,
        object_id: str,
        document: Mapping[str, object],
        *,
        reason: str = "",
        expected_version: int | None = None,
    ) -> Document:
        body = {**document, "reason": reason, "expectedVersion": expected_version}
        return self.transport.ask(dict[str, Any], "PUT", f"/config/{kind}/{object_id}", body=body)

    def delete(self, kind: str, object_id: str) -> None:
        self.transport.send("DELETE", f"/config/{kind}/{object_id}")

    def versions(self, kind: str, object_id: str) -> list[model.ConfigVersion]:
        path = f"/config/{kind}/{object_id}/versions"
        return self.transport.ask(Page[model.ConfigVersion], "GET", path).items

    def rollback(self, kind: str, object_id: str, version: int, reason: str) -> Document:
        return self.transport.ask(
            dict[str, Any],
            "POST",
            f"/config/{kind}/{object_id}/rollback",
            body={"version": version, "reason": reason},
        )

    def infer_item_type(self, name: str, records: Sequence[Document]) -> Document:
        body = {"name": name, "records": list(records)}
        return self.transport.ask(dict[str, Any], "POST", "/config/item-types/infer", body=body)

    def try_bank(self, bank_id: str, text: str) -> model.BankTrial:
        path = f"/config/banks/{bank_id}/try"
        return self.transport.ask(model.BankTrial, "POST", path, body={"text": text})

    # Rules
    def check(self, where: str, item_type_id: str, rule_id: str | None = None) -> model.Checked:
        """rule_id: the rule it is for, which is then not its own neighbour."""
        body = {"where": where, "itemTypeId": item_type_id, "ruleId": rule_id}
        return self.transport.ask(model.Checked, "POST", "/rules/check", body=body)

    def preview(self, where: str, item_type_id: str, sample: int = 2000) -> model.Preview:
        body = {"where": where, "itemTypeId": item_type_id, "sample": sample}
        return self.transport.ask(model.Preview, "POST", "/rules/preview", body=body)

    def functions(self) -> list[Document]:
        """The language's reference: name, signature, documentation and examples of each."""
        return self.transport.ask(Page[Document], "GET", "/rules/functions").items

    def run_examples(self, rule_id: str) -> Document:
        return self.transport.ask(dict[str, Any], "POST", f"/rules/{rule_id}/examples/run")

    # Changes that wait for a second person
    def approvals(self, *, state: str = "", rule_id: str = "") -> list[Approval]:
        """Newest first."""
        params: Params = {"state": state, "ruleId": rule_id, "limit": 50}
        return self.transport.ask(Page[Approval], "GET", "/approvals", params=params).items

    def approval(self, approval_id: str) -> ApprovalPage:
        return self.transport.ask(ApprovalPage, "GET", f"/approvals/{approval_id}")

    def approve(self, approval_id: str, comment: str) -> None:
        self.transport.send("POST", f"/approvals/{approval_id}/approve", body={"comment": comment})

    def refuse(self, approval_id: str, comment: str) -> None:
        self.transport.send("POST", f"/approvals/{approval_id}/refuse", body={"comment": comment})

    def withdraw(self, approval_id: str) -> None:
        self.transport.send("POST", f"/approvals/{approval_id}/withdraw")

    # Items
    def items(
        self, *, item_type_id: str = "", item_id: str = "", creator_id: str = "", limit: int = 50
    ) -> Page[Document]:
        params: Params = {
            "itemTypeId": item_type_id,
            "itemId": item_id,
            "creatorId": creator_id,
            "limit": limit,
        }
        return self.transport.ask(Page[Document], "GET", "/items", params=params)

    def item(self, item_type_id: str, item_id: str) -> model.ItemHistory:
        return self.transport.ask(model.ItemHistory, "GET", f"/items/{item_type_id}/{item_id}")

    def labels(self, item_type_id: str, item_id: str) -> list[persons.Label]:
        """Latest first; those that are over too."""
        params: Params = {"typeId": item_type_id, "id": item_id, "limit": 100}
        return self.transport.ask(Page[persons.Label], "GET", "/entity-labels", params=params).items

    def strikes(self, user_type_id: str, user_id: str) -> persons.Strikes:
        params: Params = {"userTypeId": user_type_id, "userId": user_id, "limit": 100}
        return self.transport.ask(persons.Strikes, "GET", "/strikes", params=params)

    def explain(
        self, item_type_id: str, item_id: str, submission_id: str, rule_id: str
    ) -> persons.Explanation:
        """Under the configuration that the submission was evaluated with."""
        body = {
            "itemTypeId": item_type_id,
            "itemId": item_id,
            "submissionId": submission_id,
            "ruleId": rule_id,
            "asEvaluated": True,
        }
        return self.transport.ask(persons.Explanation, "POST", "/rules/explain", body=body)

    def set_aside(self, after: int = 0, limit: int = 100) -> Page[model.SetAsideItem]:
        """Items that could not be judged, from the place after that one on."""
        params: Params = {"cursor": str(after), "limit": limit}
        return self.transport.ask(
            Page[model.SetAsideItem], "GET", "/items/set-aside", params=params
        )

    def judge_again(self, seq: int) -> None:
        self.transport.send("POST", f"/items/set-aside/{seq}/replay")

    def judge_all_again(self) -> int:
        """How many there were."""
        told = self.transport.ask(dict[str, int], "POST", "/items/set-aside/replay")
        return told["replayed"]

    # Review
    def queues(self) -> list[model.QueueStats]:
        return self.transport.ask(Page[model.QueueStats], "GET", "/queues").items

    def claim_next(self, queue_id: str) -> model.Job | None:
        """The oldest job nobody holds, now held by the caller; None when the queue is empty."""
        told = self.transport.send("POST", f"/queues/{queue_id}/claim")
        return decode(told, model.Job) if told else None

    def job(self, job_id: str) -> model.Job:
        return self.transport.ask(model.Job, "GET", f"/jobs/{job_id}")

    def claim_job(self, job_id: str) -> model.Job:
        return self.transport.ask(model.Job, "POST", f"/jobs/{job_id}/claim")

    def heartbeat(self, job_id: str, lease_token: str) -> None:
        self._with_lease(job_id, "heartbeat", lease_token)

    def skip(self, job_id: str, lease_token: str) -> None:
        self._with_lease(job_id, "skip", lease_token)

    def release(self, job_id: str, lease_token: str) -> None:
        self._with_lease(job_id, "release", lease_token)

    def _with_lease(self, job_id: str, verb: str, lease_token: str) -> None:
        self.transport.send("POST", f"/jobs/{job_id}/{verb}", body={"leaseToken": lease_token})

    def decide(
        self,
        job_id: str,
        lease_token: str,
        *,
        kind: str,
        action_ids: Sequence[str] = (),
        policy_ids: Sequence[str] = (),
        reason: str = "",
        parameters: Mapping[str, object] | None = None,
    ) -> model.Decided:
        body = {
            "leaseToken": lease_token,
            "kind": kind,
            "actionIds": list(action_ids),
            "policyIds": list(policy_ids),
            "reason": reason,
            "parameters": dict(parameters or {}),
        }
        return self.transport.ask(model.Decided, "POST", f"/jobs/{job_id}/decide", body=body)

    def undo(self, decision_id: str) -> None:
        self.transport.send("POST", f"/decisions/{decision_id}/undo")

    def decisions(self, **filters: str | int | None) -> Page[Document]:
        return self.transport.ask(Page[Document], "GET", "/decisions", params=filters)

    def standing(self, reporter: model.Ref) -> model.Standing:
        params: Params = {"reporterTypeId": reporter.type_id, "reporterId": reporter.id}
        return self.transport.ask(model.Standing, "GET", "/reports/standing", params=params)

    def reports_of(self, item_type_id: str, item_id: str) -> list[model.Report]:
        params: Params = {"itemTypeId": item_type_id, "itemId": item_id, "limit": 100}
        return self.transport.ask(Page[model.Report], "GET", "/reports", params=params).items

    # Backtests
    def start_backtest(self, request: Mapping[str, object]) -> str:
        told = self.transport.ask(dict[str, Any], "POST", "/backtests", body=request)
        return str(told["backtestId"])

    def backtests(self) -> list[model.Backtest]:
        return self.transport.ask(Page[model.Backtest], "GET", "/backtests").items

    def backtest(self, backtest_id: str) -> model.Backtest:
        return self.transport.ask(model.Backtest, "GET", f"/backtests/{backtest_id}")

    def flips(self, backtest_id: str, cursor: str | None = None) -> Page[Document]:
        path = f"/backtests/{backtest_id}/flips"
        return self.transport.ask(
            Page[Document], "GET", path, params={"cursor": cursor, "limit": 100}
        )

    def cancel_backtest(self, backtest_id: str) -> None:
        self.transport.send("POST", f"/backtests/{backtest_id}/cancel")

    # Administration
    def org_settings(self) -> Document:
        return self.transport.ask(dict[str, Any], "GET", "/org/settings")

    def save_org_settings(
        self, document: Mapping[str, object], *, reason: str, expected_version: int
    ) -> Document:
        body = {**document, "reason": reason, "expectedVersion": expected_version}
        return self.transport.ask(dict[str, Any], "PUT", "/org/settings", body=body)

    def signing_keys(self) -> list[webhooks.SigningKey]:
        """Newest first, retired ones too."""
        path = "/org/signing-keys"
        return self.transport.ask(Page[webhooks.SigningKey], "GET", path).items

    def rotate_signing_key(self, overlap_hours: int) -> None:
        body = {"overlapHours": overlap_hours}
        self.transport.send("POST", "/org/signing-keys/rotate", body=body)

    def retire_signing_key(self, key_id: str) -> None:
        self.transport.send("POST", f"/org/signing-keys/{key_id}/retire")

    def api_keys(self) -> list[model.ApiKey]:
        return self.transport.ask(Page[model.ApiKey], "GET", "/api-keys").items

    def create_api_key(self, name: str) -> model.ApiKey:
        return self.transport.ask(model.ApiKey, "POST", "/api-keys", body={"name": name})

    def revoke_api_key(self, key_id: str) -> None:
        self.transport.send("DELETE", f"/api-keys/{key_id}")

    def users(self) -> list[model.User]:
        return self.transport.ask(Page[model.User], "GET", "/users").items

    def create_user(self, body: Mapping[str, object]) -> Document:
        return self.transport.ask(dict[str, Any], "POST", "/users", body=body)

    def update_user(self, user_id: str, body: Mapping[str, object]) -> Document:
        return self.transport.ask(dict[str, Any], "PUT", f"/users/{user_id}", body=body)

    def deliveries(self, *, state: str = "", action_id: str = "") -> Page[webhooks.Delivery]:
        params: Params = {"state": state, "actionId": action_id, "limit": 100}
        return self.transport.ask(
            Page[webhooks.Delivery], "GET", "/webhooks/deliveries", params=params
        )

    def delivery(self, delivery_id: str) -> webhooks.Delivery:
        return self.transport.ask(webhooks.Delivery, "GET", f"/webhooks/deliveries/{delivery_id}")

    def replay(self, delivery_id: str) -> None:
        self.transport.send("POST", f"/webhooks/deliveries/{delivery_id}/replay")

    def replay_many(
        self, *, state: str, action_id: str = "", since: str = "", until: str = "", apply: bool
    ) -> webhooks.Replayed:
        """since, until: ISO-8601 times of creation; without `apply` they are only counted."""
        body = {
            "state": state,
            "actionId": action_id or None,
            "from": since or None,
            "to": until or None,
            "apply": apply,
        }
        return self.transport.ask(webhooks.Replayed, "POST", "/webhooks/replay", body=body)

    def endpoints(self) -> list[webhooks.Endpoint]:
        return self.transport.ask(Page[webhooks.Endpoint], "GET", "/webhooks/endpoints").items

    def try_action(self, action_id: str) -> webhooks.Trial:
        return self.transport.ask(webhooks.Trial, "POST", f"/actions/{action_id}/test")

    def overview(self, days: int = 7) -> model.Overview:
        return self.transport.ask(model.Overview, "GET", "/overview", params={"days": days})

    def audit(self, **filters: str | int | None) -> Page[model.AuditEntry]:
        return self.transport.ask(Page[model.AuditEntry], "GET", "/audit", params=filters)
