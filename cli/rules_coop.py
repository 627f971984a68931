"""`winnow rules import-coop`: Coop's rules as packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cli.org import Json
from cli.output import ExitCode, emit, say
from cli.rule_options import read_text
from cli.rule_packs import write_packs
from engine.coop_import import import_rules
from engine.errors import InvalidInput, Problem

Folder = Annotated[Path, typer.Option("--out", help="A folder for the packs; made if need be.")]


def import_coop(
    file: Annotated[Path, typer.Argument(help="JSON: itemTypes, textBanks, rules.")],
    out: Folder,
    json: Json = False,
) -> None:
    """Write Coop's rules as packs: one for each item type, one for the text banks.

    A rule that was LIVE becomes SHADOW. What cannot be said in a rule is refused with its reason
    and its place in the file, and the exit is 1; everything else is written.
    """
    try:
        document = msgspec.json.decode(read_text(file))
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from error
    imported = import_rules(document)
    written = write_packs(imported.packs, out)
    for problem in imported.warnings:
        say(f"note at {problem.pointer}: {problem.message}")
    for problem in imported.refused:
        say(f"refused at {problem.pointer}: {problem.message}")
    if json:
        emit(
            {
                "written": [str(path) for path in written],
                "refused": [_document(each) for each in imported.refused],
                "notes": [_document(each) for each in imported.warnings],
            }
        )
    else:
        print("\n".join(map(str, written)))
    if imported.refused:
        raise typer.Exit(ExitCode.FINDING)


def _document(problem: Problem) -> dict[str, str]:
    return {"pointer": problem.pointer, "message": problem.message, "hint": problem.hint}
