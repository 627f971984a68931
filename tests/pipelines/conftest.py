"""Dagster and Great Expectations warn about themselves; what they say is not about us."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:The `__fields__` attribute is deprecated")
