"""Rules as form builders edit them, and rules explained."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.wire import Body, Document, Json, Reply, Words, documented
from engine.configuration.rules import MAX_WHERE
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.permissions import Permission
from services import explanations, rule_forms
from services.context import Caller
from services.explanations import Explanation, ExplanationRequest
from services.rule_forms import Vocabulary

router = APIRouter(
    prefix="/rules",
    tags=["Rules"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))]
Where = Annotated[str, Field(max_length=MAX_WHERE)]
TREE: JsonDict = {
    "type": "group",
    "joint": "and",
    "parts": [
        {
            "type": "condition",
            "subject": {"type": "field", "path": ["score"]},
            "comparator": ">",
            "values": [{"kind": "NUMBER", "value": 5}],
        },
        {"type": "sql", "text": "length(text) > score * 2"},
    ],
}


class Explained(Body):
    """A condition or a rule, and an item that was sent or data that might be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "where": "score > 5 AND length(text) < 200",
                "itemTypeId": "<id of Post>",
                "data": {"text": "buy now", "score": 7},
            }
        }
    )

    item_type_id: Words
    where: Where | None = None
    rule_id: Words | None = None
    data: Document | None = None
    item_id: Annotated[str, Field(max_length=1000)] | None = None
    submission_id: Words | None = None
    as_evaluated: bool = False


class Formed(Body):
    """item_type_id: whose fields the form is about."""

    model_config = ConfigDict(json_schema_extra={"example": {"where": "score > 5"}})

    where: Where
    item_type_id: Words | None = None


class Form(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"tree": TREE}})

    tree: Json


@dataclass(frozen=True)
class FormView:
    """tree: groups, conditions, and as locked SQL what a form cannot show."""

    tree: Any


@dataclass(frozen=True)
class FormText:
    where: str


@router.post("/explain", summary="Why a rule says of an item what it says")
def explain(request: Request, body: Explained, caller: Viewer) -> Reply[Explanation]:
    asked = ExplanationRequest(
        item_type_id=body.item_type_id,
        where=body.where,
        rule_id=body.rule_id,
        data=body.data,
        item_id=body.item_id,
        submission_id=body.submission_id,
        as_evaluated=body.as_evaluated,
    )
    return Reply(explanations.explain(context_of(request), caller, asked))


@router.post(
    "/form",
    summary="A condition as the tree that a form edits",
    dependencies=[Depends(Needs(Permission.VIEW_RULES_DASHBOARD))],
)
def read_form(body: Formed) -> Reply[FormView]:
    return Reply(FormView(rule_forms.form_document(body.where)))


@router.post(
    "/form/sql",
    summary="The condition that a form's tree means",
    dependencies=[Depends(Needs(Permission.VIEW_RULES_DASHBOARD))],
)
def write_form(body: Form) -> Reply[FormText]:
    return Reply(FormText(rule_forms.form_text(body.tree)))


@router.get("/form/vocabulary", summary="What a form for an item type can be made of")
def read_vocabulary(
    request: Request,
    caller: Viewer,
    item_type_id: Annotated[str, Query(alias="itemTypeId", max_length=255)],
) -> Reply[Vocabulary]:
    return Reply(rule_forms.vocabulary(context_of(request), caller, item_type_id))
