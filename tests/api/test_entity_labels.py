"""Labels of entities over HTTP, and what rules see of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from services.entity_labels import IMPORTER, Provenance, provenance_of
from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from tests.api.platform import POST_TYPE, expect_problem, pointers

if TYPE_CHECKING:
    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

LATER = "2999-01-01T00:00:00Z"


@pytest.fixture
def user_type(admin: Api) -> str:
    document = {**POST_TYPE, "name": "Author", "kind": "USER", "roles": {}}
    return str(admin.made("item-types", document)["id"])


def labelled(api: Api, type_id: str, name: str = "trusted", **more: object) -> dict[str, Any]:
    body = {"entity": {"typeId": type_id, "id": "ann"}, "name": name, **more}
    answer = api.post("/entity-labels", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_label_is_put_on_and_shown_with_who_and_why(
    admin: Api, platform: Api, user_type: str
) -> None:
    labelled(admin, user_type, reason="knows her way", expiresAt=LATER)
    labelled(platform, user_type, "importer")
    found = admin.get("/entity-labels", typeId=user_type, id="ann").json()["items"]
    assert [(one["name"], one["provenance"], one["holds"]) for one in found] == [
        ("importer", "API_KEY", True),
        ("trusted", "PERSON", True),
    ]
    assert (found[1]["reason"], found[1]["expiresAt"]) == ("knows her way", LATER)
    assert admin.get("/entity-labels", typeId=user_type, id="ben").json()["items"] == []


def test_labels_come_a_page_at_a_time(admin: Api, user_type: str) -> None:
    for name in ("a", "b", "c"):
        labelled(admin, user_type, name)
    first = admin.get("/entity-labels", limit=2).json()
    second = admin.get("/entity-labels", limit=2, cursor=first["nextCursor"]).json()
    names = [one["name"] for page in (first, second) for one in page["items"]]
    assert (names, second["nextCursor"]) == (["c", "b", "a"], None)


def test_a_withdrawn_label_stays_in_the_history(admin: Api, user_type: str) -> None:
    made = labelled(admin, user_type)
    path = f"/entity-labels/{made['labelId']}/withdraw"
    withdrawn = admin.post(path, {"reason": "a mistake"}).json()
    assert (withdrawn["holds"], withdrawn["withdrawnAt"] > made["at"]) == (False, True)
    expect_problem(admin.post(path, {}), 409)
    [shown] = admin.get("/entity-labels").json()["items"]
    assert shown == withdrawn
    expect_problem(admin.post(f"/entity-labels/{uuid4()}/withdraw", {}), 404)
    events = [one["event"] for one in admin.get("/audit").json()["items"]]
    assert events[:2] == ["entity-label:withdraw", "entity-label:add"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"entity": {"typeId": "gone", "id": "ann"}}, "/entity/typeId"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "/expiresAt"),
        ({"entity": {"typeId": "gone", "id": ""}}, "/entity/id"),
    ],
)
def test_what_is_wrong_with_a_label_is_told(
    admin: Api, user_type: str, wrong: dict[str, object], pointer: str
) -> None:
    body = {"entity": {"typeId": user_type, "id": "ann"}, "name": "trusted", **wrong}
    assert pointers(admin.post("/entity-labels", body)) == [pointer]


def test_half_an_entity_is_refused(admin: Api) -> None:
    expect_problem(admin.get("/entity-labels", typeId="t"), 400)


@pytest.mark.parametrize(
    ("actor", "provenance"),
    [
        ("user:1", Provenance.PERSON),
        ("key:1", Provenance.API_KEY),
        ("rule:1", Provenance.RULE),
        (IMPORTER, Provenance.IMPORT),
        ("system:timer", Provenance.SYSTEM),
    ],
)
def test_a_label_says_what_put_it_on(actor: str, provenance: Provenance) -> None:
    assert provenance_of(actor) is provenance


def test_a_rule_asks_for_the_label_that_an_author_bore(
    context: Context, org: Organisation, admin: Api, platform: Api, user_type: str
) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    where = "has_label(creator, 'trusted')"
    admin.made("rules", {"name": "r", "status": "SHADOW", "itemTypeIds": [post], "where": where})
    item = {"text": "hi", "author": {"id": "ann", "typeId": user_type}}
    platform.sent(post, {"id": "before", **item})
    soon = datetime.now(UTC) + timedelta(days=1)
    made = labelled(admin, user_type, expiresAt=soon.isoformat())
    platform.sent(post, {"id": "while", **item})
    admin.post(f"/entity-labels/{made['labelId']}/withdraw", {})
    platform.sent(post, {"id": "after", **item})

    while evaluate_next(context, org.org_id, LiveConfigurations(context.clock), Pace()):
        pass
    matched = {
        item_id: len(admin.get(f"/items/{post}/{item_id}").json()["evaluations"][0]["outcomes"])
        for item_id in ("before", "while", "after")
    }
    assert matched == {"before": 0, "while": 1, "after": 0}
