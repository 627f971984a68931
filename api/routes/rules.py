"""Rules before they are saved: checked, previewed, explained by their functions."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.wire import Body, Reply, Words, documented, whole
from engine.configuration.rules import MAX_WHERE
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.language.operator import Operator
from engine.language.registry import REGISTRY
from engine.paging import Page
from engine.permissions import Permission
from services import preview, rules
from services.context import Caller
from services.preview import MAX_SAMPLE, Preview
from services.rules import CheckedText

router = APIRouter(
    prefix="/rules",
    tags=["Rules"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))]

EXAMPLE: JsonDict = {
    "where": "length(text) > 500 AND text ILIKE '%free%'",
    "itemTypeId": "<id of Post>",
}


class Condition(Body):
    """A condition of a rule, and the item type it is about."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    where: Annotated[str, Field(max_length=MAX_WHERE)]
    item_type_id: Words


class Checking(Condition):
    """ruleId: the rule it is for, if it is saved already; it is then not its own neighbour."""

    rule_id: Words | None = None


class Sampled(Condition):
    sample: Annotated[int, Field(ge=1, le=MAX_SAMPLE)] = 2000


@dataclass(frozen=True)
class FunctionExample:
    """text: an expression over no fields; value: what it gives."""

    text: str
    value: str | float | bool | None


@dataclass(frozen=True)
class FunctionView:
    """written: how it is written where that is not name(arguments)."""

    name: str
    group: str
    summary: str
    written: str
    signatures: tuple[str, ...]
    examples: tuple[FunctionExample, ...]


@dataclass(frozen=True)
class ExampleOutcome:
    """outcome: what the rule said of it; null for unknown."""

    index: int
    expected: bool
    outcome: bool | None
    passed: bool
    note: str
    problem: str


@dataclass(frozen=True)
class ExamplesRun:
    passed: bool
    examples: tuple[ExampleOutcome, ...]


@router.post("/check", summary="Check a condition and tell what is probably not meant")
def check_condition(request: Request, body: Checking, caller: Viewer) -> Reply[CheckedText]:
    context = context_of(request)
    return Reply(rules.check_text(context, caller, body.where, body.item_type_id, body.rule_id))


@router.post("/preview", summary="What a condition says of recent items")
def preview_condition(request: Request, body: Sampled, caller: Viewer) -> Reply[Preview]:
    return Reply(
        preview.preview(context_of(request), caller, body.where, body.item_type_id, body.sample)
    )


@router.get(
    "/functions",
    summary="Every operator and function of the rule language",
    dependencies=[Depends(Needs(Permission.VIEW_RULES_DASHBOARD))],
)
def read_functions() -> Reply[Page[FunctionView]]:
    return Reply(whole(_function(operator) for operator in REGISTRY.values()))


def _function(operator: Operator) -> FunctionView:
    return FunctionView(
        name=operator.name,
        group=operator.group,
        summary=operator.summary,
        written=operator.written or f"{operator.name}(...)",
        signatures=tuple(variant.signature.text for variant in operator.variants),
        examples=tuple(
            FunctionExample(example.text, example.value) for example in operator.examples
        ),
    )


@router.post("/{rule_id}/examples/run", summary="Run a saved rule's examples")
def run_examples(request: Request, rule_id: str, caller: Viewer) -> Reply[ExamplesRun]:
    results = rules.examples_of(context_of(request), caller, rule_id)
    outcomes = tuple(
        ExampleOutcome(
            index=result.index,
            expected=result.expected,
            outcome=result.outcome,
            passed=result.passed,
            note=result.note,
            problem=result.problem,
        )
        for result in results
    )
    return Reply(ExamplesRun(all(outcome.passed for outcome in outcomes), outcomes))
