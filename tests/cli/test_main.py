"""The front door: names, versions, exit codes and the two streams."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from cli import main, output
from engine.errors import Conflict, InvalidInput, NotFound, Problem, Unavailable, WinnowError


def winnow(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_command_without_loading_any() -> None:
    program = (
        "import sys; from cli.main import run\n"
        "try: run(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m in "
        "('duckdb','polars','streamlit','fastapi','sqlalchemy','dagster')], file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert [c.name for c in main.COMMANDS if c.name not in shown.stdout] == []
    assert shown.stderr.strip() == "[]"


def test_version_names_the_product() -> None:
    shown = winnow("--version")
    assert shown.returncode == 0
    assert shown.stdout.startswith("winnow ")


def test_an_unknown_command_is_a_usage_error() -> None:
    shown = winnow("winow")
    assert shown.returncode == 2
    assert "winow" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("command", main.COMMANDS, ids=lambda command: command.name)
def test_every_listed_command_loads_and_explains_itself(command: main.Command) -> None:
    shown = winnow(command.name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("that is not a rule"), 2),
        (NotFound("no such bank"), 1),
        (Conflict("someone else saved first"), 1),
        (Unavailable("Postgres does not answer"), 1),
    ],
)
def test_a_refusal_becomes_a_message_and_an_exit_code(
    error: WinnowError,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(_wanted: object) -> typer.Typer:
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.command()
        def refuse() -> None:
            raise error

        return app

    monkeypatch.setattr(main, "build_app", build)
    assert main.run([]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"error: {error.message}\n"


def test_every_problem_is_told_with_its_place_and_its_hint() -> None:
    error = InvalidInput(
        "the item is refused",
        hint="mend it and send it again",
        problems=(Problem("no text", pointer="/items/0/data/text", hint="add a text"),),
    )
    assert output.error_lines(error) == [
        "error: the item is refused",
        "  no text at /items/0/data/text",
        "    hint: add a text",
        "hint: mend it and send it again",
    ]


def test_a_result_is_one_json_document_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.emit({"name": "blé", "n": 1})
    output.say("working")
    shown = capsys.readouterr()
    assert shown.out == '{"name":"blé","n":1}\n'
    assert shown.err == "working\n"
