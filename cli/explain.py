"""`winnow explain`: why a rule matched a row or an item, or did not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import emit
from cli.rule_options import Banks, MaybeData, Renames, Where, file_source, one_rule
from engine.errors import InvalidInput
from engine.language.explain import Found, as_document, render
from services.context import system_caller
from services.explanations import Explanation, ItemAsked, explain_item
from services.rule_explanations import RowExplanation, explain_row
from services.rule_files import opened
from store.settings import load_settings


def run(
    *,
    data: MaybeData = None,
    row: Annotated[int, typer.Option(min=1, help="Number of the row; 1 is the first.")] = 1,
    where: Where = None,
    where_file: Annotated[Path | None, typer.Option(help="A file that holds the rule.")] = None,
    renames: Renames = None,
    banks: Banks = None,
    item: Annotated[str | None, typer.Option(help="Id of an item that was sent.")] = None,
    item_type: Annotated[str, typer.Option(help="Its item type, by name or id.")] = "",
    rule: Annotated[str, typer.Option(help="What judged it: a rule, by name or id.")] = "",
    org: Annotated[int, typer.Option("--org", min=1, help="Number of the organisation.")] = 1,
    var: Var = None,
    json: Json = False,
) -> None:
    """Show what each condition of a rule saw, and what would have turned its answer.

    In a row of a file (--data, --row, --where), or in an item that was sent (--item, --item-type,
    --rule): as it was judged, where the rule matched, and else worked out anew.
    """
    if item is not None:
        asked = ItemAsked(item_type, item, rule)
        with open_installation(load_settings(var_dir=var)) as context:
            told = explain_item(context, system_caller(org, "winnow-explain"), asked)
        _tell_item(told, json=json)
        return
    if not data:
        raise InvalidInput("There is nothing to explain.", hint="Give --data FILE or --item ID.")
    with opened(file_source(data, renames, banks)) as source:
        predicate = source.predicate(one_rule(where, where_file))
        explained = explain_row(source, predicate, row)
    if json:
        _emit(explained)
    else:
        sys.stdout.write(f"{_told(explained)}\n")


def _tell_item(told: Explanation, *, json: bool) -> None:
    if json:
        emit(told)
        return
    lines = [told.text, *(_place(each) for each in told.found), told.counterfactual, told.note]
    sys.stdout.write("\n".join(line for line in lines if line) + "\n")


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
