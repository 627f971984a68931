"""Rule evaluation beside other engines: one JSON line each, `ratio` is times better than the peer.

All engines judge the same items by the same rules and must agree on every outcome. Peers without
three-valued logic are compared on items that lack nothing; hand-written Python, which has it, on
items of which every sixth lacks a field. An engine with a way that is faster than the one it
leads to has a line for each: zen with all rules in one list expression, cel with an item converted
once for all programs.

`rules_1000` stands beside our own `rules_100`: a ratio of 0.17 means that ten times the rules cost
six times as much an item.

python benchmarks/rules.py
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cel
import rule_engine
import zen

from engine.language import Environment, Schema, check, compile_ruleset
from engine.language.types import BOOLEAN, NUMBER, TEXT

ITEMS = 1_000
REPEATS = 15
ARRIVED_AT = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = Schema(
    "post",
    {
        "account_age_days": NUMBER,
        "toxicity": NUMBER,
        "report_count": NUMBER,
        "country": TEXT,
        "username": TEXT,
        "text": TEXT,
        "verified": BOOLEAN,
    },
)
Item = dict[str, object]
Outcomes = list[tuple[object, ...]]
Judge = Callable[[Sequence[Item]], Outcomes]


@dataclass(frozen=True)
class Rule:
    """One meaning in five dialects; python is the body of a hand-written function of `item`."""

    sql: str
    zen: str
    cel: str
    rule_engine: str
    python: str


def _young_and_toxic(age: int, share: float, _word: str, _country: str) -> Rule:
    return Rule(
        f"account_age_days < {age} AND toxicity > {share}",
        f"account_age_days < {age} and toxicity > {share}",
        f"account_age_days < {age}.0 && toxicity > {share}",
        f"account_age_days < {age} and toxicity > {share}",
        f"""
    age = item["account_age_days"]
    if age is not None and age >= {age}:
        return False
    toxicity = item["toxicity"]
    if toxicity is not None and toxicity <= {share}:
        return False
    return None if age is None or toxicity is None else True
""",
    )


def _from_there(age: int, share: float, _word: str, country: str) -> Rule:
    return Rule(
        f"country IN ('{country}', 'xx') AND (toxicity > {share} OR report_count >= {age})",
        f"country in ['{country}', 'xx'] and (toxicity > {share} or report_count >= {age})",
        f"country in ['{country}', 'xx'] && (toxicity > {share} || report_count >= {age}.0)",
        f"country in ['{country}', 'xx'] and (toxicity > {share} or report_count >= {age})",
        f"""
    country = item["country"]
    if country is not None and country not in ("{country}", "xx"):
        return False
    toxicity = item["toxicity"]
    reports = item["report_count"]
    if (toxicity is not None and toxicity > {share}) or (reports is not None and reports >= {age}):
        return None if country is None else True
    return None if toxicity is None or reports is None else False
""",
    )


def _long_and_reported(age: int, _share: float, _word: str, _country: str) -> Rule:
    return Rule(
        f"NOT verified AND report_count > {age} AND length(text) > {age * 2}",
        f"not verified and report_count > {age} and len(text) > {age * 2}",
        f"!verified && report_count > {age}.0 && size(text) > {age * 2}",
        f"not verified and report_count > {age} and text.length > {age * 2}",
        f"""
    verified = item["verified"]
    if verified:
        return False
    reports = item["report_count"]
    if reports is not None and reports <= {age}:
        return False
    text = item["text"]
    if text is not None and len(text) <= {age * 2}:
        return False
    return None if verified is None or reports is None or text is None else True
""",
    )


def _says_word(age: int, share: float, word: str, _country: str) -> Rule:
    return Rule(
        f"text LIKE '%{word}%' OR (toxicity > {share} AND account_age_days < {age})",
        f"contains(text, '{word}') or (toxicity > {share} and account_age_days < {age})",
        f"text.contains('{word}') || (toxicity > {share} && account_age_days < {age}.0)",
        f"'{word}' in text or (toxicity > {share} and account_age_days < {age})",
        f"""
    text = item["text"]
    if text is not None and "{word}" in text:
        return True
    toxicity = item["toxicity"]
    age = item["account_age_days"]
    if (toxicity is not None and toxicity <= {share}) or (age is not None and age >= {age}):
        return None if text is None else False
    return None if toxicity is None or age is None else True
