from dataclasses import dataclass

from engine.audit import Event
from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.configuration import Configuration
from engine.configuration.references import rule_problems
from engine.configuration.rule_check import (
    CheckedRule,
    ExampleResult,
    check_rule,
    example_problems,
    run_examples,
)
from engine.configuration.rules import EVALUATED, Rule, Status, parse_rule, rule_document
from engine.errors import NotFound
from engine.items import ItemType
from engine.language import Diagnostic, check
from engine.permissions import Permission
from services.configuration import Events, Noun, Saving, refuse
from services.context import Caller, Context, require
from services.counter_history import ItemLake
from services.counters import register_counters
from services.rule_lint import findings
from services.rulesets import known_configuration
from services.second_person import ask_second_person, backtest_problems
from store.config import ConfigKind


@dataclass(frozen=True)
class CheckedText:
    """canonical: the condition as it would be stored; None when it is wrong.

    warnings: what is probably not meant; their places are in the canonical text.
    """

    ok: bool
    diagnostics: tuple[Diagnostic, ...]
    canonical: str | None
    warnings: tuple[Diagnostic, ...] = ()


def check_text(
    context: Context, caller: Caller, where: str, item_type_id: str, rule_id: str | None = None
) -> CheckedText:
    """What the language says of a condition for one item type. Raises NotFound.

    rule_id: of the rule it is for, which is then not compared with itself.
    """
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        schema = schema_of(configuration, item_type_of(configuration, item_type_id))
        checked = check(where, schema, environment_of(configuration))
        predicate = checked.predicate
        if predicate is None:
            return CheckedText(ok=False, diagnostics=checked.diagnostics, canonical=None)
        warnings = findings(tx, configuration, predicate.text, item_type_id, rule_id)
    return CheckedText(ok=True, diagnostics=(), canonical=predicate.text, warnings=warnings)


def item_type_of(configuration: Configuration, item_type_id: str) -> ItemType:
    """Raises NotFound."""
    found = configuration.item_types.get(item_type_id)
    if found is None:
        raise NotFound(f"there is no item type `{item_type_id}`", hint="see /config/item-types")
    return found


def examples_of(context: Context, caller: Caller, rule_id: str) -> tuple[ExampleResult, ...]:
    """Runs a saved rule's examples under the configuration of this moment. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    rule = configuration.rules.get(rule_id)
    if rule is None:
        raise NotFound(f"there is no rule `{rule_id}`")
    checked = check_rule(rule, configuration)
    refuse("rule", list(checked.problems))
    return run_examples(checked, configuration, context.clock())


def _needs(before: Rule | None, after: Rule | None) -> Permission:
    """Whoever touches a LIVE rule, or makes one LIVE, needs the right to mutate live rules."""
    live = any(rule is not None and rule.status is Status.LIVE for rule in (before, after))
    return Permission.MUTATE_LIVE_RULES if live else Permission.MUTATE_NON_LIVE_RULES


def _settle(saving: Saving, rule: Rule) -> Rule:
    """References, condition and examples are checked in this order; the condition is formatted.

    Raises Unasked while the examples' signals are not answered.
    """
    refuse("rule", rule_problems(rule, saving.configuration))
    checked = check_rule(rule, saving.configuration)
    refuse("rule", list(checked.problems))
    results = run_examples(checked, saving.configuration, saving.context.clock())
    if saving.answers is not None:
        saving.answers.check()
    refuse("rule", example_problems(results, rule))
    before = saving.configuration.rules.get(saving.object_id)
    refuse("rule", backtest_problems(saving, before, checked.rule))
    return checked.rule


def _stored(saving: Saving, rule: Rule) -> None:
    """A rule that will be evaluated has its counters running before its first item."""
    if rule.status in EVALUATED:
        register(saving, check_rule(rule, saving.configuration))


def register(saving: Saving, checked: CheckedRule) -> None:
    lake = ItemLake(saving.context.lake_root, saving.caller.org_id)
    for type_id, predicate in checked.predicates.items():
        if predicate.counters:
            item_type = saving.configuration.item_types[type_id]
            register_counters(saving.tx, item_type, predicate.counters, lake)


RULES = Noun(
    kind=ConfigKind.RULE,
    title="rule",
    events=Events(Event.RULE_CREATE, Event.RULE_UPDATE, Event.RULE_DELETE, Event.RULE_ROLLBACK),
    parse=parse_rule,
    document=rule_document,
    name=lambda rule: rule.name,
    select=lambda configuration: configuration.rules,
    needs=_needs,
    settle=_settle,
    stored=_stored,
    users=lambda _saving: (),
    defer=ask_second_person,
)
