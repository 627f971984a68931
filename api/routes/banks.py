"""The entries of a bank: tried on a text, listed with their hits, read from and as CSV."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import ConfigDict

from api import wire
from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Reply, documented, paging
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from engine.text import Mode
from services import bank_files, banks
from services.bank_files import BankImport, EntryView, ImportOptions
from services.banks import BankTest
from services.context import Caller

router = APIRouter(
    prefix="/config/banks",
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)


entries = APIRouter(
    prefix="/banks/{bank_id}",
    route_class=OnceRoute,
    tags=["Configuration"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))]
Author = Annotated[Caller, Depends(Needs(Permission.MUTATE_LIVE_RULES))]

CSV = "text,mode,note,expires_at,source\nguaranteed profit,word,the classic,,team\n"


class TriedText(wire.Body):
    model_config = ConfigDict(json_schema_extra={"example": {"text": "win m0ney now"}})

    text: wire.Text


@router.post("/{bank_id}/try", summary="What a text matches in a bank, and by which entries")
def try_bank(
    request: Request,
    bank_id: str,
    body: TriedText,
    caller: Viewer,
) -> Reply[BankTest]:
    return Reply(banks.try_bank(context_of(request), caller, bank_id, body.text))


@dataclass(frozen=True)
class ImportQuery:
    """The parameters of an import."""

    mode: Annotated[Mode, Query(description="Of lines that name none.")] = Mode.WORD
    replace: Annotated[bool, Query(description="What is not in the file leaves the bank.")] = False
    skip_problems: Annotated[
        bool, Query(alias="skipProblems", description="Leave bad lines out.")
    ] = False
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only tell what would change.")] = (
        False
    )
    reason: Annotated[str, Query(max_length=255)] = ""
    expected_version: Annotated[int | None, Query(alias="expectedVersion")] = None

    def options(self) -> ImportOptions:
        return ImportOptions(
            mode=self.mode,
            replace=self.replace,
            skip_problems=self.skip_problems,
            dry_run=self.dry_run,
            reason=self.reason,
            expected_version=self.expected_version,
        )


@entries.post("/import", summary="Read entries from CSV into a bank")
def import_entries(
    request: Request,
    bank_id: str,
    caller: Author,
    query: Annotated[ImportQuery, Depends()],
    body: Annotated[bytes, Body(media_type="text/csv", examples=[CSV])],
) -> Reply[BankImport]:
    """A header line names the columns; only `text` is needed. Nothing is saved if a line is bad."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("the file is not UTF-8", hint="save it as UTF-8") from error
    context = context_of(request)
    return Reply(bank_files.import_entries(context, caller, bank_id, text, query.options()))


@entries.get(
    "/export",
    summary="A bank's entries as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"example": CSV}}}},
)
def export_entries(
    request: Request,
    bank_id: str,
    caller: Viewer,
    hits: Annotated[bool, Query(description="With hits and last_hit_at.")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    text = bank_files.export_entries(context_of(request), caller, bank_id, hits=hits)
    return Response(text, media_type="text/csv; charset=utf-8")


@entries.get("/entries", summary="A bank's entries in its order, with how often each was hit")
def list_entries(
    request: Request,
    bank_id: str,
    caller: Viewer,
    page: Annotated[PageRequest, Depends(paging)],
    search: Annotated[str, Query(max_length=255)] = "",
) -> Reply[Page[EntryView]]:
    return Reply(bank_files.entries(context_of(request), caller, bank_id, page, search))
