"""The packs that ship: their rules check, their examples hold, their figures are what they say."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

import pytest

from engine.configuration.rules import Rule, Status
from engine.packs import Pack, parse_pack, read_packs, render_pack, try_packs
from tests.cli.commands import winnow
from tests.house.source import ROOT
from tests.left_out import DATA

FILES = sorted((ROOT / "rules").glob("*.yaml"))
PACKS = read_packs({file.name: file.read_text(encoding="utf-8") for file in FILES})
RULES = [
    pytest.param(rule, id=f"{pack.name}: {rule.name}") for pack in PACKS for rule in pack.rules
]
MEASURED = re.findall(
    r"```sh\n(winnow rules measure .*?)```\n\n(.*?)\n\n",
    (ROOT / "rules" / "README.md").read_text(encoding="utf-8"),
    re.DOTALL,
)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_every_rule_checks_and_every_example_holds(pack: Pack) -> None:
    [trial] = try_packs([pack], datetime(2026, 1, 5, tzinfo=UTC))
    assert [rule.name for rule in trial.rules if not rule.passed] == []


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_a_pack_written_again_means_the_same(pack: Pack) -> None:
    again = parse_pack(render_pack(pack), "again")
    [before] = try_packs([pack], datetime(2026, 1, 5, tzinfo=UTC))
    [after] = try_packs([again], datetime(2026, 1, 5, tzinfo=UTC))
    assert [rule.canonical for rule in after.rules] == [rule.canonical for rule in before.rules]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_two_examples_of_each_kind_and_only_observes(rule: Rule) -> None:
    hits = sum(example.matches for example in rule.examples)
    assert hits >= 2
    assert len(rule.examples) - hits >= 2
    assert rule.status is Status.SHADOW
    assert rule.policy_ids
    assert rule.description


def test_every_policy_that_a_rule_names_is_described() -> None:
    described = {policy.name for pack in PACKS for policy in pack.policies}
    assert {name for pack in PACKS for rule in pack.rules for name in rule.policy_ids} <= described


@pytest.mark.data
@pytest.mark.parametrize(
    ("command", "table"), MEASURED, ids=[c.split()[3].split("/")[-1] for c, _ in MEASURED]
)
def test_the_figures_are_what_their_command_prints(
    command: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command.replace("\\\n", " "))[1:]
    ended = winnow(*(word.replace("../shared/data", str(DATA)) for word in words))
    assert ended.out.splitlines() == table.splitlines()


def test_each_measured_pack_is_measured() -> None:
    assert len(MEASURED) == 6
