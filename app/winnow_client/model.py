"""What the API says, as values: one struct per noun, camelCase on the wire.

Unknown keys are ignored and absent ones take their default, so a console a version older than
its API keeps working.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

Document = dict[str, Any]
T = TypeVar("T")


class Wire(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    pass


class Page(Wire, Generic[T], frozen=True):
    items: list[T] = []
    next_cursor: str | None = None


class User(Wire, frozen=True):
    user_id: str = ""
    email: str = ""
    name: str = ""
    role: str = ""
    permissions: list[str] = []
    org_id: str | int = ""
    org_name: str = ""
    created_at: datetime | None = None
    disabled_at: datetime | None = None


class SignedIn(Wire, frozen=True):
    token: str
    expires_at: datetime
    user: User | None = None


class Organisation(Wire, frozen=True):
    org_id: str | int = ""
    name: str = ""
    config_version: int = 0
    signing_public_key_pem: str = ""


class ConfigVersion(Wire, frozen=True):
    version: int
    author: str | None = None
    author_name: str | None = None
    reason: str | None = None
    created_at: datetime | None = None
    deleted: bool = False
    document: Document = {}


class BankSpan(Wire, frozen=True):
    """start, end: code points of the tried text. term, mode: the entry that matched."""

    start: int
    end: int
    term: str = ""
    mode: str = ""


class BankTrial(Wire, frozen=True):
    matches: bool
    spans: list[BankSpan] = []


class Diagnostic(Wire, frozen=True):
    code: str = ""
    message: str = ""
    hint: str = ""
    line: int = 1
    column: int = 1
    length: int = 1


class Checked(Wire, frozen=True):
    """warnings: what is probably not meant; their places are in the canonical text."""

    ok: bool
    diagnostics: list[Diagnostic] = []
    canonical: str | None = None
    warnings: list[Diagnostic] = []


class Interval(Wire, frozen=True):
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None


class Example(Wire, frozen=True):
    item_id: str = ""
    submission_id: str | None = None
    arrived_at: datetime | None = None
    data: Document = {}
    spans: dict[str, list[tuple[int, int]]] = {}


class Unanswered(Wire, frozen=True):
    signal: str = ""
    version: str = ""
    reason: str = ""
    count: int = 0


class Preview(Wire, frozen=True):
    sampled: int = 0
    hits: int = 0
    unknown: int = 0
    from_: datetime | None = msgspec.field(default=None, name="from")
    to: datetime | None = None
    estimated_per_day: Interval | None = None
    examples: list[Example] = []
    diagnostics: list[Diagnostic] = []
    milliseconds: float = 0
    unanswered: list[Unanswered] = []


class QueueStats(Wire, frozen=True):
    id: str
    name: str
    pending: int = 0
    leased: int = 0
    oldest_enqueued_at: datetime | None = None
    decided_last_hour: int = 0
    enqueued_last_hour: int = 0
    reviewers: list[str] = []
    reviewer_names: list[str] = []
    is_default: bool = False
    sla_minutes: int | None = None
    description: str = ""


class ItemField(Wire, frozen=True):
    name: str
    type: str = "STRING"
    container: Any = None
    value: Any = None
    spans: list[tuple[int, int]] = []


class ShownItem(Wire, frozen=True):
    """told_at: when the platform was asked for an item that it had never sent."""

    item_id: str = ""
    item_type_id: str = ""
    item_type_name: str = ""
    name: str | None = None
    submission_id: str | None = None
    fields: list[ItemField] = []
    told_at: datetime | None = None


class ItemLink(Wire, frozen=True):
    item_id: str = ""
    item_type_id: str = ""
    name: str | None = None


class Source(Wire, frozen=True):
    kind: str = ""
    rule_id: str | None = None
    rule_name: str | None = None
    reason: str | None = None
    where: str | None = None
    judged_at: datetime | None = None
    trace: str = ""
    counterfactual: str = ""


class OtherItem(Wire, frozen=True):
    item_id: str = ""
    item_type_id: str = ""
    item_type_name: str = ""
    arrived_at: datetime | None = None
    creator_id: str | None = None
    data: Document = {}


class Parameter(Wire, frozen=True):
    name: str
    type: str = "STRING"
    required: bool = False
    description: str = ""


class ActionChoice(Wire, frozen=True):
    id: str
    name: str
    type: str = "CUSTOM_ACTION"
    parameters: list[Document] = []


class PolicyChoice(Wire, frozen=True):
    id: str
    name: str
    text: str | None = ""


class Decision(Wire, frozen=True):
    decision_id: str = ""
    job_id: str = ""
    kind: str = ""
    action_ids: list[str] = []
    policy_ids: list[str] = []
    reason: str | None = None
    decided_by: str = ""
    decided_by_name: str = ""
    decided_at: datetime | None = None
    undone_at: datetime | None = None
    queue_id: str | None = None
    item_id: str | None = None
    item_type_id: str | None = None


class Challenged(Wire, frozen=True):
    """One action that an appeal is against. decision_id: of a person, where one decided it."""

    action_name: str = ""
    actor_name: str = ""
    decision_id: str | None = None
    rule_ids: list[str] = []
    rule_names: list[str] = []
    policy_names: list[str] = []


class Appeal(Wire, frozen=True):
    id: str
    appeal_id: str = ""
    state: str = "OPEN"
    reason: str = ""
    received_at: datetime | None = None
    against: list[Challenged] = []
    item: ItemLink = ItemLink()
    appealed_by_id: str = ""
    earlier_id: str | None = None
    job_id: str = ""
    resolved_at: datetime | None = None


class Ref(Wire, frozen=True):
    type_id: str = ""
    id: str = ""


class Report(Wire, frozen=True):
    """state: open, upheld, dismissed or invalidated."""

    report_id: str = ""
    state: str = ""
    received_at: datetime | None = None
    reported_at: datetime | None = None
    item: Ref = Ref()
    reporter: Ref = Ref()
    policy_id: str | None = None
    policy_name: str | None = None
    reason: str | None = None
    csam: bool = False


class Standing(Wire, frozen=True):
    """What became of a reporter's reports. accuracy: of those decided, the share upheld."""

    reporter: Ref = Ref()
    reports: int = 0
    open: int = 0
    upheld: int = 0
    dismissed: int = 0
    invalidated: int = 0
    accuracy: float | None = None


