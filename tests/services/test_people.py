"""People and keys are told by name to every colleague."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine.casework.decisions import DecisionKind, Verdict
from engine.paging import page_request
from engine.permissions import Permission, UserRole
from services import api_keys, decision_log, decisions, jobs, people, queues, users
from services.context import Caller, Context, system_caller
from services.organisations import create_organisation
from store.decisions import DecisionFilter
from tests.services.casework import Desk, desk

if TYPE_CHECKING:
    from tests.world import Organisation


@pytest.fixture
def admin(org: Organisation) -> Caller:
    everything = frozenset(Permission)
    return replace(system_caller(org.org_id, "test"), permissions=everything)


@pytest.fixture
def grace(context: Context, admin: Caller) -> Caller:
    """A moderator: she may not list the organisation's people."""
    made = users.create_user(
        context, admin, email="grace@test.example", role=UserRole.MODERATOR, name="Grace Hopper"
    ).user
    desk_caller = Desk(context, admin.org_id, "", "", "", "").reviewer(made.user_id)
    assert Permission.MANAGE_USERS not in desk_caller.permissions
    return desk_caller


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


def test_an_actor_is_told_by_name_and_never_by_address(
    context: Context, admin: Caller, grace: Caller
) -> None:
    key = api_keys.create_api_key(context, admin, name="ingest").key
    actors = [grace.actor, f"key:{key.key_id}", "system:evaluation", "user:gone", grace.actor]
    assert people.names(context, grace, actors) == {
        grace.actor: "Grace Hopper",
        f"key:{key.key_id}": "key ingest",
        "system:evaluation": "system:evaluation",
        "user:gone": "user:gone",
    }


def test_nobody_is_told_by_the_name_he_has_elsewhere(context: Context, grace: Caller) -> None:
    stranger = system_caller(create_organisation(context, "Other", None).org_id, "test")
    assert people.names(context, stranger, [grace.actor]) == {grace.actor: grace.actor}


def test_review_names_who_holds_and_who_decided(office: Desk, grace: Caller, admin: Caller) -> None:
    office.opened("a")
    job_id, token = office.claimed(grace)
    held = jobs.view(office.context, office.ann, job_id)
    assert (held.leased_by, held.leased_by_name) == (grace.actor, "Grace Hopper")
    stats = {one.id: one for one in queues.queue_stats(office.context, office.ann)}
    assert stats[office.queue_id].reviewer_names == ("Grace Hopper",)

    verdict = Verdict(DecisionKind.IGNORE)
    decisions.decide(office.context, grace, job_id, token, verdict)
    seen = jobs.view(office.context, office.ann, job_id)
    assert [one.decided_by_name for one in seen.history] == ["Grace Hopper"]
    page = decision_log.listed(office.context, admin, DecisionFilter(), page_request(9, None))
    assert [one.decided_by_name for one in page.items] == ["Grace Hopper"]
