from collections.abc import Mapping
from dataclasses import dataclass

from engine.audit import Event
from engine.configuration.banks import TextBank, bank_document, parse_bank
from engine.configuration.configuration import Configuration
from engine.configuration.rule_check import check_rule
from engine.errors import Conflict, NotFound
from engine.permissions import Permission
from engine.text import Automaton, bank_problems
from services.configuration import Events, Noun, Saving, refuse
from services.context import Caller, Context, require
from services.rulesets import known_configuration
from store.config import ConfigKind

MAX_SPANS = 1000
MOST_NAMED = 10


@dataclass(frozen=True)
class TermMatch:
    """matched: the words of the text. term, mode, note: the entry that found them."""

    start: int
    end: int
    matched: str
    term: str
    mode: str
    note: str


@dataclass(frozen=True)
class BankTest:
    """spans: code points of the text, end exclusive; found: the same with the reasons."""

    matches: bool
    spans: tuple[tuple[int, int], ...]
    found: tuple[TermMatch, ...]


def try_bank(context: Context, caller: Caller, bank_id: str, text: str) -> BankTest:
    """What a text matches in a bank, and by which entries. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        bank = known_configuration(tx).banks.get(bank_id)
    if bank is None:
        raise NotFound(f"there is no bank `{bank_id}`")
    return matches_in(bank, text)


def matches_in(bank: TextBank, text: str) -> BankTest:
    automaton = Automaton.build([bank.matcher()])
    spans = automaton.spans(text, 0)
    found = tuple(
        TermMatch(
            start=span.start,
            end=span.end,
            matched=text[span.start : span.end],
            term=bank.terms[span.term].text,
            mode=bank.terms[span.term].mode.value,
            note=bank.terms[span.term].note,
        )
        for span in spans[:MAX_SPANS]
    )
    return BankTest(bool(automaton.hits(text)), tuple((m.start, m.end) for m in found), found)


def rules_naming(configuration: Configuration, bank_name: str) -> tuple[str, ...]:
    """The rules whose conditions name a bank."""
    return tuple(
        f"rule `{rule.name}`"
        for rule in configuration.rules.values()
        if any(
            bank_name in predicate.banks
            for predicate in check_rule(rule, configuration).predicates.values()
        )
    )


def _settle(saving: Saving, bank: TextBank) -> TextBank:
    """Every entry must be one that can be looked for; a bank that rules name keeps its name."""
    refuse("bank", list(bank_problems(bank.matcher())))
    before = saving.configuration.banks.get(saving.object_id)
    if before is not None and before.name != bank.name:
        users = rules_naming(saving.configuration, before.name)
        if users:
            raise Conflict(
                f"the bank `{before.name}` cannot be renamed to `{bank.name}`: "
                f"it is named by {_listed(users)}",
                hint="keep the name, or make a bank of the new name, let those rules name that "
                "one, and delete this one",
            )
    return bank


def _listed(users: tuple[str, ...]) -> str:
    more = len(users) - MOST_NAMED
    return ", ".join(users[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _complete(sent: Mapping[str, object], saved: Mapping[str, object]) -> Mapping[str, object]:
    """A bank sent without `terms`, to rename or describe it, keeps those it has."""
    return sent if sent.get("terms") is not None else {**sent, "terms": saved["terms"]}


def _users(saving: Saving) -> tuple[str, ...]:
    return rules_naming(saving.configuration, saving.configuration.banks[saving.object_id].name)


BANKS = Noun(
    kind=ConfigKind.BANK,
    title="bank",
    events=Events(Event.BANK_CREATE, Event.BANK_UPDATE, Event.BANK_DELETE, Event.BANK_ROLLBACK),
    parse=parse_bank,
    document=bank_document,
    name=lambda bank: bank.name,
    select=lambda configuration: configuration.banks,
    needs=lambda _before, _after: Permission.MUTATE_LIVE_RULES,
    settle=_settle,
    users=_users,
    complete=_complete,
)
