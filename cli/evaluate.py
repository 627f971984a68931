"""`winnow evaluate`: what a rule answers on every row of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import say
from cli.rule_options import Banks, Data, Renames, Where, file_source, one_rule, read_text
from engine.errors import InvalidInput
from engine.language import Predicate
from services.rule_files import OpenSource, RuleEngine, evaluate, opened, reads_arrival

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.rule_files import Outcomes

_WORDS = {True: "true", False: "false", None: "null"}
_LINES = 4_096


def run(
    data: Data,
    where: Where = None,
    where_file: Annotated[
        Path | None, typer.Option(help="Many rules, one a line; prints one JSON array a row.")
    ] = None,
    engine: Annotated[
        RuleEngine, typer.Option(help="As a live item is judged, or as history is.")
    ] = RuleEngine.ROW,
    renames: Renames = None,
    banks: Banks = None,
) -> None:
    """Evaluate rules on every row: `true`, `false` or `null` a line, in the order of the file."""
    with opened(file_source(data, renames, banks)) as source:
        texts = [one_rule(where, None)] if where_file is None else _rules(where, where_file)
        names = ["the rule"] if where_file is None else _line_names(texts)
        predicates = [source.predicate(*each) for each in zip(texts, names, strict=True)]
        _tell_arrival(source, predicates)
        _write(evaluate(source, predicates, engine), many=where_file is not None)


def _rules(where: str | None, where_file: Path) -> list[str]:
    if where is not None:
        raise InvalidInput("Give either --where or --where-file.")
    texts = [line for line in read_text(where_file).splitlines() if line.strip()]
    if not texts:
        raise InvalidInput(f"{where_file} holds no rule.", hint="Write one rule a line.")
    return texts


def _line_names(texts: Sequence[str]) -> list[str]:
    return [f"rule {number}" for number, _ in enumerate(texts, 1)]


def _tell_arrival(source: OpenSource, predicates: Sequence[Predicate]) -> None:
    if any(map(reads_arrival, predicates)):
        say(f"arrival times are read from {source.rows.arrival}; choose with --map _arrived_at=...")


def _write(outcomes: Iterable[Outcomes], *, many: bool) -> None:
    lines = (_array(each) if many else _WORDS[each[0]] for each in outcomes)
    for part in _parts(lines):
        sys.stdout.write("\n".join(part) + "\n")
    sys.stdout.flush()


def _parts(lines: Iterable[str]) -> Iterable[list[str]]:
    part: list[str] = []
    for line in lines:
        part.append(line)
        if len(part) == _LINES:
            yield part
            part = []
    if part:
        yield part


def _array(outcomes: Outcomes) -> str:
    return f"[{', '.join(_WORDS[each] for each in outcomes)}]"


def register(app: typer.Typer) -> None:
    app.command("evaluate")(run)
