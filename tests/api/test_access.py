"""Who is asking: keys, sessions, cookies, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.api.platform import Api, expect_problem, signed_in

if TYPE_CHECKING:
    from tests.world import Organisation


def test_without_a_key_nothing_is_answered(anybody: Api) -> None:
    refusal = expect_problem(anybody.get("/config/rules"), 401)
    assert "no key" in refusal["detail"]
    assert "X-API-Key" in refusal["hint"]


def test_an_unknown_key_is_refused(anybody: Api) -> None:
    anybody.client.headers["X-API-Key"] = "0" * 64
    expect_problem(anybody.get("/config/rules"), 401)


def test_signing_in_says_who_one_is(admin: Api, org: Organisation) -> None:
    me = admin.get("/sessions/current").json()
    assert me["email"] == org.admin_email
    assert me["orgName"] == "Test"
    assert "MANAGE_ORG" in me["permissions"]


def test_a_wrong_password_is_refused(anybody: Api, org: Organisation) -> None:
    answer = anybody.post("/sessions", {"email": org.admin_email, "password": "wrong"})
    expect_problem(answer, 401)


def test_after_signing_out_the_token_is_worth_nothing(admin: Api) -> None:
    assert admin.delete("/sessions/current").status_code == 204
    expect_problem(admin.get("/sessions/current"), 401)


def test_the_cookie_reads_but_does_not_change_things_from_elsewhere(
    anybody: Api, org: Organisation
) -> None:
    credentials = {"email": org.admin_email, "password": org.admin_password}
    cookie = anybody.post("/sessions", credentials).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert anybody.get("/sessions/current").status_code == 200

    new = {"name": "Spam"}
    expect_problem(anybody.post("/config/policies", new), 403)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        expect_problem(anybody.client.post("/config/policies", json=new, headers=headers), 403)

    own = {"Sec-Fetch-Site": "same-origin"}
    answer = anybody.client.post("/config/policies", json=new, headers=own)
    assert answer.status_code == 201


def test_a_key_is_shown_once_and_works_until_it_is_revoked(admin: Api, base_url: str) -> None:
    new = admin.post("/api-keys", {"name": "staging"}).json()
    listed = [key for key in admin.get("/api-keys").json()["items"] if key["name"] == "staging"]
    assert [key["key"] for key in listed] == [None]

    with httpx.Client(base_url=base_url, headers={"X-API-Key": new["key"]}) as client:
        assert client.get("/policies").status_code == 200
        assert admin.delete(f"/api-keys/{new['keyId']}").status_code == 204
        assert client.get("/policies").status_code == 401


def test_a_key_cannot_make_people(platform: Api) -> None:
    expect_problem(platform.get("/users"), 403)


CLOSED_TO_ANALYSTS = [
    ("GET", "/users"),
    ("GET", "/api-keys"),
    ("GET", "/audit"),
    ("GET", "/queues"),
    ("GET", "/decisions"),
    ("GET", "/webhooks/deliveries"),
    ("POST", "/config/banks"),
    ("DELETE", "/config/item-types/x"),
]


def test_a_role_opens_only_its_own_doors(admin: Api, base_url: str) -> None:
    made = admin.post("/users", {"email": "ann@test.example", "role": "ANALYST"}).json()
    with httpx.Client(base_url=base_url) as client:
        analyst = signed_in(client, "ann@test.example", made["password"])
        for method, path in CLOSED_TO_ANALYSTS:
            body: dict[str, str] | None = None if method == "GET" else {}
            refusal = expect_problem(analyst.client.request(method, path, json=body), 403)
            assert "lacks the permission" in refusal["detail"], path
        assert analyst.get("/config/rules").status_code == 200


def test_a_person_can_be_disabled_and_given_another_role(admin: Api, base_url: str) -> None:
    made = admin.post("/users", {"email": "bob@test.example", "role": "MODERATOR"}).json()
    with httpx.Client(base_url=base_url) as client:
        bob = signed_in(client, "bob@test.example", made["password"])
        changed = admin.put(f"/users/{made['userId']}", {"role": "ADMIN"}).json()
        assert changed["role"] == "ADMIN"
        assert bob.get("/audit").status_code == 200
        admin.put(f"/users/{made['userId']}", {"disabled": True})
        expect_problem(bob.get("/audit"), 401)


def test_what_was_done_is_in_the_audit_log(admin: Api) -> None:
    made = admin.made("policies", {"name": "Spam"})
    entry = admin.get("/audit", event="policy:create").json()["items"][0]
    assert entry["subjectId"] == made["id"]
    assert entry["actor"].startswith("user:")
    assert entry["detail"] == {"name": "Spam", "version": 1}


def test_the_audit_log_is_paged(admin: Api) -> None:
    first = admin.get("/audit", limit=2).json()
    second = admin.get("/audit", limit=2, cursor=first["nextCursor"]).json()
    numbers = [entry["n"] for entry in first["items"] + second["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def test_the_organisation_tells_its_signing_key(platform: Api) -> None:
    told = platform.get("/org").json()
    assert told["name"] == "Test"
    assert told["signingPublicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert told["configVersion"] > 0