""",
    )


def _bot(age: int, _share: float, _word: str, country: str) -> Rule:
    return Rule(
        f"starts_with(username, 'bot') AND country <> '{country}' AND report_count >= {age}",
        f"startsWith(username, 'bot') and country != '{country}' and report_count >= {age}",
        f"username.startsWith('bot') && country != '{country}' && report_count >= {age}.0",
        f"username =~ 'bot.*' and country != '{country}' and report_count >= {age}",
        f"""
    username = item["username"]
    if username is not None and not username.startswith("bot"):
        return False
    country = item["country"]
    if country == "{country}":
        return False
    reports = item["report_count"]
    if reports is not None and reports < {age}:
        return False
    return None if username is None or country is None or reports is None else True
""",
    )


_KINDS = (_young_and_toxic, _from_there, _long_and_reported, _says_word, _bot)
_COUNTRIES = ("us", "de", "fr", "br", "in", "jp")


def make_rules(generator: random.Random, count: int) -> list[Rule]:
    return [
        generator.choice(_KINDS)(
            generator.randrange(1, 50),
            round(generator.random(), 3),
            f"word{generator.randrange(400)}",
            generator.choice(_COUNTRIES),
        )
        for _ in range(count)
    ]


def make_items(generator: random.Random, count: int, *, gaps: bool) -> list[Item]:
    return [_item(generator, gaps=gaps and generator.randrange(6) == 0) for _ in range(count)]


def _item(generator: random.Random, *, gaps: bool) -> Item:
    item: Item = {
        "account_age_days": float(generator.randrange(100)),
        "toxicity": generator.random(),
        "report_count": float(generator.randrange(60)),
        "country": generator.choice(_COUNTRIES),
        "username": generator.choice(("bot_7", "ann", "bert", "botany")),
        "text": " ".join(f"word{generator.randrange(400)}" for _ in range(12)),
        "verified": generator.random() < 0.3,
    }
    if gaps:
        item[generator.choice(list(item))] = None
    return item


# -- engines --------------------------------------------------------------------------------------


def winnow(rules: Sequence[Rule]) -> Judge:
    environment = Environment()
    predicates = {}
    for place, rule in enumerate(rules):
        checked = check(rule.sql, SCHEMA, environment)
        assert checked.predicate, checked.diagnostics
        predicates[str(place)] = checked.predicate
    evaluate = compile_ruleset(predicates, environment).evaluate
    return lambda items: [evaluate(item, (), ARRIVED_AT) for item in items]


def plain_python(rules: Sequence[Rule]) -> Judge:
    source = "".join(f"def rule_{n}(item):{rule.python}\n" for n, rule in enumerate(rules))
    written: dict[str, Callable[[Item], object]] = {}
    exec(source, written)
    functions = [written[f"rule_{n}"] for n in range(len(rules))]
    return lambda items: [tuple([judge(item) for judge in functions]) for item in items]


def zen_expressions(rules: Sequence[Rule]) -> Judge:
    compiled = [zen.compile_expression(rule.zen) for rule in rules]
    return lambda items: [tuple([each.evaluate(item) for each in compiled]) for item in items]


def zen_list(rules: Sequence[Rule]) -> Judge:
    """One expression that makes a list of all outcomes, so that an item is converted once."""
    compiled = zen.compile_expression(f"[{', '.join(f'({rule.zen})' for rule in rules)}]")
    return lambda items: [tuple(compiled.evaluate(item)) for item in items]


def zen_decision(rules: Sequence[Rule]) -> Judge:
    """One decision with an expression for each rule."""
    expressions = [
        {"id": f"e{n}", "key": f"r{n}", "value": rule.zen} for n, rule in enumerate(rules)
    ]
    graph = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {
                "id": "rules",
                "name": "rules",
                "type": "expressionNode",
                "content": {"expressions": expressions},
            },
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(graph))
    keys = [f"r{n}" for n in range(len(rules))]

    def judge(items: Sequence[Item]) -> Outcomes:
        results = (decision.evaluate(item)["result"] for item in items)
        return [tuple([result[key] for key in keys]) for result in results]

    return judge


def cel_programs(rules: Sequence[Rule]) -> Judge:
    compiled = [cel.compile(rule.cel) for rule in rules]
    return lambda items: [tuple([each.execute(item) for each in compiled]) for item in items]


def cel_context(rules: Sequence[Rule]) -> Judge:
    """An item is converted once, to a context that all programs share."""
    compiled = [cel.compile(rule.cel) for rule in rules]

    def judge(items: Sequence[Item]) -> Outcomes:
        outcomes: Outcomes = []
        for item in items:
            context = cel.Context(item)
            outcomes.append(tuple([each.execute(context) for each in compiled]))
        return outcomes

    return judge


def rule_engine_rules(rules: Sequence[Rule]) -> Judge:
    compiled = [rule_engine.Rule(rule.rule_engine) for rule in rules]
    return lambda items: [tuple([each.matches(item) for each in compiled]) for item in items]


# name of the peer, ways to use it (the fastest counts), one in how many items it is timed on
PEERS: tuple[tuple[str, tuple[Callable[[Sequence[Rule]], Judge], ...], int], ...] = (
    ("zen", (zen_expressions, zen_decision), 20),
    ("zen_one_list", (zen_list,), 10),
    ("cel", (cel_programs,), 20),
    ("cel_shared_context", (cel_context,), 20),
    ("rule_engine", (rule_engine_rules,), 40),
    ("plain_python", (plain_python,), 1),
)


def seconds_an_item(judge: Judge, items: Sequence[Item]) -> float:
    started = time.process_time()
    judge(items)
    return (time.process_time() - started) / len(items)


def best(
    judges: Iterable[Judge], few: Sequence[Item], mine: Judge, items: Sequence[Item]
) -> tuple[float, float]:
    """Processor seconds an item, the peer's fastest way and ours, taken in turns."""
    theirs, ours = [], []
    for _ in range(REPEATS):
        theirs += [seconds_an_item(judge, few) for judge in judges]
        ours.append(seconds_an_item(mine, items))
    return min(theirs), min(ours)


