from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.rules_live import plan_lines
from engine.configuration.rules import Status
from engine.configuration.settings import OrgSettings, settings_document
from engine.errors import Conflict, InvalidInput, PermissionDenied
from engine.packs import Pack, parse_pack, read_packs, render_pack
from services.context import Caller, Context, system_caller
from services.lake_export import export_all
from services.packs import apply_packs, apply_plan, effects_of, plan_packs, pull_packs
from services.policies import POLICIES
from services.settings import save_settings
from tests.services.town import Town

if TYPE_CHECKING:
    from tests.world import Organisation

FILE = """\
name: offers
fields: {text: STRING, author: RELATED_ITEM}
roles: {creatorId: author}
policies:
  - {name: Spam, text: Unwanted offers.}
banks:
  - {name: offers, terms: [act now]}
rules:
  - name: An offer
    status: LIVE
    where: matches(text, 'offers') and count_recent(creator, '1 hour') >= 1
    itemTypes: [Post]
    policies: [Spam]
    actions: [Remove]
    examples:
      - {matches: true, data: {text: Act now, author: {id: u1, typeId: USER}}}
      - {matches: false, data: {text: hello}}
"""


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    town = Town(context, org.org_id)
    town.hook("Remove")
    return town


@pytest.fixture
def caller(org: Organisation) -> Caller:
    return system_caller(org.org_id, "packs")


@pytest.fixture
def pack(town: Town) -> Pack:
    return parse_pack(FILE.replace("USER", town.post), "offers.yaml")


def test_packs_are_applied_and_then_there_is_nothing_left_to_do(
    town: Town, caller: Caller, pack: Pack
) -> None:
    done = apply_packs(town.context, caller, [pack], "first packs")
    assert [each.noun for each in done.changes] == ["policy", "bank", "rule"]
    again = plan_packs(town.context, caller, [pack])
    assert (again.changes, again.problems, again.unchanged) == ((), (), 3)


def test_what_is_applied_is_audited_and_has_its_reason(
    town: Town, caller: Caller, pack: Pack
) -> None:
    apply_packs(town.context, caller, [pack], "first packs")
    logged = town.rows("SELECT event FROM audit_log WHERE actor = 'system:packs' ORDER BY n")
    assert [each[0] for each in logged] == ["policy:create", "bank:create", "rule:create"]
    reasons = town.rows("SELECT DISTINCT reason FROM config_versions WHERE author = 'system:packs'")
    assert [each[0] for each in reasons] == ["first packs"]


def test_what_is_pulled_applies_without_a_change(town: Town, caller: Caller, pack: Pack) -> None:
    apply_packs(town.context, caller, [pack], "")
    town.rule("By hand", "text = 'x'", tags=["odd"], rolloutPercent=5)
    files = {f"{p.name}.yaml": render_pack(p) for p in pull_packs(town.context, caller)}
    before = town.rows("SELECT count(*) FROM config_versions")
    done = apply_packs(town.context, caller, read_packs(files), "")
    assert (done.changes, done.left_alone) == ((), ())
    assert town.rows("SELECT count(*) FROM config_versions") == before


def test_a_changed_pack_changes_what_it_names_and_nothing_else(
    town: Town, caller: Caller, pack: Pack
) -> None:
    apply_packs(town.context, caller, [pack], "")
    town.rule("By hand", "text = 'x'")
    paused = replace(pack, rules=(replace(pack.rules[0], status=Status.PAUSED),))
    done = apply_packs(town.context, caller, [paused], "")
    [change] = done.changes
    assert [each.key for each in change.differences] == ["status"]
    assert done.left_alone == ("rule `By hand`",)
    kept = town.rows("SELECT name, version FROM config_heads WHERE kind = 'rule' ORDER BY name")
    assert [tuple(each) for each in kept] == [("An offer", 2), ("By hand", 1)]


def test_nothing_is_saved_when_something_is_wrong(town: Town, caller: Caller, pack: Pack) -> None:
    wrong = replace(pack, rules=(replace(pack.rules[0], action_ids=("Rmove",)),))
    with pytest.raises(InvalidInput) as refused:
        apply_packs(town.context, caller, [wrong], "")
    assert "no action `Rmove`" in refused.value.problems[0].message
    assert town.rows("SELECT 1 FROM config_heads WHERE kind = 'bank'") == []


def test_what_somebody_else_changed_meanwhile_is_a_conflict(
    town: Town, caller: Caller, pack: Pack
) -> None:
    apply_packs(town.context, caller, [pack], "")
    paused = replace(pack, rules=(replace(pack.rules[0], status=Status.PAUSED),))
    stale = plan_packs(town.context, caller, [paused])
    archived = replace(pack, rules=(replace(pack.rules[0], status=Status.ARCHIVED),))
    apply_packs(town.context, caller, [archived], "")
    with pytest.raises(Conflict):
        apply_plan(town.context, caller, stale, "")


def test_looking_and_saving_need_their_permissions(town: Town, caller: Caller, pack: Pack) -> None:
    nobody = replace(caller, permissions=frozenset())
    looker = replace(
        caller,
        permissions=caller.permissions - {POLICIES.needs(None, pack.policies[0])},
    )
    with pytest.raises(PermissionDenied):
        plan_packs(town.context, nobody, [pack])
    with pytest.raises(PermissionDenied):
        apply_packs(town.context, looker, [pack], "")


def test_effects_are_counted_in_the_lake_or_said_not_to_be_known(
    town: Town, caller: Caller, pack: Pack
) -> None:
    planned = plan_packs(town.context, caller, [pack])
    [effect] = effects_of(town.context, caller, planned)
    assert effect.hits is None
    assert "bank `offers`" in effect.why
    plain = replace(pack, banks=(), rules=(replace(pack.rules[0], where="text = 'a'"),))
    planned = plan_packs(
        town.context,
        caller,
        [replace(plain, rules=(replace(plain.rules[0], status=Status.SHADOW),))],
    )
    town.send("a", "b", "a", step=timedelta(seconds=1))
    export_all(town.context, town.org_id)
    [effect] = effects_of(town.context, caller, planned)
    assert (effect.rows, effect.hits, effect.baseline_hits) == (3, 2, None)


def test_a_rule_that_needs_a_second_person_waits_and_holds_up_no_other(
    town: Town, caller: Caller
) -> None:
    with_shadow = (
        FILE.replace("USER", town.post)
        + """\
  - {name: Watched, status: SHADOW, where: "contains(text, 'act')", itemTypes: [Post]}
"""
    )
    wanted = settings_document(OrgSettings(live_needs_second_person=True))
    save_settings(town.context, caller, wanted, reason="", expected_version=None)
    packs = [parse_pack(with_shadow, "offers.yaml")]
    done = apply_packs(town.context, caller, packs, "")
    assert [each.rule for each in done.waiting] == ["An offer"]
    [asked] = town.rows("SELECT approval_id::text, name FROM approvals")
    assert (asked.approval_id, asked.name) == (done.waiting[0].approval_id, "An offer")
    again = plan_packs(town.context, caller, packs)
    assert [each.name for each in again.changes] == ["An offer"]
    assert "waits for a second person" in "\n".join(plan_lines(done))
