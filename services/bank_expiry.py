"""Entries of banks that have run out leave as a new version of their bank.

So an expiry is a change of configuration like any other: every process swaps its ruleset, and what
was recorded under an earlier version is judged with the entries of that version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.configuration.banks import bank_document
from engine.errors import Conflict
from services import configuration
from services.banks import BANKS
from services.context import system_caller
from services.rulesets import known_configuration

if TYPE_CHECKING:
    from datetime import datetime

    from engine.configuration.banks import TextBank
    from services.context import Context

REASON = "{count} expired"


def expire_terms(context: Context, org_id: int) -> int:
    """The number of entries removed. A bank that is being saved meanwhile waits for next time."""
    now = context.clock()
    with context.database.transaction(org_id) as tx:
        banks = known_configuration(tx).banks.values()
    return sum(_expire(context, org_id, bank, now) for bank in banks)


def _expire(context: Context, org_id: int, bank: TextBank, now: datetime) -> int:
    left = tuple(term for term in bank.terms if term.is_live(now))
    gone = len(bank.terms) - len(left)
    if gone == 0:
        return 0
    try:
        configuration.update(
            context,
            system_caller(org_id, "bank-expiry"),
            BANKS,
            bank.bank_id,
            bank_document(replace(bank, terms=left)),
            reason=REASON.format(count=gone),
            expected_version=bank.version,
        )
    except Conflict:
        return 0
    return gone
