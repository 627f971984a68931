"""The entries of a bank as a file: read in, written out, looked through with their hits."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from engine.configuration.bank_entries import Merged, merged
from engine.configuration.banks import TextBank, bank_document
from engine.configuration.entry_hits import entry_key
from engine.errors import InvalidInput, NotFound, Problem
from engine.paging import Page, PageRequest, Position, page_of
from engine.permissions import Permission
from engine.text import Mode, Term
from engine.text.bank_csv import Hit, TermTable, read_terms, write_terms
from services import configuration
from services.banks import BANKS
from services.context import Caller, Context, require
from services.rulesets import known_configuration
from store import bank_hits
from store.bank_hits import Hits

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ImportOptions:
    """mode: of lines that name none. replace: entries that are not in the file leave the bank.

    skip_problems: bad lines are left out instead of refusing the file.
    """

    mode: Mode
    replace: bool = False
    skip_problems: bool = False
    dry_run: bool = False
    reason: str = ""
    expected_version: int | None = None


@dataclass(frozen=True)
class BankImport:
    """What a file does to a bank. version: what was saved; None for a dry run or no change.

    repeats: lines that say again what an earlier one said. total: entries afterwards.
    """

    dry_run: bool
    version: int | None
    added: int
    changed: int
    unchanged: int
    removed: int
    repeats: int
    total: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class EntryView:
    """hits: items that a LIVE rule matched and that held the entry; last_hit_at: the latest."""

    text: str
    mode: str
    note: str
    source: str
    expires_at: datetime | None
    hits: int
    last_hit_at: datetime | None


def import_entries(
    context: Context, caller: Caller, bank_id: str, text: str, options: ImportOptions
) -> BankImport:
    """Raises NotFound; InvalidInput with every bad line, unless those are to be left out."""
    require(caller, Permission.MUTATE_LIVE_RULES)
    table = read_terms(text, options.mode)
    with context.database.transaction(caller.org_id) as tx:
        bank = _bank(tx, bank_id)
    found = merged(bank.terms, table.terms, replace=options.replace)
    if options.dry_run:
        return _told(table, found, options, None)
    if table.problems and not options.skip_problems:
        raise InvalidInput(
            f"{len(table.problems)} lines of the file cannot be taken.",
            hint="put them right, or have them left out with skipProblems=true",
            problems=table.problems,
        )
    if found.terms == bank.terms:
        return _told(table, found, options, None)
    saved = configuration.update(
        *(context, caller, BANKS, bank_id, bank_document(replace(bank, terms=found.terms))),
        reason=options.reason or f"{found.added} added, {found.changed} changed from a file",
        expected_version=options.expected_version or bank.version,
    )
    return _told(table, found, options, saved.version)


def _told(
    table: TermTable, found: Merged, options: ImportOptions, version: int | None
) -> BankImport:
    return BankImport(
        dry_run=options.dry_run,
        version=version,
        added=found.added,
        changed=found.changed,
        unchanged=found.unchanged,
        removed=found.removed,
        repeats=table.repeats,
        total=len(found.terms),
        problems=table.problems,
    )


def export_entries(context: Context, caller: Caller, bank_id: str, *, hits: bool) -> str:
    """CSV that `import_entries` takes; hits: with two more columns. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        bank = _bank(tx, bank_id)
        found = bank_hits.of_bank(tx, bank_id) if hits else {}
    if not hits:
        return write_terms(bank.terms)
    counted = (found.get(_key(term)) for term in bank.terms)
    return write_terms(
        bank.terms, [Hit(each.hits, each.last_hit_at) if each else Hit(0) for each in counted]
    )


def entries(
    context: Context, caller: Caller, bank_id: str, page: PageRequest, search: str
) -> Page[EntryView]:
    """In the bank's order. search: a text that entry, note or source hold. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        bank = _bank(tx, bank_id)
        found = bank_hits.of_bank(tx, bank_id)
    first = int(page.after.id) + 1 if page.after and page.after.id.isdecimal() else 0
    wanted = search.casefold()
    rows: list[tuple[int, Term]] = []
    for place in range(first, len(bank.terms)):
        if wanted in _searched(bank.terms[place]):
            rows.append((place, bank.terms[place]))
        if len(rows) > page.limit:
            break
    placed = page_of(rows, page, lambda row: Position(BEGINNING, str(row[0])))
    views = tuple(_view(term, found.get(_key(term))) for _, term in placed.items)
    return Page(views, placed.next_cursor)


def _bank(tx: Connection, bank_id: str) -> TextBank:
    bank = known_configuration(tx).banks.get(bank_id)
    if bank is None:
        raise NotFound(f"there is no bank `{bank_id}`")
    return bank


def _searched(term: Term) -> str:
    return f"{term.text}\n{term.note}\n{term.source}".casefold()


def _key(term: Term) -> bytes:
    return entry_key(term.text, term.mode)


def _view(term: Term, found: Hits | None) -> EntryView:
    return EntryView(
        text=term.text,
        mode=term.mode.value,
        note=term.note,
        source=term.source,
        expires_at=term.expires_at,
        hits=found.hits if found else 0,
        last_hit_at=found.last_hit_at if found else None,
    )
