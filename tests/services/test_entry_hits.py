"""Every entry of a bank counts the items that LIVE rules matched and that held it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from engine.configuration.entry_hits import entry_key
from engine.text import Mode
from services.banks import BANKS
from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from store import bank_hits
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def hits(town: Town, bank_id: str, *terms: str, mode: Mode = Mode.WORD) -> list[int]:
    with town.context.database.transaction(town.org_id) as tx:
        found = bank_hits.of_bank(tx, bank_id)
    keys = [entry_key(term, mode) for term in terms]
    return [found[key].hits if key in found else 0 for key in keys]


def test_an_entry_counts_once_an_item_however_often_and_for_however_many_rules(
    town: Town,
) -> None:
    bank = town.bank("scams", "profit", "coin", "never")
    town.rule("one", "matches(text, 'scams')", town.hook())
    town.rule("two", "matches(text, 'scams') AND length(text) > 3", town.hook("Other"))
    town.send("profit profit profit", "coin and profit", "nothing")
    town.evaluate()
    assert hits(town, bank, "profit", "coin", "never") == [2, 1, 0]
    last = town.send("COIN")[-1]
    town.evaluate()
    assert hits(town, bank, "profit", "coin", "never") == [2, 2, 0]
    with town.context.database.transaction(town.org_id) as tx:
        found = bank_hits.of_bank(tx, bank)
    assert found[entry_key("coin", Mode.WORD)].last_hit_at == last


def test_only_live_rules_that_match_count(town: Town) -> None:
    bank = town.bank("scams", "profit")
    town.rule("quiet", "matches(text, 'scams')", status="SHADOW")
    town.rule("strict", "matches(text, 'scams') AND likes > 3")
    town.send("profit", likes=1)
    town.evaluate()
    assert hits(town, bank, "profit") == [0]
    town.send("profit", likes=5)
    town.evaluate()
    assert hits(town, bank, "profit") == [1]


def test_what_a_rule_is_held_from_doing_counts(town: Town) -> None:
    bank = town.bank("scams", "profit")
    town.rule("capped", "matches(text, 'scams')", town.hook(), maxDailyActions=1)
    town.send("profit", "profit", "profit")
    town.evaluate()
    assert hits(town, bank, "profit") == [3]


def test_the_text_that_was_asked_about_is_searched_whatever_it_is_made_of(town: Town) -> None:
    bank = town.bank("scams", "ab", "yes")
    town.rule("joined", "matches(substr(text, 1, 1) || 'b', 'scams')", town.hook())
    town.send("a yes", "b yes")
    town.evaluate()
    assert hits(town, bank, "ab", "yes") == [1, 0]


def test_elements_of_a_list_are_searched(town: Town) -> None:
    bank = town.bank("scams", "profit", "coin")
    town.rule("any", "any(matches(url_hosts(text), 'scams'))", town.hook())
    town.send("see https://profit.example and http://coin.example/x", "profit")
    town.evaluate()
    assert hits(town, bank, "profit", "coin") == [1, 1]


def test_entries_of_one_spelling_and_of_every_mode_are_counted_apart(town: Town) -> None:
    terms = [{"text": "Coin"}, {"text": "coin"}, *({"text": "coin", "mode": m} for m in Mode)]
    bank = town.save(BANKS, {"name": "modes", "terms": terms})
    town.rule("all", "matches(text, 'modes')", town.hook())
    town.send("a coin", "bitcoin")
    town.evaluate()
    assert hits(town, bank, "Coin", "coin") == [1, 1]
    assert hits(town, bank, "coin", mode=Mode.SUBSTRING) == [2]
    assert hits(town, bank, "coin", mode=Mode.REGEX) == [2]
    assert hits(town, bank, "coin", mode=Mode.VARIANT)[0] >= 1


def test_counts_are_exact_with_workers_side_by_side(town: Town) -> None:
    bank = town.bank("scams", "profit", "coin")
    town.rule("one", "matches(text, 'scams')", town.hook())
    town.send(*["coin profit", "profit coin"] * 60)

    def work() -> None:
        live = LiveConfigurations(town.context.clock)
        while evaluate_next(town.context, town.org_id, live, Pace(batch=7)):
            pass

    with ThreadPoolExecutor(4) as threads:
        for worker in [threads.submit(work) for _ in range(4)]:
            worker.result()
    assert hits(town, bank, "profit", "coin") == [120, 120]


def test_a_renamed_or_edited_bank_keeps_its_counts(town: Town) -> None:
    bank = town.bank("scams", "profit")
    town.rule("one", "matches(text, 'scams')", town.hook())
    town.send("profit")
    town.evaluate()
    changed = {"name": "scams", "terms": [{"text": "new"}, {"text": "profit", "note": "n"}]}
    town.update(BANKS, bank, changed)
    town.send("profit new")
    town.evaluate()
    assert hits(town, bank, "profit", "new") == [2, 1]
