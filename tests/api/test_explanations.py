from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from services.signals import Installed
from tests.api.platform import POST_TYPE, Api, expect_problem
from tests.engine.language.signal_world import Asked

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Signals installed in this process, which remember what they were asked."""
    asked = Asked()
    found = Installed(asked.environment().signals)
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    return asked


pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture
def post(admin: Api) -> str:
    return str(admin.made("item-types", POST_TYPE)["id"])


def explained(admin: Api, post: str, **asked: object) -> dict[str, Any]:
    answer = admin.post("/rules/explain", {"itemTypeId": post} | asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_data_is_explained_condition_by_condition(admin: Api, post: str) -> None:
    told = explained(
        admin,
        post,
        where="score > 5 AND (text LIKE '%buy%' OR count_recent(creator, '1 hour') > 3)",
        data={"text": "hello", "score": 7, "author": {"id": "a", "typeId": post}},
    )
    assert told["outcome"] is False
    assert told["text"].splitlines()[0] == "FALSE   AND"
    assert told["trace"]["joint"] == "and"
    assert told["trace"]["parts"][0]["seen"] == [{"text": "score", "value": 7.0, "note": ""}]
    words = "`count_recent(creator, '1 hour')` were more than 3"
    assert told["counterfactual"] == f"It would have matched if {words}."


def test_a_bank_that_matches_is_told_with_its_place(admin: Api, post: str) -> None:
    admin.made("banks", {"name": "metals", "terms": [{"text": "gold", "mode": "word"}]})
    data = {"text": "buy gold now"}
    told = explained(admin, post, where="matches(text, 'metals')", data=data)
    assert told["found"] == [
        {"field": "text", "element": None, "bank": "metals", "term": "gold", "start": 4, "end": 8}
    ]


def test_a_signal_that_failed_or_was_not_asked_is_told(admin: Api, post: str, asked: Asked) -> None:
    where = "score > 5 AND acme.shouts(text)"
    failed = explained(admin, post, where=where, data={"text": "broken", "score": 7})
    assert failed["outcome"] is None
    assert failed["missing"] == [
        {"signal": "acme.shouts", "version": "1", "reason": "broken text", "count": 1}
    ]
    spared = explained(admin, post, where=where, data={"text": "LOUD", "score": 1})
    assert "not asked" in spared["text"]
    assert asked.asked == {"acme.shouts": ["broken"]}


def test_an_item_that_was_sent_is_explained_as_it_was_evaluated(
    admin: Api, platform: Api, post: str, context: Context, org: Organisation
) -> None:
    rule = {
        "name": "Calls",
        "where": "acme.length(text) > 3",
        "status": "SHADOW",
        "itemTypeIds": [post],
    }
    made = admin.made("rules", rule)
    platform.sent(post, {"id": "1", "text": "hello"}, {"id": "2", "text": "broken"})
    evaluate_all(context, org)
    changed = admin.put(f"/config/rules/{made['id']}", rule | {"where": "acme.length(text) > 99"})
    assert changed.status_code == 200, changed.text

    sent: dict[str, Any] = {"ruleId": made["id"], "itemId": "1"}
    then = explained(admin, post, **sent, asEvaluated=True)
    today = explained(admin, post, **sent)
    assert [then["outcome"], today["outcome"]] == [True, False]
    assert then["configVersion"] < today["configVersion"]

    [evaluation] = admin.get(f"/items/{post}/2").json()["evaluations"]
    [outcome] = evaluation["outcomes"]
    assert (outcome["outcome"], outcome["held"]) == ("UNKNOWN", "unanswered")
    assert outcome["signals"] == [
        {"name": "acme.length", "version": "1", "reason": "broken text", "count": 1}
    ]


def evaluate_all(context: Context, org: Organisation) -> None:
    configurations = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, configurations, Pace()):
        pass


def test_what_is_hidden_stays_hidden(admin: Api, post: str) -> None:
    account = admin.post("/users", {"email": "ann@test.example", "role": "ANALYST"}).json()
    credentials = {"email": "ann@test.example", "password": account["password"]}
    token = admin.post("/sessions", credentials).json()["token"]
    admin.client.headers["Authorization"] = f"Bearer {token}"
    told = explained(
        admin, post, where="secret LIKE '%x%' AND score > 1", data={"text": "a", "secret": "xyz"}
    )
    assert "xyz" not in str(told)


@pytest.mark.parametrize(
    ("asked_for", "status"),
    [
        ({"where": "score > 'a'", "data": {}}, 400),
        ({"where": "score > 1"}, 400),
        ({"data": {"text": "a"}}, 400),
        ({"where": "score > 1", "data": {"score": "many"}}, 400),
        ({"where": "score > 1", "itemId": "nobody"}, 404),
        ({"ruleId": "nothing", "data": {"text": "a"}}, 404),
    ],
)
def test_what_cannot_be_explained_is_refused(
    admin: Api, post: str, asked_for: dict[str, object], status: int
) -> None:
    expect_problem(admin.post("/rules/explain", {"itemTypeId": post} | asked_for), status)


# -- forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        "score > 5 AND NOT (text LIKE '%a%' OR length(text) > 9)",
        "acme.length(text) > 3 AND acme.part(text, 2) = 'x'",
        "score * 2 > length(text)",
    ],
)
def test_a_condition_goes_to_a_form_and_back(admin: Api, post: str, where: str) -> None:
    tree = admin.post("/rules/form", {"where": where, "itemTypeId": post}).json()["tree"]
    assert admin.post("/rules/form/sql", {"tree": tree}).json() == {"where": where}


def test_what_is_no_condition_and_what_is_no_form_is_refused(admin: Api) -> None:
    expect_problem(admin.post("/rules/form", {"where": "score >"}), 400)
    expect_problem(admin.post("/rules/form/sql", {"tree": {"type": "group"}}), 400)
    signal = {"type": "signal", "name": "x('); DROP", "arguments": []}
    tree = {"type": "condition", "subject": signal, "comparator": "holds"}
    expect_problem(admin.post("/rules/form/sql", {"tree": tree}), 400)


def test_the_vocabulary_names_fields_comparators_and_signals(admin: Api, post: str) -> None:
    told = admin.get("/rules/form/vocabulary", itemTypeId=post).json()
    fields = {".".join(each["path"]): each for each in told["fields"]}
    assert fields["score"]["type"] == "NUMBER"
    assert "between" in fields["score"]["comparators"]
    assert "ilike" in fields["text"]["comparators"]
    assert fields["author.id"]["type"] == "ID"
    signals = {each["name"]: each for each in told["signals"]}
    assert signals["acme.shouts"]["gives"] == "BOOLEAN"
    assert signals["similarity"]["comparators"][0] == "="
    assert {each["name"] for each in told["comparators"]} >= {"holds", "between"}
    expect_problem(admin.get("/rules/form/vocabulary", itemTypeId="x"), 404)


def test_the_signals_are_listed_with_what_they_take_and_cost(admin: Api) -> None:
    told = admin.get("/signals").json()
    named = {each["name"]: each for each in told["items"]}
    assert named["language"]["builtIn"] is True
    assert named["language"]["cost"] == "local"
    assert told["plugins"] == []
