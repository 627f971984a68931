"""`winnow explain`: why a rule matched a row, or did not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.output import emit
from cli.rule_options import Banks, Data, Renames, Where, file_source, one_rule
from engine.language.explain import Found, as_document, render
from services.rule_explanations import RowExplanation, explain_row
from services.rule_files import opened


def run(
    data: Data,
    row: Annotated[int, typer.Option(min=1, help="Number of the row; 1 is the first.")],
    where: Where = None,
    where_file: Annotated[Path | None, typer.Option(help="A file that holds the rule.")] = None,
    renames: Renames = None,
    banks: Banks = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what each condition of a rule saw in one row, and what would have turned its answer."""
    with opened(file_source(data, renames, banks)) as source:
        predicate = source.predicate(one_rule(where, where_file))
        explained = explain_row(source, predicate, row)
    if json:
        _emit(explained)
    else:
        sys.stdout.write(f"{_told(explained)}\n")


def _emit(explained: RowExplanation) -> None:
    change = explained.counterfactual
    emit(
        {
            "outcome": explained.outcome,
            "trace": as_document(explained.trace),
            "counterfactual": change and {"sentence": change.sentence(), "changes": change.changes},
            "found": explained.found,
        }
    )


def _told(explained: RowExplanation) -> str:
    change = explained.counterfactual
    return "\n".join(
        [
            render(explained.trace),
            *(_place(each) for each in explained.found),
            *([change.sentence()] if change else []),
        ]
    )


def _place(each: Found) -> str:
    where = each.field if each.element is None else f"{each.field}, element {each.element + 1}"
    return f"'{each.term}' of bank '{each.bank}' found in {where} at {each.start} to {each.end}"


def register(app: typer.Typer) -> None:
    app.command("explain")(run)
