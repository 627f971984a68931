"""`winnow backtest`: what a rule would have done to the rows of a file, with intervals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.output import emit, say
from cli.rule_options import Banks, Data, Renames, Where, file_source, one_rule
from engine.backtest.document import report_document
from services.file_backtests import FileBacktest, run_over_file
from services.rule_files import opened

_WIDTH = 120

if TYPE_CHECKING:
    from engine.backtest.report import Figures, Report
    from engine.statistics.estimates import Estimate


def run(
    data: Data,
    where: Where = None,
    where_file: Annotated[Path | None, typer.Option(help="A file that holds the rule.")] = None,
    truth: Annotated[
        str | None, typer.Option(help="Column that says whether a row is violating.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Another rule, to compare with on the same rows.")
    ] = None,
    segment: Annotated[str | None, typer.Option(help="Column to break figures down by.")] = None,
    floor: Annotated[
        int, typer.Option(min=1, help="Fewest labelled rows for a figure to be given.")
    ] = 1,
    renames: Renames = None,
    banks: Banks = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count what a rule matches in a file, and how rightly where the truth is known.

    Rows whose truth is null count as rows and hits, not towards precision, recall and F1.
    """
    source = file_source(data, renames, banks)
    asked = FileBacktest(one_rule(where, where_file), baseline, truth, segment, floor)
    with opened(source) as rows:
        report = run_over_file(source, rows, asked)
    if json:
        emit(report_document(report))
    else:
        _show(report)


def _show(report: Report) -> None:
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_summary(report))
    if report.segments:
        console.print(_segments(report))
    for each in report.unanswered:
        say(f"{each.signal} did not answer for {each.count:,} values: {each.reason}")
    say(f"digest {report.digest}")


def _summary(report: Report) -> Table:
    table = Table(title=f"{report.rows:,} rows", title_justify="left")
    table.add_column("")
    table.add_column("candidate", justify="right")
    if report.comparison:
        table.add_column("baseline", justify="right")
    rules = [report.candidate, *([report.comparison.baseline] if report.comparison else [])]
    for name, cells in _lines(rules):
        table.add_row(name, *cells)
    if report.comparison:
        flips, paired = report.comparison.flips, report.comparison.paired
        table.add_section()
        table.add_row("newly matched", f"{flips.added:,}", "")
        table.add_row("no longer matched", "", f"{flips.removed:,}")
        table.add_row(
            "right alone", f"{paired.candidate_only_right:,}", f"{paired.baseline_only_right:,}"
        )
        table.add_row("McNemar p", "-" if paired.p is None else f"{paired.p:.3g}", "")
    return table


def _lines(rules: list[Figures]) -> list[tuple[str, list[str]]]:
    return [
        ("hits", [f"{rule.hits:,}" for rule in rules]),
        ("hit rate", [_share(rule.hit_rate) for rule in rules]),
        ("a day", [_number(rule.per_day) for rule in rules]),
        ("labelled rows", [f"{rule.labelled:,}" for rule in rules]),
        ("precision", [_share(rule.quality.precision) for rule in rules]),
        ("recall", [_share(rule.quality.recall) for rule in rules]),
        ("F1", [_share(rule.quality.f1) for rule in rules]),
        ("false positives", [_share(rule.quality.false_positive_rate) for rule in rules]),
    ]


def _segments(report: Report) -> Table:
    table = Table(title="by segment", title_justify="left")
    for name in ("value", "rows", "hits", "hit rate", "precision", "recall"):
        table.add_column(name, justify="left" if name == "value" else "right")
    for each in report.segments:
        table.add_row(
            "(null)" if each.value is None else each.value,
            f"{each.rows:,}",
            f"{each.hits:,}",
            _share(each.hit_rate),
            _share(each.quality.precision),
            _share(each.quality.recall),
        )
    return table


def _share(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.why
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.why
    return f"{estimate.value:,.1f} ({estimate.low:,.1f} to {estimate.high:,.1f})"


def register(app: typer.Typer) -> None:
    app.command("backtest")(run)
