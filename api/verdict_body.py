"""A verdict as callers send it."""

from typing import Annotated

from pydantic import Field

from api.wire import Body, Document, Text, Words
from engine.casework.decisions import MAX_REASON, DecisionKind, Verdict


class VerdictBody(Body):
    """parameters: by action id, the values given for that action."""

    kind: Annotated[DecisionKind, Field(strict=False)]
    action_ids: Annotated[list[Words], Field(max_length=50, default_factory=list)]
    policy_ids: Annotated[list[Words], Field(max_length=50, default_factory=list)]
    reason: Annotated[Text, Field(max_length=MAX_REASON)] = ""
    parameters: Annotated[dict[str, Document], Field(max_length=50, default_factory=dict)]

    def verdict(self) -> Verdict:
        return Verdict(
            kind=self.kind,
            action_ids=tuple(dict.fromkeys(self.action_ids)),
            policy_ids=tuple(dict.fromkeys(self.policy_ids)),
            reason=self.reason,
            parameters=self.parameters,
        )
