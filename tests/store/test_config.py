"""Every save is a new version; nothing is changed, and those who hold the configuration hear."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from store import config
from store.config import CHANNEL, MUST_NOT_EXIST, ConfigKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.database import Database
    from tests.world import Organisation

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def save(
    tx: Connection,
    object_id: str = "b1",
    name: str = "Slurs",
    *,
    kind: ConfigKind = ConfigKind.BANK,
    document: dict[str, object] | None = None,
    deleted: bool = False,
    expected_version: int | None = None,
) -> int:
    return config.save(
        tx,
        kind,
        object_id,
        name,
        {"schema": 1, "name": name} if document is None else document,
        author="user:1",
        reason="because",
        now=NOW,
        deleted=deleted,
        expected_version=expected_version,
    )


def test_versions_count_from_one(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        assert [save(tx), save(tx), save(tx)] == [1, 2, 3]


def test_what_was_saved_is_read_back(database: Database, org: Organisation) -> None:
    document: dict[str, object] = {"schema": 1, "name": "Släng", "terms": ["\\u0000", "😀", 1.5]}
    with database.transaction(org.org_id) as tx:
        before = config.config_version(tx)
        save(tx, name="Släng", document=document)
        head = config.head(tx, ConfigKind.BANK, "b1")
    assert head == config.Revision(
        kind=ConfigKind.BANK,
        object_id="b1",
        version=1,
        config_version=before + 1,
        name="Släng",
        document=document,
        author="user:1",
        reason="because",
        deleted=False,
        created_at=NOW,
    )


def test_older_versions_stay_as_they_were(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx, name="Old")
        save(tx, name="New")
        assert config.at_version(tx, ConfigKind.BANK, "b1", 1).name == "Old"
        assert config.head_by_name(tx, ConfigKind.BANK, "New").version == 2
        found = config.versions(tx, ConfigKind.BANK, "b1")
    assert [(each.version, each.name) for each in found] == [(2, "New"), (1, "Old")]


def test_what_is_deleted_is_gone_and_its_versions_are_not(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx)
        save(tx, deleted=True)
        assert config.heads(tx, ConfigKind.BANK) == []
        with pytest.raises(NotFound, match="no bank 'b1'"):
            config.head(tx, ConfigKind.BANK, "b1")
        found = config.versions(tx, ConfigKind.BANK, "b1")
    assert [(each.version, each.deleted) for each in found] == [(2, True), (1, False)]


def test_what_is_deleted_can_be_brought_back(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx)
        save(tx, deleted=True)
        assert save(tx) == 3
        assert config.head(tx, ConfigKind.BANK, "b1").version == 3


@pytest.mark.parametrize("earlier", [0, 2])
def test_what_is_not_there_cannot_be_deleted(
    database: Database, org: Organisation, earlier: int
) -> None:
    with database.transaction(org.org_id) as tx:
        for number in range(earlier):
            save(tx, deleted=number == 1)
        with pytest.raises(NotFound):
            save(tx, deleted=True)


def test_heads_of_every_kind_come_in_one_list_by_kind_and_name(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx, "2", "b", kind=ConfigKind.POLICY)
        save(tx, "1", "c", kind=ConfigKind.POLICY)
        save(tx, "3", "a", kind=ConfigKind.RULE)
        found = config.heads(tx)
        policies = config.heads(tx, ConfigKind.POLICY)
    assert [(each.kind, each.name) for each in found] == [
        ("item_type", "User"),
        ("policy", "b"),
        ("policy", "c"),
        ("queue", "Default"),
        ("rule", "a"),
    ]
    assert [each.object_id for each in policies] == ["2", "1"]


@pytest.mark.parametrize(("expected", "fits"), [(None, True), (2, True), (1, False), (3, False)])
def test_a_save_on_top_of_an_unseen_version_is_a_conflict(
    database: Database, org: Organisation, expected: int | None, *, fits: bool
) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx)
        save(tx)
        if fits:
            assert save(tx, expected_version=expected) == 3
        else:
            with pytest.raises(Conflict, match=f"is at version 2, not {expected}"):
                save(tx, expected_version=expected)


def test_what_must_be_new_may_not_be_there(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        assert save(tx, expected_version=MUST_NOT_EXIST) == 1
        with pytest.raises(Conflict):
            save(tx, expected_version=MUST_NOT_EXIST)


def test_two_of_a_kind_may_not_share_a_name(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx, "b1", "Same")
        save(tx, "p1", "Same", kind=ConfigKind.POLICY)
        with pytest.raises(Conflict, match="called 'Same' already"):
            save(tx, "b2", "Same")


def test_the_name_of_what_was_deleted_is_free(database: Database, org: Organisation) -> None:
    with database.transaction(org.org_id) as tx:
        save(tx, "b1", "Same")
        save(tx, "b1", "Same", deleted=True)
        assert save(tx, "b2", "Same") == 1
        with pytest.raises(Conflict):
            save(tx, "b1", "Same")


@pytest.mark.parametrize(
    "value", ["a\0b", "\ud800", float("nan"), float("inf"), {"\0": 1}, ["\\\0"]]
)
def test_what_postgres_cannot_keep_is_refused_before_it_tries(
    database: Database, org: Organisation, value: object
) -> None:
    with database.transaction(org.org_id) as tx:
        with pytest.raises(InvalidInput) as refusal:
            save(tx, document={"value": value})
        assert save(tx) == 1
    assert "NUL" in refusal.value.hint


def test_a_save_moves_the_organisations_version_by_one(
    database: Database, org: Organisation
) -> None:
    with database.transaction(org.org_id) as tx:
        before = config.config_version(tx)
        save(tx, "b1", "one")
        save(tx, "b2", "two")
        assert config.config_version(tx) == before + 2
        assert config.head(tx, ConfigKind.BANK, "b2").config_version == before + 2


def test_listeners_hear_of_a_commit_and_not_of_a_rollback(
    database: Database, org: Organisation
) -> None:
    def fail() -> None:
        with database.transaction(org.org_id) as tx:
            save(tx)
            raise ValueError("no")

    with database.listen(CHANNEL) as listener:
        with pytest.raises(ValueError, match="no"):
            fail()
        with database.transaction(org.org_id) as tx:
            save(tx)
        heard = [each.payload for each in listener.notifies(timeout=10, stop_after=1)]
        heard += [each.payload for each in listener.notifies(timeout=0)]
    assert heard == [str(org.org_id)]


def test_saves_at_the_same_moment_all_count(database: Database, org: Organisation) -> None:
    def save_alone(_number: int) -> int:
        with database.transaction(org.org_id) as tx:
            return save(tx)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(save_alone, range(16))) == list(range(1, 17))
