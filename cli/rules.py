"""`winnow rules`: rules kept in files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import utc_now
from cli.org import Json
from cli.output import ExitCode, emit, say
from cli.rule_packs import Packs, loaded
from cli.rules_coop import import_coop
from cli.rules_live import apply, pull, show_plan
from engine.packs import PackTrial, RuleTrial, try_packs
from services.pack_measures import FileMeasure, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.statistics.estimates import Estimate


def try_examples(paths: Packs, json: Json = False) -> None:
    """Check every rule of some packs, run its examples, and tell what is probably not meant.

    No database is needed. Exit 0 when all hold, 1 when a rule or an example does not, 2 when a
    file is no pack.
    """
    trials = try_packs(loaded(paths), utc_now())
    if json or not sys.stdout.isatty():
        emit(_trial_document(trials))
    else:
        print("\n".join(line for trial in trials for line in _trial_lines(trial)))
    if not all(trial.passed for trial in trials):
        raise typer.Exit(ExitCode.FINDING)


def _trial_document(trials: Sequence[PackTrial]) -> dict[str, object]:
    return {
        "ok": all(trial.passed for trial in trials),
        "packs": [
            {
                "name": trial.name,
                "ok": trial.passed,
                "rules": [_rule_document(rule) for rule in trial.rules],
            }
            for trial in trials
        ],
    }


def _rule_document(rule: RuleTrial) -> dict[str, object]:
    return {
        "name": rule.name,
        "ok": rule.passed,
        "place": rule.place,
        "problems": [
            {"code": each.slug, "message": each.message, "hint": each.hint}
            for each in rule.problems
        ],
        "warnings": list(rule.warnings),
        "examples": [
            {
                "place": place,
                "ok": result.passed,
                "expected": result.expected,
                "outcome": result.outcome,
                "note": result.note,
                "problem": result.problem,
            }
            for result, place in zip(rule.examples, rule.example_places, strict=False)
        ],
    }


def _trial_lines(trial: PackTrial) -> list[str]:
    lines = [f"{trial.name}: {sum(rule.passed for rule in trial.rules)} of {len(trial.rules)} hold"]
    for rule in trial.rules:
        if rule.passed and not rule.warnings:
            continue
        lines.append(f"  {rule.place}: `{rule.name}`")
        for finding in rule.warnings:
            lines.extend(f"    {line}" for line in finding.render(rule.canonical).split("\n"))
        for problem in rule.problems:
            lines.append(f"    {problem.message}")
            lines.extend([f"    hint: {problem.hint}"] if problem.hint else [])
        lines.extend(
            f"    {place}: {_said(result.outcome)}, must {'' if result.expected else 'not '}match"
            f"{f': {result.problem}' if result.problem else ''}"
            for result, place in zip(rule.examples, rule.example_places, strict=False)
            if not result.passed
        )
    return lines


def _said(outcome: bool | None) -> str:
    return {True: "matches", False: "does not match", None: "is unknown"}[outcome]


def measure_rules(
    paths: Packs,
    data: Annotated[list[Path], typer.Option(help="A labelled file; each is measured by itself.")],
    truth: Annotated[str, typer.Option(help="The column of TRUE and FALSE, or of 1 and 0.")],
    rows: Annotated[
        str | None, typer.Option(help="Rows that count: a condition, such as `fold >= 8`.")
    ] = None,
    json: Json = False,
) -> None:
    """Precision and recall of packs on labelled files, with 95% intervals; never pooled.

    Prints a Markdown table. Rules that read what a file does not hold are left out and named.
    """
    packs = loaded(paths)
    measures = [measure(packs, path, truth, rows) for path in data]
    if json:
        emit({"files": [_measure_document(each) for each in measures]})
        return
    for each in measures:
        if each.left_out:
            say(f"{each.file}: not measured, for want of fields: {', '.join(each.left_out)}")
    print("\n".join(measure_table(measures)))


def measure_table(measures: Sequence[FileMeasure]) -> list[str]:
    """Rules that match nothing in a file are left out of its lines; packs never are."""
    lines = [
        "| set | labelled | violating | pack: rule | matched | precision | recall |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in measures:
        lines.extend(
            f"| {each.file} | {each.labelled:,} | {each.violating:,} "
            f"| {found.pack if found.rule is None else f'- {found.rule}'} "
            f"| {found.confusion.matched:,} "
            f"| {_share(found.quality.precision)} | {_share(found.quality.recall)} |"
            for found in each.measured
            if found.rule is None or found.confusion.matched
        )
    return lines


def _share(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _measure_document(each: FileMeasure) -> dict[str, object]:
    return {
        "file": each.file,
        "labelled": each.labelled,
        "violating": each.violating,
        "leftOut": list(each.left_out),
        "measured": [
            {
                "pack": found.pack,
                "rule": found.rule,
                "confusion": found.confusion,
                "precision": found.quality.precision,
                "recall": found.quality.recall,
            }
            for found in each.measured
        ],
    }


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True)
    group.command("test")(try_examples)
    group.command("measure")(measure_rules)
    group.command("plan")(show_plan)
    group.command("apply")(apply)
    group.command("pull")(pull)
    group.command("import-coop")(import_coop)
    app.add_typer(group, name="rules", help="Keep rules in files: test, plan, apply, pull.")