def measure(count: int) -> Iterable[dict[str, object]]:
    rules = make_rules(random.Random(count), count)
    mine = winnow(rules)
    for peer, ways, fraction in PEERS:
        items = make_items(random.Random(7), ITEMS, gaps=peer == "plain_python")
        few = items[: ITEMS // fraction]
        judges = [way(rules) for way in ways]
        for way, judge in zip(ways, judges, strict=True):
            assert judge(few) == mine(few), f"{way.__name__} disagrees"
        theirs, ours = best(judges, few, mine, items)
        yield {
            "name": f"rules_{count}",
            "value": round(1 / ours),
            "unit": "items/s",
            "peer": peer,
            "peer_value": round(1 / theirs),
            "ratio": round(theirs / ours, 2),
        }


def growth() -> dict[str, object]:
    """A thousand rules beside a hundred, one item: `ratio` is how often the hundred fit in."""
    judges = {count: winnow(make_rules(random.Random(count), count)) for count in (100, 1_000)}
    items = make_items(random.Random(7), ITEMS // 4, gaps=False)
    hundred, thousand = best([judges[100]], items, judges[1_000], items)
    return {
        "name": "rules_1000",
        "value": round(1 / thousand),
        "unit": "items/s",
        "peer": "rules_100",
        "peer_value": round(1 / hundred),
        "ratio": round(hundred / thousand, 2),
    }


def main() -> None:
    for count in (10, 100):
        for line in measure(count):
            print(json.dumps(line), flush=True)
    print(json.dumps(growth()), flush=True)


if __name__ == "__main__":
    main()
