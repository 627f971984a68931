"""How every command speaks: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from enum import IntEnum

import msgspec
import typer

from engine.errors import InvalidInput, WinnowError


class ExitCode(IntEnum):
    """What a script may rely on."""

    OK = 0
    FINDING = 1
    USAGE = 2


def emit(value: object) -> None:
    """One JSON document and a newline; dataclasses and dates are written as JSON knows them."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def say(message: str) -> None:
    """A line for the person watching; never part of the result."""
    typer.echo(message, err=True)


def error_lines(error: WinnowError) -> list[str]:
    lines = [f"error: {error.message}"]
    for problem in error.problems:
        where = f" at {problem.pointer}" if problem.pointer else ""
        lines.append(f"  {problem.message}{where}")
        if problem.hint:
            lines.append(f"    hint: {problem.hint}")
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return lines


def exit_code_of(error: WinnowError) -> ExitCode:
    """Wrong words are a usage error; a refusal by the world (not found, conflict) is a finding."""
    return ExitCode.USAGE if isinstance(error, InvalidInput) else ExitCode.FINDING
