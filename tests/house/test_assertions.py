from __future__ import annotations

import ast

from tests.house.source import checked_modules

CHECKS = ("assert", "check", "expect", "verify", "raises", "warns", "fail", "wait_for")


def checks_something(test: ast.AST) -> bool:
    """An assert, or a call whose name says that it checks."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rsplit(".", 1)[-1]
            if name.lstrip("_").startswith(CHECKS):
                return True
    return False


def test_every_test_can_fail() -> None:
    idle = [
        f"{module.where}:{node.lineno} {node.name}"
        for module in checked_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not checks_something(node)
    ]
    assert not idle


def test_no_test_sleeps_or_asserts_the_obvious() -> None:
    bad = ("time.sleep(", "assert True", "pytest.mark.xfail")
    found = [
        f"{module.where}: {mark}"
        for module in checked_modules()
        if module.path.name != "test_assertions.py"
        for mark in bad
        if mark in module.text
    ]
    assert not found
