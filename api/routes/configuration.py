"""`/config/<kind>`: the same verbs for each kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict

from api.auth import Needs, caller_of, context_of
from api.once_route import OnceRoute
from api.routes.config_examples import EXAMPLES
from api.wire import Body, Words, documented, listed, paging
from engine.configuration.differences import difference
from engine.configuration.reader import write_moment
from engine.errors import (
    AwaitsApproval,
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
)
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import actions, configuration, people
from services.actions import ACTIONS
from services.banks import BANKS
from services.configuration import Noun
from services.context import Caller
from services.item_types import ITEM_TYPES
from services.policies import POLICIES
from services.queues import QUEUES
from services.routing import ROUTING_RULES
from services.rule_health import names_and_problems
from services.rule_lint import warnings_of
from services.rules import RULES, examples_of
from store.config import ConfigKind, Revision

T = TypeVar("T")
Answers = dict[int | str, dict[str, Any]]

ENVELOPE = frozenset(
    {
        *("id", "version", "updatedAt", "updatedBy", "updatedByName"),
        *("problem", "warnings", "failedExamples"),
    }
)
REFUSALS = documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict)


class Document(Body):
    """A document of this kind. What was read may be sent back: its envelope is ignored."""

    model_config = ConfigDict(extra="allow")

    expected_version: int | None = None
    reason: Words | None = None

    def content(self) -> dict[str, Any]:
        """Without the envelope, as the kind's own parser reads it."""
        values = self.model_extra or {}
        return {key: value for key, value in values.items() if key not in ENVELOPE}


class Rollback(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"version": 1, "reason": "as before"}})

    version: int
    reason: Words = ""


def document_of(
    revision: Revision, caller: Caller, names: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, object]:
    """The stored document in its envelope; what the caller may not see is blanked.

    problems: by id, of rules alone: why the current version of a rule means nothing any more.
    """
    rule = revision.kind is ConfigKind.RULE
    return {
        **content_of(revision, caller),
        **({"problem": problems.get(revision.object_id)} if rule else {}),
        "id": revision.object_id,
        "version": revision.version,
        "updatedAt": write_moment(revision.created_at),
        "updatedBy": revision.author,
        "updatedByName": names[revision.author],
    }


def content_of(revision: Revision, caller: Caller) -> dict[str, object]:
    content = {key: value for key, value in revision.document.items() if key != "schema"}
    if revision.kind is ConfigKind.ACTION and not actions.may_see_headers(caller):
        headers = content.get("callbackUrlHeaders")
        names = headers if isinstance(headers, Mapping) else ()
        content["callbackUrlHeaders"] = dict.fromkeys(names, actions.HIDDEN)
    return content


def version_of(revision: Revision, caller: Caller, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "version": revision.version,
        "author": revision.author,
        "authorName": names[revision.author],
        "reason": revision.reason,
        "createdAt": write_moment(revision.created_at),
        "deleted": revision.deleted,
        "document": content_of(revision, caller),
    }


