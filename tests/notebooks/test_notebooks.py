"""Every notebook runs from top to bottom, and is kept without outputs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from nbclient import NotebookClient
from nbformat import NO_CONVERT, reads

from tests.house.source import ROOT, tracked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbformat import NotebookNode

NOTEBOOKS = tracked("notebooks/*.ipynb")


def notebook_at(path: Path) -> NotebookNode:
    read: Callable[[str, object], NotebookNode] = reads
    return read(path.read_text(encoding="utf-8"), NO_CONVERT)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = notebook_at(path)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(ROOT))
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert last.outputs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = notebook_at(path)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
