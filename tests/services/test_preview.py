from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.errors import PermissionDenied
from engine.permissions import Permission
from services.context import Caller
from services.lake_export import export_all
from services.preview import preview
from services.rules import check_text
from store.lake import items_uri
from tests.conftest import execute_alone
from tests.services.history import Row, context_of, place, save_type

if TYPE_CHECKING:
    from services.context import Context
    from store.database import Database
    from tests.world import Organisation


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        place(tx, [Row({"text": "buy now"}, 0), Row({"text": "hello"}, 10)])
    return context_of(database, tmp_path / "lake")


def test_whoever_sees_rules_may_try_a_condition(context: Context, org: Organisation) -> None:
    viewer = Caller(org.org_id, "user:vera", frozenset({Permission.VIEW_RULES_DASHBOARD}))
    assert check_text(context, viewer, "contains(text, 'buy')", "t-post").ok
    told = preview(context, viewer, "contains(text, 'buy')", "t-post", 100)
    assert (told.sampled, told.hits) == (2, 1)


def test_a_burst_is_no_rate_a_day(database: Database, org: Organisation, tmp_path: Path) -> None:
    viewer = Caller(org.org_id, "user:vera", frozenset({Permission.VIEW_RULES_DASHBOARD}))
    context = context_of(database, tmp_path / "lake")
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        place(tx, [Row({"text": "buy now"}), Row({"text": "buy"})])
    told = preview(context, viewer, "contains(text, 'buy')", "t-post", 100).estimated_per_day
    assert (told.value, told.why) == (None, "the items came within a minute")
    with database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "buy"}, 24 * 60)])
    told = preview(context, viewer, "contains(text, 'buy')", "t-post", 100).estimated_per_day
    assert told.value is not None
    assert round(told.value) == 3


def test_what_only_the_lake_still_has_makes_longer_counts_unknown(
    context: Context, org: Organisation, database_url: str
) -> None:
    viewer = Caller(org.org_id, "user:vera", frozenset({Permission.VIEW_RULES_DASHBOARD}))
    where = "count_recent(text, '20 minutes') = 1"
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "bye"}, 60)])
    export_all(context, org.org_id)
    whole = preview(context, viewer, where, "t-post", 100)
    assert (whole.sampled, whole.hits, whole.unknown) == (3, 3, 0)
    execute_alone(database_url, f"DELETE FROM submissions WHERE org_id = {org.org_id} AND seq = 1")
    rest = preview(context, viewer, where, "t-post", 100)
    assert (rest.sampled, rest.hits, rest.unknown) == (2, 1, 1)


def test_a_lake_that_cannot_be_read_makes_longer_counts_unknown(
    context: Context, org: Organisation
) -> None:
    viewer = Caller(org.org_id, "user:vera", frozenset({Permission.VIEW_RULES_DASHBOARD}))
    export_all(context, org.org_id)
    log = Path(items_uri(context.lake_root, org.org_id, "t-post")) / "_delta_log"
    for each in log.glob("*.json"):
        each.write_text("no JSON")
    told = preview(context, viewer, "count_recent(text, '1 day') = 1", "t-post", 100)
    assert (told.hits, told.unknown) == (0, 2)


def test_others_may_not(context: Context, org: Organisation) -> None:
    stranger = Caller(org.org_id, "user:rex", frozenset({Permission.VIEW_MRT}))
    with pytest.raises(PermissionDenied):
        preview(context, stranger, "true", "t-post", 100)
    with pytest.raises(PermissionDenied):
        check_text(context, stranger, "true", "t-post")
