"""Entries leave their bank when their time has come, and history keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.configuration.banks import bank_document, parse_bank
from services import configuration
from services.bank_expiry import expire_terms
from services.banks import BANKS
from services.context import Context, system_caller
from services.timers import expire_bank_entries

if TYPE_CHECKING:
    from tests.world import MovableClock, Organisation


def test_an_entry_is_removed_when_it_expires_and_not_before(
    context: Context, org: Organisation, clock: MovableClock
) -> None:
    caller = system_caller(org.org_id, "test")
    until = (clock() + timedelta(hours=1)).isoformat()
    terms = [{"text": "kept"}, {"text": "campaign", "expiresAt": until}]
    saved = configuration.create(context, caller, BANKS, {"name": "words", "terms": terms}, "")

    def texts() -> list[str]:
        head = configuration.one(context, caller, BANKS, saved.object_id)
        return [term.text for term in parse_bank(head.object_id, head.version, head.document).terms]

    clock.advance(minutes=59)
    assert expire_terms(context, org.org_id) == 0
    assert texts() == ["kept", "campaign"]
    clock.advance(minutes=1)
    assert expire_bank_entries(context) == 1
    assert texts() == ["kept"]
    newest, first = configuration.versions(context, caller, BANKS, saved.object_id)
    assert (newest.author, newest.reason) == ("system:bank-expiry", "1 expired")
    assert len(bank_document(parse_bank("b", 1, first.document))["terms"]) == len(terms)  # type: ignore[arg-type]


def test_without_anything_expired_no_version_is_made(
    context: Context, org: Organisation, clock: MovableClock
) -> None:
    caller = system_caller(org.org_id, "test")
    document = {"name": "words", "terms": [{"text": "kept"}]}
    saved = configuration.create(context, caller, BANKS, document, "")
    clock.advance(days=400)
    assert expire_terms(context, org.org_id) == 0
    assert configuration.one(context, caller, BANKS, saved.object_id).version == 1