@dataclass(frozen=True)
class ConfigRoutes(Generic[T]):
    """read, write: the permission a route declares; None for every member."""

    path: str
    noun: Noun[T]
    read: Permission | None
    write: Permission

    def router(self) -> APIRouter:
        router = APIRouter(
            prefix=f"/config/{self.path}",
            route_class=OnceRoute,
            tags=["Configuration"],
            responses=REFUSALS,
        )
        reading, writing = [Depends(Needs(self.read))], [Depends(Needs(self.write))]
        example = EXAMPLES[self.path]
        body = {"requestBody": {"content": {"application/json": {"example": example}}}}
        one, title = "/{object_id}", self.noun.title
        a_title = f"an {title}" if title[0] in "aeiou" else f"a {title}"

        def add(path: str, endpoint: Any, method: str, summary: str, **more: Any) -> None:
            gate = reading if method == "GET" else writing
            saves = method in {"POST", "PUT"} and self.noun.defer is not None
            waits: Answers = {202: {"description": "It waits for somebody else."}} if saves else {}
            router.add_api_route(
                path,
                endpoint,
                methods=[method],
                dependencies=gate,
                summary=summary,
                response_model=None,
                operation_id=f"{endpoint.__name__}_{self.noun.kind.value}",
                responses=waits,
                **more,
            )

        add("", self.list_all, "GET", f"List every current {title}, latest saved first")
        add("", self.create, "POST", f"Create {a_title}", status_code=201, openapi_extra=body)
        add(one, self.read_one, "GET", f"Read one {title}")
        add(one, self.update, "PUT", f"Save a new version of {a_title}", openapi_extra=body)
        add(one, self.delete, "DELETE", f"Delete {a_title} that nothing uses", status_code=204)
        add(f"{one}/versions", self.versions, "GET", f"Every version of {a_title}, newest first")
        add(f"{one}/rollback", self.rollback, "POST", f"Save an earlier version of {a_title} anew")
        versions = f"{one}/versions/{{earlier}}/diff/{{later}}"
        add(versions, self.diff, "GET", f"What changed between two versions of {a_title}")
        return router

    def _reader(
        self, request: Request, revisions: Sequence[Revision]
    ) -> Callable[[Revision], dict[str, object]]:
        """How each of these revisions is shown to who asks."""
        context, caller = context_of(request), caller_of(request)
        names, problems = names_and_problems(context, caller, revisions)
        return lambda revision: document_of(revision, caller, names, problems)

    def list_all(
        self, request: Request, page: Annotated[PageRequest, Depends(paging)]
    ) -> dict[str, Any]:
        caller = caller_of(request)
        found = configuration.objects(context_of(request), caller, self.noun, page)
        return listed(found, self._reader(request, found.items))

    def _saved(self, request: Request, save: Callable[[], Revision]) -> dict[str, Any] | Response:
        """What was saved, or where it waits for a second person."""
        try:
            saved = save()
        except AwaitsApproval as waiting:
            body = {"approvalId": waiting.approval_id, "state": "waiting"}
            return JSONResponse({**body, "detail": waiting.message}, status_code=202)
        document = self._reader(request, (saved,))(saved)
        if self.noun.kind is ConfigKind.RULE:
            found = warnings_of(context_of(request), caller_of(request), saved.object_id)
            document["warnings"] = [
                {"itemType": each.item_type, **asdict(each.finding)} for each in found
            ]
            results = examples_of(context_of(request), caller_of(request), saved.object_id)
            document["failedExamples"] = [each.index for each in results if not each.passed]
        return document

    def create(self, request: Request, body: Document) -> Any:
        context, caller = context_of(request), caller_of(request)
        content, reason = body.content(), body.reason or ""
        return self._saved(
            request,
            lambda: configuration.create(context, caller, self.noun, content, reason),
        )

    def read_one(self, request: Request, object_id: str) -> dict[str, Any]:
        caller = caller_of(request)
        found = configuration.one(context_of(request), caller, self.noun, object_id)
        return self._reader(request, (found,))(found)

    def update(self, request: Request, object_id: str, body: Document) -> Any:
        context, caller = context_of(request), caller_of(request)
        return self._saved(
            request,
            lambda: configuration.update(
                *(context, caller, self.noun, object_id, body.content()),
                reason=body.reason or "",
                expected_version=body.expected_version,
            ),
        )

    def delete(self, request: Request, object_id: str, reason: Words = "") -> Response:
        caller = caller_of(request)
        configuration.delete(context_of(request), caller, self.noun, object_id, reason)
        return Response(status_code=204)

    def versions(self, request: Request, object_id: str) -> dict[str, Any]:
        caller = caller_of(request)
        found = configuration.versions(context_of(request), caller, self.noun, object_id)
        names = people.names(context_of(request), caller, {one.author for one in found})
        return listed(Page(tuple(found)), lambda revision: version_of(revision, caller, names))

    def rollback(self, request: Request, object_id: str, body: Rollback) -> Any:
        context, caller = context_of(request), caller_of(request)
        return self._saved(
            request,
            lambda: configuration.rollback(
                context, caller, self.noun, object_id, body.version, body.reason
            ),
        )

    def diff(self, request: Request, object_id: str, earlier: int, later: int) -> dict[str, Any]:
        context, caller = context_of(request), caller_of(request)
        before, after = (
            content_of(
                configuration.at_version(context, caller, self.noun, object_id, version), caller
            )
            for version in (earlier, later)
        )
        found = difference(before, after)
        changes = [asdict(each) for each in found.changes]
        return {"from": earlier, "to": later, "changes": changes, "diff": found.text}


CONFIG_ROUTES: tuple[ConfigRoutes[Any], ...] = (
    ConfigRoutes("item-types", ITEM_TYPES, None, Permission.MANAGE_ORG),
    ConfigRoutes("policies", POLICIES, None, Permission.MANAGE_POLICIES),
    ConfigRoutes("actions", ACTIONS, Permission.VIEW_RULES_DASHBOARD, Permission.MUTATE_LIVE_RULES),
    ConfigRoutes("banks", BANKS, Permission.VIEW_RULES_DASHBOARD, Permission.MUTATE_LIVE_RULES),
    ConfigRoutes("rules", RULES, Permission.VIEW_RULES_DASHBOARD, Permission.MUTATE_NON_LIVE_RULES),
    ConfigRoutes("queues", QUEUES, None, Permission.EDIT_MRT_QUEUES),
    ConfigRoutes("routing-rules", ROUTING_RULES, None, Permission.MANAGE_ROUTING_RULES),
)
