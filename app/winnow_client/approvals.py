"""What the API says of changes that wait for a second person."""

from datetime import datetime
from typing import Any

import msgspec

from app.winnow_client.model import Document, Wire


class Approval(Wire, frozen=True):
    """state: waiting, approved, refused or withdrawn. base_version: 0 for a new rule."""

    approval_id: str = ""
    rule_id: str = ""
    rule_name: str = ""
    state: str = ""
    base_version: int = 0
    document: Document = msgspec.field(default_factory=dict)
    reason: str = ""
    author: str = ""
    author_name: str = ""
    created_at: datetime | None = None
    decided_by_name: str | None = None
    decided_at: datetime | None = None
    comment: str | None = None


class Changed(Wire, frozen=True):
    key: str
    before: Any = None
    after: Any = None


class ApprovalPage(Wire, frozen=True):
    """changes: against the rule as it is now."""

    approval: Approval
    changes: list[Changed] = msgspec.field(default_factory=list)
