"""A change that waits for a second person, in words and line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.views.diff import changed, diff_html
from app.views.documents import person
from app.views.figures import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.winnow_client.approvals import Approval, ApprovalPage


def asked_line(approval: Approval) -> str:
    """Who asks for it, since when, and why."""
    who = person(approval.author, approval.author_name)
    what = "A new rule" if approval.base_version == 0 else "A change of this rule"
    reason = f": {approval.reason}" if approval.reason else ""
    return f"{what} by {who}, {moment(approval.created_at)}{reason}"


def decided_line(approval: Approval) -> str:
    who = approval.decided_by_name or "somebody"
    comment = f": {approval.comment}" if approval.comment else ""
    return f"The last change was {approval.state} by {who}{comment}"


def approval_diff(page: ApprovalPage) -> str:
    before = {one.key: one.before for one in page.changes if one.before is not None}
    after = {one.key: one.after for one in page.changes if one.after is not None}
    return diff_html(*changed(before, after))


def refused_since(
    approvals: Sequence[Approval], head: Mapping[str, object], user_id: str
) -> Approval | None:
    """The caller's latest change, where it was refused and nothing was saved since."""
    mine = next((one for one in approvals if one.author == f"user:{user_id}"), None)
    if mine is None or mine.state != "refused" or mine.base_version != head.get("version", 0):
        return None
    return mine
