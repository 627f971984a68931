"""`winnow rules plan|apply|pull`: packs against what an organisation has."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import open_installation
from cli.org import Json, Var
from cli.output import ExitCode, emit, say
from cli.rule_packs import Packs, loaded, write_packs
from services.context import Caller, system_caller
from services.packs import Effect, apply_plan, effects_of, plan_packs, pull_packs
from store.settings import load_settings

if TYPE_CHECKING:
    from engine.packs.plan import Change, Difference, Plan

Org = Annotated[int, typer.Option("--org", min=1, help="Number of the organisation.")]
LONGEST = 200
MOST_NAMED = 10


def _caller(org_id: int) -> Caller:
    return system_caller(org_id, "winnow-rules")


def show_plan(
    paths: Packs,
    org: Org = 1,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Say what changed conditions match in the lake.")
    ] = False,
    var: Var = None,
    json: Json = False,
) -> None:
    """Show what applying some packs would change. Exit 1 when it cannot be done."""
    packs = loaded(paths)
    with open_installation(load_settings(var_dir=var)) as context:
        planned = plan_packs(context, _caller(org), packs)
        effects = effects_of(context, _caller(org), planned) if backtest else ()
    _tell(planned, effects, as_json=json or not sys.stdout.isatty())
    if planned.problems:
        raise typer.Exit(ExitCode.FINDING)


def apply(
    paths: Packs,
    org: Org = 1,
    reason: Annotated[str, typer.Option(help="Why, for the history of what changes.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    var: Var = None,
    json: Json = False,
) -> None:
    """Save what some packs say, after showing it and asking. Exit 1 when it cannot be done."""
    packs = loaded(paths)
    as_json = json or not sys.stdout.isatty()
    with open_installation(load_settings(var_dir=var)) as context:
        planned = plan_packs(context, _caller(org), packs)
        if planned.problems or not planned.changes:
            _tell(planned, (), as_json=as_json)
            raise typer.Exit(ExitCode.FINDING if planned.problems else ExitCode.OK)
        if not yes:
            say("\n".join(plan_lines(planned)))
            typer.confirm("Apply?", abort=True, err=True)
        done = apply_plan(context, _caller(org), planned, reason or "applied from packs")
    _tell(done, (), as_json=as_json)


def pull(
    out: Annotated[Path, typer.Option("--out", help="A folder for the packs; made if need be.")],
    org: Org = 1,
    var: Var = None,
    json: Json = False,
) -> None:
    """Write what is live as packs. Applying them again changes nothing."""
    with open_installation(load_settings(var_dir=var)) as context:
        packs = pull_packs(context, _caller(org))
    written = [str(path) for path in write_packs(packs, out)]
    if json:
        emit({"written": written})
    else:
        print("\n".join(written))


# -- telling ---------------------------------------------------------------------------------------


def _tell(planned: Plan, effects: tuple[Effect, ...], *, as_json: bool) -> None:
    if as_json:
        emit(plan_document(planned, effects))
    else:
        print("\n".join([*plan_lines(planned), *map(effect_line, effects)]))


def plan_document(planned: Plan, effects: tuple[Effect, ...]) -> dict[str, object]:
    return {
        "changes": [
            {
                "kind": "create" if each.object_id is None else "update",
                "noun": each.noun,
                "name": each.name,
                "place": each.place,
                "id": each.object_id,
                "differences": each.differences,
            }
            for each in planned.changes
        ],
        "unchanged": planned.unchanged,
        "leftAlone": planned.left_alone,
        "problems": [{"message": p.message, "hint": p.hint} for p in planned.problems],
        "effects": effects,
        "waiting": [{"rule": w.rule, "approvalId": w.approval_id} for w in planned.waiting],
    }


def plan_lines(planned: Plan) -> list[str]:
    lines = [line for change in planned.changes for line in _change_lines(change)]
    for problem in planned.problems:
        lines.append(f"! {problem.message}")
        lines.extend([f"    hint: {problem.hint}"] if problem.hint else [])
    lines.extend(
        f"? rule `{each.rule}` waits for a second person: approval {each.approval_id}"
        for each in planned.waiting
    )
    created = sum(change.object_id is None for change in planned.changes)
    lines.append(
        f"{created} to create, {len(planned.changes) - created} to change, "
        f"{planned.unchanged} as they are, {len(planned.left_alone)} in no pack and left alone"
    )
    if planned.left_alone:
        more = len(planned.left_alone) - MOST_NAMED
        named = ", ".join(planned.left_alone[:MOST_NAMED])
        lines.append(f"left alone: {named}{f' and {more} more' if more > 0 else ''}")
    return lines


def _change_lines(change: Change) -> list[str]:
    is_new = change.object_id is None
    lines = [f"{'+' if is_new else '~'} {change.noun} `{change.name}`  ({change.place})"]
    for each in change.differences:
        if is_new and each.key != "where":
            continue
        lines.extend(f"    {line}" for line in _difference_lines(each))
    return lines


def _difference_lines(each: Difference) -> list[str]:
    if isinstance(each.before, list) and isinstance(each.after, list):
        gone = [value for value in each.before if value not in each.after]
        come = [value for value in each.after if value not in each.before]
        order = [] if gone or come else ["  (another order)"]
        return [
            f"{each.key}:",
            *(f"  - {_shown(value)}" for value in gone),
            *(f"  + {_shown(value)}" for value in come),
            *order,
        ]
    before = [] if each.before is None else [f"  - {_shown(each.before)}"]
    return [f"{each.key}:", *before, f"  + {_shown(each.after)}"]


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json_text.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def effect_line(effect: Effect) -> str:
    subject = f"  `{effect.rule}` on {effect.item_type}"
    if effect.hits is None:
        return f"{subject}: not known, for {effect.why}"
    before = "" if effect.baseline_hits is None else f", now {effect.baseline_hits:,}"
    return f"{subject}: matches {effect.hits:,} of {effect.rows:,} items{before}"
