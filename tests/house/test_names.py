from __future__ import annotations

import re

from tests.house.source import ROOMS, ROOT, product, tracked

BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "handlers"}
HERE = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root|home/[a-z]+)/")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")


def test_a_module_is_named_by_its_subject() -> None:
    vague = [m.where for m in product() if set(m.name.split(".")) & BANNED]
    assert not vague


def test_no_module_of_the_console_is_named_after_a_room() -> None:
    """Streamlit puts `app/` first on the path, so such a module would hide the room."""
    hidden = [m.where for m in product() if m.name.startswith("app.") and m.path.stem in ROOMS]
    assert not hidden


def test_nothing_is_left_unfinished() -> None:
    marks = [
        f"{m.where}: {match.group()}" for m in product() if (match := UNFINISHED.search(m.text))
    ]
    assert not marks


def test_the_tree_names_no_path_of_a_machine() -> None:
    texts = (p for p in tracked() if p.suffix not in {".lock", ".png", ".ico", ".woff2"})
    found = [
        str(path.relative_to(ROOT))
        for path in texts
        if path.name != "test_names.py" and HERE.search(path.read_text("utf-8", "replace"))
    ]
    assert not found


def test_the_lock_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
