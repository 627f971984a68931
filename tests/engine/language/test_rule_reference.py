from __future__ import annotations

import re
from pathlib import Path

from engine.language import diagnostics, reference
from engine.language.registry import REGISTRY

ROOT = Path(__file__).parents[3]


def test_the_committed_page_is_what_the_registry_says() -> None:
    committed = (ROOT / "docs" / "reference" / "rule-language.md").read_text(encoding="utf-8")
    assert committed == reference.page(), (
        "write it again: python -m engine.language.reference > docs/reference/rule-language.md"
    )


def test_every_operator_is_described_in_a_sentence() -> None:
    assert [name for name, each in REGISTRY.items() if not each.summary.endswith(".")] == []


def test_every_code_that_the_source_reports_is_documented() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "engine" / "language").rglob("*.py")
    )
    used = set(re.findall(r'"((?:unknown|wrong|not|bad|too)-[a-z-]+|syntax)"', sources))
    assert used == set(diagnostics.CODES)