class ThreadItem(Wire, frozen=True):
    """flagged: a report names it, too."""

    item: OtherItem = OtherItem()
    flagged: bool = False


class RelatedItem(Wire, frozen=True):
    """field: of the job's item, which names this one. flagged: somebody says it is meant too."""

    item: ShownItem = ShownItem()
    field: str | None = None
    flagged: bool = False


class RoutingStep(Wire, frozen=True):
    """What one routing rule said of the item; a shadow one would not have decided."""

    rule_id: str = ""
    name: str = ""
    outcome: str = ""
    shadow: bool = False


class Routing(Wire, frozen=True):
    """rule_id: None where no routing rule chose the queue.

    queue_named: by the action that opened the job; else it went to the default queue.
    """

    queue_name: str = ""
    rule_id: str | None = None
    trail: list[RoutingStep] = []
    queue_named: bool = False


class Job(Wire, frozen=True):
    job_id: str
    queue_id: str = ""
    queue_name: str = ""
    kind: str = "DEFAULT"
    state: str = "open"
    enqueued_at: datetime | None = None
    decided_at: datetime | None = None
    lease_token: str | None = None
    leased_until: datetime | None = None
    item: ShownItem = ShownItem()
    creator: ItemLink | None = None
    sources: list[Source] = []
    other_items: list[OtherItem] = []
    history: list[Decision] = []
    actions: list[ActionChoice] = []
    policies: list[PolicyChoice] = []
    policy_ids: list[str] = []
    reports: list[Report] = []
    thread: list[ThreadItem] = []
    additional_items: list[OtherItem] = []
    related: list[RelatedItem] = []
    appeals: list[Appeal] = []
    routing: Routing | None = None


class Decided(Wire, frozen=True):
    decision_id: str
    undo_until: datetime | None = None
    next_job: Job | None = None


class Backtest(Wire, frozen=True):
    backtest_id: str
    state: str = "queued"
    request: Document = {}
    progress: Document | None = None
    report: Document | None = None
    digest: str | None = None
    error: str | None = None
    requested_by: str = ""
    requested_by_name: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ApiKey(Wire, frozen=True):
    key_id: str
    name: str = ""
    prefix: str = ""
    created_at: datetime | None = None
    created_by: str = ""
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    key: str | None = None


class SetAsideItem(Wire, frozen=True):
    """seq: its place, by which it is judged again. reason: why that failed."""

    seq: int
    item_id: str = ""
    item_type_id: str = ""
    item_type_name: str = ""
    submission_id: str = ""
    arrived_at: datetime | None = None
    set_aside_at: datetime | None = None
    reason: str = ""


class Volume(Wire, frozen=True):
    hour: datetime
    accepted: int = 0
    evaluated: int = 0


class RuleProblem(Wire, frozen=True):
    rule_id: str
    rule_name: str = ""
    problem: str = ""


class Overview(Wire, frozen=True):
    volume: list[Volume] = []
    matches_by_rule: list[Document] = []
    jobs: dict[str, int | None] = {}
    decisions_by_kind: list[Document] = []
    deliveries: dict[str, int | None] = {}
    lake: Document = {}
    set_aside: int = 0
    broken_rules: list[RuleProblem] = []
    configuration_problem: str = ""


class AuditEntry(Wire, frozen=True):
    n: int = 0
    at: datetime | None = None
    actor: str = ""
    actor_name: str = ""
    event: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    detail: Any = None


class ItemHistory(Wire, frozen=True):
    submissions: list[Document] = []
    evaluations: list[Document] = []
    actions: list[Document] = []
    jobs: list[Document] = []
    decisions: list[Decision] = []
