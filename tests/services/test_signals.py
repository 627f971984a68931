from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint, PathDistribution
from typing import TYPE_CHECKING

import pytest

from engine.language import Environment, check
from engine.language.asking import Case
from engine.language.ruleset import compile_ruleset
from engine.signals import Signal
from services.signal_views import list_of
from services.signals import GROUP, load
from tests.engine.language.world import ARRIVAL, SCHEMA
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EXAMPLE = ROOT / "docs" / "examples" / "signal-package"


def answer(values: Sequence[str], _options: object) -> list[float]:
    return [1.0] * len(values)


def signal(name: str, **changed: object) -> Signal:
    facts: dict[str, object] = {
        "version": "1",
        "summary": "",
        "takes": ("TEXT",),
        "gives": "NUMBER",
        "answer": answer,
    }
    return Signal(name, **facts | changed)  # type: ignore[arg-type]


SOUND = signal("acme.sound")
MATCHES = signal("matches")
UNKNOWN_OUTPUT = signal("acme.vector", gives="VECTOR")
TOO_SLOW = signal("acme.slow", deadline_s=600.0)


def several() -> list[object]:
    return [signal("acme.one"), "no signal", signal("acme.two")]


def broken() -> list[Signal]:
    raise RuntimeError("no key for the model")


def leaving() -> list[Signal]:
    raise SystemExit(3)


def points(*names: str) -> list[EntryPoint]:
    return [EntryPoint(name.casefold(), f"{__name__}:{name}", GROUP) for name in names]


def test_a_signal_or_a_function_that_makes_some_is_installed() -> None:
    found = load(points("SOUND", "several"))
    assert sorted(found.signals) == ["acme.one", "acme.sound", "acme.two"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "RuntimeError: no key for the model"),
        ("leaving", "SystemExit: 3"),
        ("missing", "AttributeError: "),
        ("several", "?: str is no engine.signals.Signal"),
        ("MATCHES", "matches: matches() is a function of the language"),
        ("UNKNOWN_OUTPUT", "acme.vector: it gives 'VECTOR'"),
        ("TOO_SLOW", "acme.slow: deadline_s is 600"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_there(name: str, problem: str) -> None:
    found = load(points(name, "SOUND"))
    assert "acme.sound" in found.signals
    [told] = [plugin.problem for plugin in found.plugins if plugin.problem]
    assert told.startswith(problem)


def test_of_two_signals_with_one_name_the_second_is_refused() -> None:
    found = load([*points("SOUND"), EntryPoint("z-other", f"{__name__}:SOUND", GROUP)])
    assert [plugin.problem for plugin in found.plugins] == [
        "",
        "acme.sound: another package has a signal acme.sound",
    ]


def test_the_list_holds_what_is_built_in_and_what_is_installed() -> None:
    listed = {each.name: each for each in list_of(load(points("SOUND"))).items}
    assert listed["similarity"].built_in
    assert not listed["acme.sound"].built_in
    assert listed["acme.sound"].signatures == (
        "value TEXT -> NUMBER",
        "list LIST(TEXT) -> NUMBER",
    )


# -- the package in docs/ -------------------------------------------------------------------------


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The example as pip would leave it: its module on the path, its metadata beside it."""
    written = (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
    [point] = re.findall(r'^(\w+) = "(acme_signals:\w+)"$', written, re.MULTILINE)
    metadata = tmp_path / "acme_signals-1.0.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-signals\nVersion: 1.0.0\n"
    )
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{point[0]} = {point[1]}\n")
    (tmp_path / "acme_signals.py").write_text((EXAMPLE / "acme_signals.py").read_text())
    monkeypatch.syspath_prepend(tmp_path)
    yield [each for each in PathDistribution(metadata).entry_points if each.group == GROUP]
    sys.modules.pop("acme_signals", None)


def test_the_example_package_adds_signals_that_rules_use(acme: list[EntryPoint]) -> None:
    found = load(acme)
    [plugin] = found.plugins
    assert (plugin.package, plugin.version, plugin.problem) == ("acme-signals", "1.0.0", "")
    environment = Environment(signals=found.signals)
    rule = "acme.rudeness(text) > 0.2 AND NOT acme.shouting(text)"
    predicate = check(rule, SCHEMA, environment).predicate
    assert predicate
    ruleset = compile_ruleset({"rude": predicate}, environment)
    rows = [{"text": "you idiot!"}, {"text": "YOU IDIOT!"}, {"text": "good morning"}]
    outcomes = ruleset.evaluate_all([Case(row, (), ARRIVAL) for row in rows])
    assert [each.values for each in outcomes] == [(True,), (False,), (False,)]


def test_the_example_package_passes_its_own_tests() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "tests"],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
