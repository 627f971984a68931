"""The tree as the house rules see it: files that git tracks, parsed once."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("engine", "store", "clients", "services", "api", "pipelines", "app", "cli")


@dataclass(frozen=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Function:
    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def lines(self) -> int:
        """Lines from `def` to the end, the docstring left out."""
        body = self.node.body
        total = (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1
        if ast.get_docstring(self.node) is not None:
            total -= (body[0].end_lineno or body[0].lineno) - body[0].lineno + 1
        return total

    @property
    def where(self) -> str:
        return f"{self.module.where}:{self.node.lineno} {self.node.name}"


@cache
def tracked(pattern: str = "*") -> tuple[Path, ...]:
    """Files under version control, or not yet ignored, that match a git pathspec."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def parse(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))


@cache
def product() -> tuple[Module, ...]:
    """Modules of the eight rooms."""
    return tuple(
        parse(path) for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in ROOMS
    )


@cache
def checked_modules() -> tuple[Module, ...]:
    return tuple(parse(path) for path in tracked("tests/*.py") if path.name.startswith("test_"))


@cache
def functions() -> tuple[Function, ...]:
    return tuple(
        Function(module, node)
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
