"""Rules that no longer mean anything are told wherever a person looks at rules."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from engine.errors import Unavailable
from services import configuration, overview
from services.banks import BANKS
from services.context import Context, system_caller
from services.item_types import ITEM_TYPES
from services.live_configuration import LiveConfigurations
from services.policies import POLICIES
from services.rule_health import configuration_problem, rule_problems
from services.rulesets import known_configuration
from store import config
from store.config import ConfigKind
from store.database import Database
from tests.services.town import POST, Town

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.overview import Overview
    from tests.world import Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def problems(town: Town) -> Mapping[str, str]:
    with town.context.database.transaction(town.org_id) as tx:
        return rule_problems(tx, town.context.clock())


def figures(town: Town) -> Overview:
    return overview.figures(town.context, system_caller(town.org_id, "test"), 1)


def test_sound_rules_have_no_problem(town: Town) -> None:
    town.rule("r", "text = 'a'")
    assert problems(town) == {}
    assert (figures(town).broken_rules, figures(town).configuration_problem) == ((), "")


def test_a_live_rule_that_means_nothing_is_named_with_its_reason(town: Town) -> None:
    town.rule("sound", "text = 'a'")
    rule_id = town.rule("broken", "txet = 'a'")
    told = problems(town)
    assert list(told) == [rule_id]
    assert "txet" in told[rule_id]
    assert "`Post`" in told[rule_id]
    (broken,) = figures(town).broken_rules
    assert (broken.rule_id, broken.rule_name) == (rule_id, "broken")
    town.save_rule(rule_id, "broken", "text = 'a'")
    assert (problems(town), figures(town).broken_rules) == ({}, ())


def test_a_rule_at_rest_that_lost_its_field_has_a_problem_and_raises_no_alarm(town: Town) -> None:
    rule_id = town.rule("paused", "likes > 3", status="PAUSED")
    fields = [{"name": "text", "type": "STRING"}, {"name": "author", "type": "RELATED_ITEM"}]
    caller = system_caller(town.org_id, "test")
    configuration.update(
        town.context, caller, ITEM_TYPES, town.post, {**POST, "fields": fields},
        reason="", expected_version=None,
    )  # fmt: skip
    assert "likes" in problems(town)[rule_id]
    assert figures(town).broken_rules == ()


def test_a_rule_whose_action_is_gone_says_so(town: Town) -> None:
    rule_id = town.rule("r", "text = 'a'", "no-such-action")
    assert problems(town) == {rule_id: "there is no action `no-such-action`"}


def test_rules_that_do_not_compile_together_are_told_and_forgotten_when_mended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("too many patterns")

    monkeypatch.setattr("services.rule_health.compile_configuration", broken)
    town.save(BANKS, {"name": "b", "terms": [{"text": "x"}]})
    assert figures(town).configuration_problem == "RuntimeError: too many patterns"
    monkeypatch.undo()
    town.save(BANKS, {"name": "c", "terms": [{"text": "y"}]})
    with town.context.database.transaction(town.org_id) as tx:
        assert configuration_problem(tx, town.context.clock()) == ""


def test_a_document_that_cannot_be_read_leaves_the_last_configuration_in_use(town: Town) -> None:
    rule_id = town.rule("r", "text = 'a'")
    caller = system_caller(town.org_id, "test")
    with town.context.database.transaction(town.org_id) as tx:
        known = known_configuration(tx)
    newer = {"name": "r", "where": "text = 'b'", "from_a_later_version": True}
    with town.context.database.transaction(town.org_id) as tx:
        config.save(
            tx, ConfigKind.RULE, rule_id, "r", newer, author="later", reason="",
            now=town.context.clock(),
        )  # fmt: skip
    with town.context.database.transaction(town.org_id) as tx:
        assert known_configuration(tx) == known
    assert "`from_a_later_version` is not known" in figures(town).configuration_problem
    with pytest.raises(Unavailable, match="cannot be read"):
        configuration.create(town.context, caller, POLICIES, {"name": "new"}, "")
    with town.context.database.transaction(town.org_id) as tx:
        config.save(
            tx, ConfigKind.RULE, rule_id, "r", {"name": "r", "where": "text = 'b'"},
            author="later", reason="", now=town.context.clock(),
        )  # fmt: skip
    assert figures(town).configuration_problem == ""


def test_a_process_that_never_read_one_says_that_it_cannot(town: Town, database_url: str) -> None:
    rule_id = town.rule("r", "text = 'a'")
    with town.context.database.transaction(town.org_id) as tx:
        config.save(
            tx, ConfigKind.RULE, rule_id, "r", {"nonsense": 1}, author="later", reason="",
            now=town.context.clock(),
        )  # fmt: skip
    fresh = Database(database_url)
    with closing(fresh), fresh.transaction(town.org_id) as tx:
        with pytest.raises(Unavailable, match="cannot be read"):
            known_configuration(tx)
        with pytest.raises(Unavailable, match="cannot be read"):
            LiveConfigurations(town.context.clock).current(tx, town.org_id)
