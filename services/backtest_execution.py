"""A claimed backtest from its request to its report: pin the inputs, count step by step, add up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from engine.backtest.cells import Partial, add_up
from engine.backtest.digest import Inputs, content_name, digest
from engine.backtest.preparation import Prepared, prepare
from engine.backtest.report import Report, build_report
from engine.backtest.request import parse_request
from engine.backtest.spec import TruthSource
from engine.backtest.sql import Question
from engine.backtest.steps import Step, cut
from engine.items.columns import arrow_schema
from engine.language import to_duckdb
from engine.language.ready import ready
from services.profiles import related_columns
from services.rulesets import load_configuration
from store import backtest_runs, lake
from store.analysis import quoted, session
from store.backtest_runs import RunFolder, Runner, run_folder
from store.code_version import code_digest
from store.export_source import from_microseconds, microseconds
from store.lake_facts import define_facts
from store.lake_items import ITEMS, define_items
from store.lake_profiles import with_related
from store.lake_truth import define_truth, with_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.signals import Unanswered
    from services.context import Context
    from store.backtests import BacktestRow
    from store.lake import LakeFile, Snapshot

_TRUTH_TABLES: Final = ("labels", "decisions")


@dataclass(frozen=True)
class Sources:
    """The versions of the lake's tables that a run reads, from its first start to its end.

    related: by item type, the items that rules read as authors and threads.
    """

    items: Snapshot | None
    labels: Snapshot | None = None
    decisions: Snapshot | None = None
    facts: Snapshot | None = None
    related: Mapping[str, Snapshot] = field(default_factory=dict)

    @property
    def versions(self) -> Mapping[str, int]:
        named = (
            ("items", self.items),
            ("labels", self.labels),
            ("decisions", self.decisions),
            ("facts", self.facts),
        )
        related = ((_related_name(type_id), found) for type_id, found in self.related.items())
        return {name: found.version for name, found in (*named, *related) if found is not None}


def _related_name(type_id: str) -> str:
    return f"related {type_id}"


@dataclass(frozen=True)
class Progress:
    """Told after every step, and while one runs with what was done before it."""

    files: int
    files_done: int
    rows: int
    rows_done: int
    versions: Mapping[str, int]


Tell = "Callable[[Progress], bool]"


def load(context: Context, org_id: int, row: BacktestRow) -> tuple[Prepared, Sources]:
    """The rules as they are now; the tables as they were when the run first started."""
    request = parse_request(row.request)
    with context.database.transaction(org_id) as tx:
        prepared = prepare(request, load_configuration(tx))
    pinned = row.progress.get("versions", {})
    return prepared, find_sources(context.lake_root, org_id, prepared, pinned)


def find_sources(root: str, org_id: int, prepared: Prepared, pinned: Mapping[str, int]) -> Sources:
    """root: of the lake. pinned: table -> version; the newest of those not named."""
    items_uri = lake.items_uri(root, org_id, prepared.item_type.type_id)
    items = lake.snapshot(items_uri, pinned.get("items"))  # first: it needs what the others hold
    judged = _TRUTH_TABLES if prepared.spec.truth.source is TruthSource.LABELS else ()
    asked = ("facts",) if prepared.asks_facts else ()
    others = {
        name: lake.snapshot(lake.fact_uri(root, org_id, name), pinned.get(name))
        for name in (*judged, *asked)
    }
    related = {
        item_type.type_id: lake.snapshot(
            lake.items_uri(root, org_id, item_type.type_id),
            pinned.get(_related_name(item_type.type_id)),
        )
        for item_types in prepared.related_types.values()
        for item_type in item_types
    }
    known = {type_id: found for type_id, found in related.items() if found is not None}
    return Sources(items, **others, related=known)


def inputs_digest(prepared: Prepared, sources: Sources) -> str:
    named = {name: str(version) for name, version in sources.versions.items()}
    return digest(
        Inputs(
            spec=prepared.spec,
            schema={"itemType": prepared.item_type.type_id, **prepared.fields},
            banks=prepared.banks,
            sources={**named, **_contents(sources)},
            engines={
                "duckdb": duckdb.__version__,
                "arrow": pa.__version__,
                **{f"signal {name}": version for name, version in prepared.signals.items()},
            },
            code=code_digest(),
        )
    )


def _contents(sources: Sources) -> Mapping[str, str]:
    """A lake elsewhere may have the same version numbers: its files are named as well."""
    named = (("items", sources.items), ("labels", sources.labels), ("facts", sources.facts))
    related = ((_related_name(type_id), found) for type_id, found in sources.related.items())
    return {
        f"{name}Files": content_name([file.path.rsplit("/", 1)[-1] for file in found.files])
        for name, found in (*named, *related)
        if found is not None
    }


def execute(
    root: str,
    org_id: int,
    backtest_id: str,
    prepared: Prepared,
    sources: Sources,
    tell: Callable[[Progress], bool],
) -> Report:
    """Raises Interrupted when `tell` answers False, Unavailable when the lake lacks a file."""
    name = inputs_digest(prepared, sources)
    folder = run_folder(root, org_id, backtest_id, name)
    files = _files(prepared, sources.items)
    steps = cut([file.rows for file in files], whole=prepared.counts_others)
    parts: list[Partial] = []
    with session() as connection:
        for step in steps:
            done = _progress(sources, files, steps, step.number)
            runner = Runner(connection, lambda done=done: tell(done))  # type: ignore[misc]
            parts.append(_step(runner, prepared, sources, files, step, folder))
            if not tell(_progress(sources, files, steps, step.number + 1)):
                raise backtest_runs.Interrupted
    return build_report(prepared.spec, add_up(parts), name)


def _progress(
    sources: Sources, files: list[LakeFile], steps: tuple[Step, ...], done: int
) -> Progress:
    return Progress(
        files=len(files),
        files_done=sum(len(step.files) for step in steps[:done]),
        rows=sum(file.rows for file in files),
        rows_done=sum(step.rows for step in steps[:done]),
        versions=sources.versions,
    )


def _files(prepared: Prepared, items: Snapshot | None) -> list[LakeFile]:
    """Those that may hold items of the period, or of the windows that reach into it."""
    period = prepared.spec.period
    start = (
        from_microseconds(microseconds(period.start) - prepared.lead_us) if period.start else None
    )
    return [
        file
        for file in (items.files if items else ())
        if not (start and file.last and file.last < start)
        and not (period.end and file.first and file.first >= period.end)
    ]


def _step(
    runner: Runner,
    prepared: Prepared,
    sources: Sources,
    files: list[LakeFile],
    step: Step,
    folder: RunFolder,
) -> Partial:
    """What was counted before a crash or a cancellation is not counted again."""
    kept = folder.done(step.number)
    if kept is not None:
        return kept
    assert sources.items is not None
    columns = arrow_schema(prepared.item_type)
    chosen = [files[index] for index in step.files]
    ordered = define_items(runner.connection, sources.items, chosen, columns)
    question, unanswered = _question(
        runner, prepared, sources, whole=_all_within(prepared, ordered)
    )
    found = backtest_runs.count(
        runner,
        question,
        [file.day for file in ordered],
        [file.rows for file in ordered] if _all_within(prepared, ordered) else None,
    )
    counted = replace(found, unanswered=unanswered)
    if prepared.baseline is not None:
        backtest_runs.write_flips(runner, ITEMS, folder.flips(step.number))
    folder.keep(step.number, counted)
    return counted


def _all_within(prepared: Prepared, files: tuple[LakeFile, ...]) -> bool:
    period = prepared.spec.period
    return all(
        file.first is not None
        and file.last is not None
        and (period.start is None or file.first >= period.start)
        and (period.end is None or file.last < period.end)
        for file in files
    )


def _question(
    runner: Runner, prepared: Prepared, sources: Sources, *, whole: bool
) -> tuple[Question, tuple[Unanswered, ...]]:
    """What to count, and what signals that were asked for it did not answer."""
    columns = related_columns(prepared.predicates, prepared.item_types, sources.related)
    items = with_related(runner.connection, columns)
    plan = to_duckdb(prepared.predicates, prepared.environment, items)
    if prepared.asks_facts:
        define_facts(runner.connection, sources.facts)
    within = None if whole else _within(prepared)
    unanswered = ready(runner.connection, plan, within or "", partial(_go_on, runner))
    spec, relation, truth = prepared.spec, plan.source, None
    if spec.truth.source is TruthSource.LABELS:
        define_truth(
            runner.connection, prepared.item_type.type_id, sources.labels, sources.decisions
        )
        relation, truth = with_truth(plan.source), "_truth"
    elif spec.truth.source is TruthSource.FIELD:
        truth = quoted(spec.truth.field)
    question = Question(
        relation=relation,
        candidate=plan.expressions[0],
        baseline=plan.expressions[1] if prepared.baseline else None,
        truth=truth,
        segment=quoted(spec.segment) if spec.segment else None,
        within=within,
    )
    return question, unanswered


def _go_on(runner: Runner) -> None:
    if not runner.go_on():
        raise backtest_runs.Interrupted


def _within(prepared: Prepared) -> str:
    period = prepared.spec.period
    bounds = []
    if period.start:
        bounds.append(f"_arrived_at >= make_timestamptz({microseconds(period.start)})")
    if period.end:
        bounds.append(f"_arrived_at < make_timestamptz({microseconds(period.end)})")
    return " AND ".join(bounds)
