from __future__ import annotations

import subprocess
import sys

from tests.house.source import ROOT, product

IMPORT_ALL = """
import importlib, sys, traceback
for name in sys.stdin.read().split():
    try:
        importlib.import_module(name)
    except BaseException:
        print(name, traceback.format_exc().strip().splitlines()[-1])
"""


def test_every_module_imports_with_an_empty_environment() -> None:
    """No module reads the environment, opens a connection or needs a server to be imported."""
    scripts = (
        "app.main",  # runs inside a Streamlit session only
        "store.migrations.",  # run by Alembic only
    )
    names = [m.name for m in product() if not m.name.startswith(scripts)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL],
        cwd=ROOT,
        env={},
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert not done.stdout, done.stdout
