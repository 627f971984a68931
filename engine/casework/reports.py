"""A user's report: what it says, whether it can be taken, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from engine.casework.facts import FactKind, NewFact
from engine.errors import InvalidInput, Problem
from engine.items import Item, ItemRef, Kind
from engine.items.instants import read_loose_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from engine.items import ItemType, RawItem

MOST_ITEMS = 1000

Coerced = Item | tuple[Problem, ...]


class ReportState(StrEnum):
    """CLOSED: its job was closed without a decision."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    CLOSED = "closed"
    INVALIDATED = "invalidated"


@dataclass(frozen=True)
class ReportRequest:
    """As sent. flagged: which items of the thread the report is about, too."""

    reporter: ItemRef
    reported_at: str
    item: RawItem
    policy_id: str | None = None
    reason: str | None = None
    csam: bool = False
    thread: tuple[RawItem, ...] = ()
    flagged: tuple[ItemRef, ...] = ()
    additional: tuple[RawItem, ...] = ()


@dataclass(frozen=True)
class CheckedReport:
    """Of items that their types accept. subject: whom or what the job is about."""

    request: ReportRequest
    reported_at: datetime
    item: Item
    kind: Kind
    thread: tuple[Item, ...]
    additional: tuple[Item, ...]

    @property
    def author(self) -> ItemRef | None:
        """Who is behind the item: itself, or its creator."""
        itself = ItemRef(self.item.type_id, self.item.item_id)
        return itself if self.kind is Kind.USER else self.item.creator

    @property
    def subject(self) -> ItemRef:
        """A child-safety job is about the author, where one is known."""
        itself = ItemRef(self.item.type_id, self.item.item_id)
        return (self.author or itself) if self.request.csam else itself


def check_report(
    request: ReportRequest,
    item_types: Mapping[str, ItemType],
    coerce: Callable[[RawItem], Coerced],
) -> CheckedReport:
    """Raises InvalidInput with everything that is wrong."""
    problems: list[Problem] = []
    reported_at = read_loose_instant(request.reported_at)
    if reported_at is None:
        problems.append(Problem("Invalid reportedAt time", hint="Send an ISO-8601 time."))
    item = coerce(request.item)
    if not isinstance(item, Item):
        problems.extend(_unplaced(item))
    thread = _content_thread(request.thread, item_types, coerce, problems)
    additional = _additional(request, item_types, coerce, problems)
    if problems or reported_at is None or not isinstance(item, Item):
        raise InvalidInput("The report is not valid.", problems=tuple(problems))
    kind = item_types[item.type_id].kind
    return CheckedReport(request, reported_at, item, kind, thread, additional)


def _unplaced(problems: Sequence[Problem]) -> list[Problem]:
    """Without pointers, which reports have none of; where inside the item goes into the words."""
    return [
        Problem(
            f"{each.message} (at {each.pointer})" if each.pointer else each.message,
            slug=each.slug,
            title=each.title,
        )
        for each in problems
    ]


def _content_thread(
    raws: Sequence[RawItem],
    item_types: Mapping[str, ItemType],
    coerce: Callable[[RawItem], Coerced],
    problems: list[Problem],
) -> tuple[Item, ...]:
    """Every message of a thread is CONTENT; one summary follows what is wrong with each."""
    found = [coerce(raw) for raw in raws[:MOST_ITEMS]]
    before = len(problems)
    for each in found:
        if not isinstance(each, Item):
            problems.extend(_unplaced(each))
    items = tuple(each for each in found if isinstance(each, Item))
    strange = [each for each in items if item_types[each.type_id].kind is not Kind.CONTENT]
    if strange or len(problems) > before or len(raws) > MOST_ITEMS:
        problems.append(Problem(_summary("reportedItemThread", "valid CONTENT items")))
    return items


def _additional(
    request: ReportRequest,
    item_types: Mapping[str, ItemType],
    coerce: Callable[[RawItem], Coerced],
    problems: list[Problem],
) -> tuple[Item, ...]:
    raws = request.additional
    found = [coerce(raw) for raw in raws[:MOST_ITEMS]]
    items = tuple(each for each in found if isinstance(each, Item))
    wrong = [each[0].message for each in found if not isinstance(each, Item)]
    reported = item_types.get(request.item.type_id)
    if wrong or len(raws) > MOST_ITEMS:
        said = f": {wrong[0]}" if wrong else ""
        problems.append(Problem(_summary("additionalItems", "valid items") + said))
    elif raws and reported is not None and reported.kind is Kind.THREAD:
        problems.append(Problem("additionalItems must be empty when a THREAD is reported."))
    return items


def _summary(key: str, wanted: str) -> str:
    return f"{key} must be at most {MOST_ITEMS} {wanted}"


def report_facts(report_id: str, report: CheckedReport, actor: str) -> list[NewFact]:
    """That the item was reported, and that its author was."""
    itself = ItemRef(report.item.type_id, report.item.item_id)
    about = dict.fromkeys([itself, report.author or itself])
    return [
        NewFact(
            fact_id=fact_id,
            kind=FactKind.REPORT,
            subject=subject,
            name=report.request.policy_id,
            cause=report.request.reporter,
            actor=actor,
            reason=report.request.reason or "",
        )
        for fact_id, subject in zip(fact_ids(report_id), about, strict=False)
    ]


def fact_ids(report_id: str) -> tuple[str, str]:
    """Of the fact about the item, and of the one about its author, where there is one."""
    return str(uuid5(UUID(report_id), "item")), str(uuid5(UUID(report_id), "author"))


def job_source(report_id: str, report: CheckedReport) -> dict[str, object]:
    """Why a job exists, as it is stored with it."""
    request = report.request
    document: dict[str, object] = {
        "kind": "REPORT",
        "reportId": report_id,
        "reporter": {"typeId": request.reporter.type_id, "id": request.reporter.item_id},
        "reason": request.reason,
        "policyId": request.policy_id,
        "itemTypeId": report.item.type_id,
        "itemId": report.item.item_id,
    }
    return document | {"csam": True} if request.csam else document


def sources_without(
    sources: Sequence[Mapping[str, object]], report_ids: set[str]
) -> list[Mapping[str, object]]:
    return [source for source in sources if source.get("reportId") not in report_ids]


def policies_without(
    policy_ids: Sequence[str],
    sources: Sequence[Mapping[str, object]],
    report_ids: set[str],
) -> list[str]:
    """A policy that only reports taken away have named goes with them."""
    gone = {s.get("policyId") for s in sources if s.get("reportId") in report_ids}
    left = sources_without(sources, report_ids)
    named = {policy for source in left for policy in _named(source)}
    return [policy for policy in policy_ids if policy in named or policy not in gone]


def _named(source: Mapping[str, object]) -> list[object]:
    several = source.get("policyIds")
    return [source.get("policyId"), *(several if isinstance(several, list) else [])]


@dataclass(frozen=True)
class Standing:
    """What became of a reporter's reports. accuracy: of those decided, the share upheld."""

    reports: int
    open: int
    upheld: int
    dismissed: int
    invalidated: int

    @property
    def accuracy(self) -> float | None:
        decided = self.upheld + self.dismissed + self.invalidated
        return self.upheld / decided if decided else None
