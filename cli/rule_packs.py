"""Packs as files: found, read and written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.rule_options import read_text
from engine.errors import InvalidInput
from engine.packs import Pack, read_packs, render_pack

if TYPE_CHECKING:
    from collections.abc import Sequence

Packs = Annotated[
    list[Path], typer.Argument(help="Pack files; of a folder, every `.yaml` in it and below.")
]


def loaded(paths: Sequence[Path]) -> tuple[Pack, ...]:
    """Raises InvalidInput for what is no pack, with every mistake of every file."""
    return read_packs({str(file): read_text(file) for file in _files(paths)})


def _files(paths: Sequence[Path]) -> list[Path]:
    files: dict[Path, None] = {}
    for path in paths:
        found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        if not found:
            raise InvalidInput(f"{path} holds no pack.", hint="A pack is a file NAME.yaml.")
        files |= dict.fromkeys(found)
    return list(files)


def write_packs(packs: tuple[Pack, ...], folder: Path) -> list[Path]:
    """One file a pack, named after it; the names differ even where the packs' names look alike."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: dict[Path, Pack] = {}
    for pack in packs:
        slug = re.sub(r"[^a-z0-9]+", "-", pack.name.lower()).strip("-")[:80] or "pack"
        path, number = folder / f"{slug}.yaml", 1
        while path in taken:
            number += 1
            path = folder / f"{slug}-{number}.yaml"
        taken[path] = pack
    for path, pack in taken.items():
        path.write_text(render_pack(pack), encoding="utf-8")
    return list(taken)
