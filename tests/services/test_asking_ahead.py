"""Saving asks signals while it holds nothing, and judges by what is configured when it is saved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from engine.errors import InvalidInput
from engine.signals import Cost, Signal
from services import configuration
from services.banks import BANKS
from services.configuration_export import export_configuration
from services.configuration_import import import_configuration
from services.context import system_caller
from services.rules import RULES
from services.signals import Installed
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.signals.signal import Options
    from services.context import Context
    from tests.world import Organisation


@dataclass
class Model:
    """Answers whether a text is all upper case. meanwhile: done before it first answers."""

    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = bool

    def answer(self, values: Sequence[str], _options: Options) -> list[bool]:
        meanwhile, self.meanwhile = self.meanwhile, bool
        with ThreadPoolExecutor(1) as aside:
            aside.submit(meanwhile).result(timeout=20)
        self.asked.extend(values)
        return [value.isupper() for value in values]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    model = Model()
    signal = Signal(
        "acme.loud", "1", "For tests.", ("TEXT",), "BOOLEAN", model.answer, Cost.NETWORK,
        kept=False, deadline_s=30,
    )  # fmt: skip
    found = Installed({signal.name: signal})
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    return model


@pytest.fixture
def town(context: Context, org: Organisation, model: Model) -> Town:
    assert not model.asked
    return Town(context, org.org_id)


def rule(town: Town, name: str, where: str, hits: str, misses: str) -> dict[str, object]:
    return {
        "name": name,
        "status": "LIVE",
        "where": where,
        "itemTypeIds": [town.post],
        "examples": [
            {"data": {"text": hits}, "matches": True},
            {"data": {"text": misses}, "matches": False},
        ],
    }


def test_others_save_while_a_model_is_asked(town: Town, model: Model) -> None:
    model.meanwhile = lambda: town.policy("Saved meanwhile")
    town.save(RULES, rule(town, "loud", "acme.loud(text)", "HEY", "hey"))
    assert sorted(model.asked) == ["HEY", "hey"]
    names = {name for (name,) in town.rows("SELECT name FROM config_heads")}
    assert {"Saved meanwhile", "loud"} <= names


def test_examples_are_judged_by_what_is_configured_when_the_rule_is_saved(
    town: Town, model: Model
) -> None:
    bank = town.bank("greetings", "hey")
    other = {"name": "greetings", "terms": [{"text": "ahoy"}]}
    model.meanwhile = lambda: town.update(BANKS, bank, other)
    where = "matches(text, 'greetings') AND acme.loud(text)"
    with pytest.raises(InvalidInput, match="example"):
        town.save(RULES, rule(town, "greeted", where, "HEY", "HEY there, quietly"))
    assert town.rows("SELECT 1 FROM config_heads WHERE kind = 'rule'") == []


def test_what_one_answer_leads_to_is_asked_next_and_nothing_twice(town: Town, model: Model) -> None:
    where = "acme.loud(text) AND acme.loud(text || 'A') AND acme.loud(text || 'B')"
    town.save(RULES, rule(town, "loud", where, "HEY", "hey"))
    assert sorted(model.asked) == sorted(set(model.asked))
    assert {"HEY", "HEYA", "HEYB", "hey"} <= set(model.asked)


def test_a_model_that_fails_keeps_the_rule_from_going_live(town: Town, model: Model) -> None:
    def down() -> None:
        raise RuntimeError("down")

    model.meanwhile = down
    with pytest.raises(InvalidInput, match="example"):
        town.save(RULES, rule(town, "loud", "acme.loud(text)", "HEY", "hey"))


def test_all_that_an_import_needs_to_know_is_asked_at_once(town: Town, model: Model) -> None:
    for number in range(3):
        word = f"HEY {number}"
        town.save(RULES, rule(town, f"loud {number}", "acme.loud(text)", word, word.lower()))
    caller = system_caller(town.org_id, "test")
    document = export_configuration(town.context, caller)
    for (rule_id,) in town.rows("SELECT object_id FROM config_heads WHERE kind = 'rule'"):
        configuration.delete(town.context, caller, RULES, rule_id, "")
    model.asked.clear()
    model.meanwhile = lambda: town.policy("Saved meanwhile")
    found = import_configuration(town.context, caller, document, dry_run=False)
    assert [step.name for step in found.steps] == ["loud 0", "loud 1", "loud 2"]
    assert len(model.asked) == len(set(model.asked)) == 6
