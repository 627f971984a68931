"""Size budgets. What is over one is listed with its size in `exceptions.toml`."""

from __future__ import annotations

import statistics
import tomllib

from tests.house.source import ROOT, functions, product

EXCEPTIONS = tomllib.loads((ROOT / "tests/house/exceptions.toml").read_text(encoding="utf-8"))

MEDIAN_FUNCTION = 8
P95_FUNCTION = 35
LONGEST_FUNCTION = 60
P95_MODULE = 400
LONGEST_MODULE = 600


def percentile_95(sizes: list[int]) -> float:
    return statistics.quantiles(sizes, n=20)[-1]


def test_functions_are_short() -> None:
    sizes = [function.lines for function in functions()]
    assert statistics.median(sizes) <= MEDIAN_FUNCTION
    assert percentile_95(sizes) <= P95_FUNCTION


def test_no_function_is_over_sixty_lines() -> None:
    long = {f.where: f.lines for f in functions() if f.lines > LONGEST_FUNCTION}
    assert not long, "\n".join(f"{where}: {lines} lines" for where, lines in long.items())


def test_modules_are_short() -> None:
    sizes = {module.where: module.text.count("\n") for module in product()}
    assert percentile_95(list(sizes.values())) <= P95_MODULE
    allowed: dict[str, int] = EXCEPTIONS["module_lines"]
    over = {
        where: lines
        for where, lines in sizes.items()
        if lines > max(LONGEST_MODULE, allowed.get(where, 0))
    }
    assert not over, over


def test_exceptions_only_shrink() -> None:
    """An entry that is no longer needed has to go."""
    sizes = {module.where: module.text.count("\n") for module in product()}
    stale = [w for w in EXCEPTIONS["module_lines"] if sizes.get(w, 0) <= LONGEST_MODULE]
    assert not stale, f"remove from exceptions.toml: {stale}"
