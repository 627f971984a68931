"""`winnow parity`: what was recorded on a day, against what the same rules say of it again."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import open_installation, utc_now
from cli.org import Json, Var
from cli.output import ExitCode, emit
from services.parity_sample import Parity, sample_parity
from store.settings import load_settings

if TYPE_CHECKING:
    from services.parity_sample import RuleParity

MOST_SHOWN = 5


def parity(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day of arrival, UTC [default: yesterday]."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="So many items of the day instead of all.")
    ] = None,
    org: Annotated[int, typer.Option("--org", min=1, help="Number of the organisation.")] = 1,
    var: Var = None,
    json: Json = False,
) -> None:
    """Recompute a day's outcomes from the lake and compare them with what was recorded.

    Exit 0 when all agree, 1 when one differs.
    """
    wanted = day.date() if day else utc_now().date() - timedelta(days=1)
    with open_installation(load_settings(var_dir=var)) as context:
        found = sample_parity(context, org, limit=sample, day=wanted)
    if json or not sys.stdout.isatty():
        emit(parity_document(wanted, found))
    else:
        print("\n".join(parity_lines(wanted, found)))
    if found.differing:
        raise typer.Exit(ExitCode.FINDING)


def parity_document(day: date, found: Parity) -> dict[str, object]:
    return {
        "day": day,
        "compared": found.compared,
        "differing": found.differing,
        "rules": [
            {
                "ruleId": each.rule_id,
                "name": each.name,
                "compared": each.compared,
                "differences": each.differences,
                "examples": each.examples,
                "problem": each.problem,
            }
            for each in found.rules
        ],
        "differences": [
            {
                "seq": each.seq,
                "itemTypeId": each.type_id,
                "itemId": each.item_id,
                "live": each.live,
                "again": each.again,
            }
            for each in found.differences
        ],
    }


def parity_lines(day: date, found: Parity) -> list[str]:
    width = max((len(each.name) for each in found.rules), default=4)
    lines = [f"{'rule':<{width}}  {'compared':>10}  {'differ':>7}"]
    lines.extend(_rule_line(each, width) for each in found.rules)
    lines.extend(found.sentences())
    lines.append(f"{day}: {found.compared:,} items compared, {found.differing:,} differ")
    return lines


def _rule_line(each: RuleParity, width: int) -> str:
    line = f"{each.name:<{width}}  {each.compared:>10,}  {each.differences:>7,}"
    shown = ", ".join(map(str, each.examples[:MOST_SHOWN]))
    line = f"{line}  at places {shown}" if shown else line
    return f"{line}  cannot be asked again: {each.problem}" if each.problem else line


def register(app: typer.Typer) -> None:
    app.command("parity")(parity)
