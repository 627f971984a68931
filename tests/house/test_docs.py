"""What README and docs show can be done: commands exist, code runs, rules check, links lead on."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import whole_app
from engine.language import canonical
from tests.house.source import ROOT, tracked

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
PAGES = [p for p in tracked("*.md") if p.relative_to(ROOT).parts[0] in {"README.md", "docs"}]


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), match.group(2))
        for page in PAGES
        for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if match.group(1) == language
    ]


def commands(text: str, program: str) -> list[list[str]]:
    joined = text.replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in joined.splitlines()]
    found = [line for line in lines if line.startswith(f"{program} ")]
    return [shlex.split(line, comments=True) for line in found]


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    command: Any = get_command(whole_app())
    rest = words[1:]
    while isinstance(command, TyperGroup) and rest:
        command = command.commands[rest[0]]
        rest = rest[1:]
    return command, rest


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"),
            *("-d", str(tmp_path / "trees"), str(ROOT / "docs"), str(tmp_path / "site")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_every_winnow_command_shown_exists_with_its_options() -> None:
    for where, text in blocks("bash"):
        for words in commands(text, "winnow"):
            command, rest = resolve(words)
            known = {opt for param in command.params for opt in param.opts}
            known |= {opt for param in command.params for opt in param.secondary_opts} | {"--help"}
            used = {word.split("=")[0] for word in rest if re.match(r"--[a-z]", word)}
            assert used <= known, f"{where}: {shlex.join(words)}: {used - known}"


def test_every_make_verb_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for where, text in blocks("bash"):
        for words in commands(text, "make"):
            verbs = {word for word in words[1:] if "=" not in word}
            assert verbs <= targets, f"{where}: {verbs - targets}"


def test_json_shown_is_json() -> None:
    for where, text in blocks("json"):
        assert json.loads(text) is not None, where


def test_rules_shown_parse() -> None:
    """`canonical` raises on a text that is no rule."""
    for where, text in blocks("sql"):
        assert canonical(text), where


def test_python_shown_runs() -> None:
    for where, text in blocks("python"):
        code = compile(text, where, "exec")
        exec(code, {"__name__": "docs"})
        assert code


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") < 150
