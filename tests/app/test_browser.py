"""The console in Chromium, in front of the real API, Postgres and a worker."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.views.org_settings import settings_body
from services.context import Context
from store.database import Database
from tests.app.deadline import until
from tests.app.whole_house import House, whole_house
from tests.conftest import execute_alone, new_id, with_database
from tests.left_out import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.secrets import SecretBox
    from tests.world import Organisation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
]
PATIENCE_MS = 20_000
ITEM_NAME = ".w-line b >> nth=1"
ACTION = ".st-key-job-actions button >> nth=0"
KEYS_HEARD = "body[data-keys=heard]"
CHOSEN = ".st-key-job-actions button[aria-pressed=true]"
PLACES = (
    *("", "overview", "queues", "decisions", "rules", "backtests", "banks", "policies"),
    *("item-types", "actions", "routing", "appeals", "deliveries", "settings", "audit"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(
    postgres_url: str,
    org_template: tuple[str, Organisation],
    secrets: SecretBox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """One for all tests here, so each looks only at what it did itself."""
    template, org = org_template
    execute_alone(postgres_url, f"CREATE DATABASE console TEMPLATE {template} STRATEGY FILE_COPY")
    database = Database(with_database(postgres_url, "console"))
    lake = str(tmp_path_factory.mktemp("console-lake"))
    context = Context(database, lake, secrets, lambda: datetime.now(UTC), new_id, ("127.0.0.1",))
    with whole_house(context, org) as house:
        yield house
    database.close()


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """Signed in; whatever a page asks of another host fails the test."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    elsewhere: list[str] = []
    tab.on("request", lambda asked: elsewhere.append(asked.url) if _leaves(asked.url) else None)
    sign_in(tab, house, house.password)
    yield tab
    sys.stdout.write(tab.locator("body").inner_text())  # shown beside a failure
    tab.close()
    assert elsewhere == []


def _leaves(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1"


def sign_in(tab: Page, house: House, password: str) -> None:
    tab.goto(f"{house.url}/queues")
    tab.fill("#email", house.email)
    tab.fill("#password", password)
    tab.click("button")


def of_job(name: str) -> str:
    """The button of that name for the job in hand, of which each has its own."""
    return f"[class*=' st-key-{name}-'] button"


def settled(page: Page) -> None:
    """Until the page is drawn and listens."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.wait_for_load_state("networkidle")


def shot(page: Page, name: str) -> None:
    """Kept only where `CONSOLE_SHOTS` names a folder, for people to look at."""
    folder = os.environ.get("CONSOLE_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def open_page(page: Page, house: House, path: str) -> None:
    page.goto(f"{house.url}/{path}")
    expect(page.locator("[data-testid=stSidebarNav]")).to_be_visible()
    settled(page)


def test_signing_in_leads_to_the_page_asked_for_and_survives_a_reload(
    page: Page, house: House
) -> None:
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    [cookie] = [c for c in page.context.cookies(house.url) if c["name"] == "winnow_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")


def test_a_wrong_password_is_refused_where_it_was_typed(browser: Browser, house: House) -> None:
    tab = browser.new_page()
    sign_in(tab, house, "not the password")
    expect(tab.get_by_role("alert")).to_be_visible()
    assert tab.input_value("#email") == house.email
    tab.close()


def test_signing_out_ends_the_session(page: Page, house: House) -> None:
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    page.get_by_text("Sign out").click()
    page.goto(f"{house.url}/rules")
    expect(page.get_by_label("Password")).to_be_visible()


def press_together(page: Page, *keys: str) -> None:
    """Presses keys within one turn of the browser, so that none waits for what the other does."""
    page.evaluate(
        """keys => { for (const key of keys) for (const type of ["keydown", "keyup"]) {
            const about = { key, keyCode: key === "Enter" ? 13 : key.toUpperCase().charCodeAt(0) };
            document.body.dispatchEvent(
                new KeyboardEvent(type, { ...about, bubbles: true, composed: true })) } }""",
        list(keys),
    )


def open_job(page: Page, house: House) -> str:
    """Opens the next job of the queue; the name of its item."""
    open_page(page, house, f"job?queue={house.queue_id}")
    return next_job(page, "")


def next_job(page: Page, before: str) -> str:
    """The name of the item of the job after that one, once its buttons listen."""
    expect(page.locator(ITEM_NAME)).not_to_have_text(before)
    settled(page)
    for part in (ACTION, of_job("submit"), of_job("ignore"), KEYS_HEARD):
        expect(page.locator(part)).to_be_enabled()
    return page.locator(ITEM_NAME).inner_text()


def test_a_job_is_decided_with_the_keyboard_and_undone(page: Page, house: House) -> None:
    first, before = open_job(page, house), len(_decided(house))
    expect(page.locator("mark").first).to_have_text("casino")
    shot(page, "job")
    page.keyboard.press("1")
    expect(page.locator(CHOSEN)).to_be_visible()
    shot(page, "job-chosen")
    page.keyboard.press("Enter")
    expect(page.locator(ITEM_NAME)).not_to_have_text(first)
    until(lambda: len(_decided(house)) == before + 1, what="the decision is recorded")
    assert _decided(house)[0]["kind"] == "CUSTOM_ACTION"
    expect(page.get_by_text("Undo (")).to_be_visible()
    settled(page)
    page.keyboard.press("u")
    expect(page.locator(ITEM_NAME)).to_have_text(first)
    until(lambda: bool(_decided(house)[0]["undoneAt"]), what="the decision is taken back")


def test_a_digit_counts_however_soon_enter_follows_it(page: Page, house: House) -> None:
    name, before = open_job(page, house), len(_decided(house))
    for _ in range(3):
        press_together(page, "1", "Enter")
        name = next_job(page, name)
    until(lambda: len(_decided(house)) == before + 3, what="three decisions are recorded")
    assert {one["kind"] for one in _decided(house)[:3]} == {"CUSTOM_ACTION"}


def test_presses_meant_for_one_job_never_reach_the_next(page: Page, house: House) -> None:
    name, before = open_job(page, house), len(_decided(house))
    press_together(page, "i", "i", "i", "i")
    after = next_job(page, name)
    for _ in range(30):  # a key that is held down
        page.keyboard.down("i")
    settled(page)
    expect(page.locator(ITEM_NAME)).not_to_have_text(after)
    page.keyboard.up("i")
    settled(page)
    assert len(_decided(house)) == before + 2


def test_digits_wait_for_the_policies_that_p_asks_for(page: Page, house: House) -> None:
    open_job(page, house)
    press_together(page, "p", "2")
    expect(page.get_by_text("Back to actions")).to_be_visible()
    settled(page)
    assert page.locator(CHOSEN).count() == 0
    page.keyboard.press("1")
    expect(page.locator(".st-key-job-policies [aria-pressed=true]")).to_have_count(2)
    shot(page, "job-policies")
    page.keyboard.press("p")
    expect(page.get_by_text("Policy: Scams, Harassment")).to_be_visible()


def test_ignore_opens_the_next_job_at_once(page: Page, house: House) -> None:
    name, before = open_job(page, house), len(_decided(house))
    for _ in range(3):
        page.keyboard.press("i")
        name = next_job(page, name)
    until(lambda: len(_decided(house)) == before + 3, what="three decisions are recorded")
    assert {one["kind"] for one in _decided(house)[:3]} == {"IGNORE"}


def test_everything_to_decide_fits_one_screen(page: Page, house: House) -> None:
    open_page(page, house, f"job?queue={house.queue_id}&job={reported_job(house)}")
    expect(page.get_by_text("Reported 5 times")).to_be_visible()
    shot(page, "job-reported")
    named = (of_job(name) for name in ("submit", "ignore", "skip", "pick-policy"))
    for part in (ACTION, *named, ".st-key-help button"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900, part


def reported_job(house: House) -> str:
    """The job of the item that readers reported, given back by whoever held it."""
    [job_id] = [job["jobId"] for job in house.winnow.item(house.type_id, "post-1").jobs]
    return str(job_id)


def test_the_question_mark_lists_the_keys(page: Page, house: House) -> None:
    open_job(page, house)
    page.keyboard.press("?")
    expect(page.get_by_text("submit and open the next job")).to_be_visible()


def test_the_preview_follows_what_is_typed(page: Page, house: House) -> None:
    open_page(page, house, f"rule?id={house.rule_id}")
    hits = page.locator(".w-figures b").first
    expect(hits).to_be_visible()
    before = hits.inner_text()
    editor = page.frame_locator("iframe[title*='sql_editor']")
    editor.locator(".ace_content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" AND likes < 3")
    expect(hits).not_to_have_text(before)
    shot(page, "rule")
    page.keyboard.type(" AND txt = 'a'")
    expect(page.locator(".w-problem")).to_contain_text("txt")
    shot(page, "rule-wrong")


def test_a_rule_is_saved_with_its_reason(page: Page, house: House) -> None:
    open_page(page, house, f"rule?id={house.rule_id}")
    page.get_by_placeholder("Why this change?").fill("Quieter name")
    page.get_by_label("Name", exact=True).fill("Casino and lottery offers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Casino and lottery offers")).to_be_visible()
    saved = house.winnow.versions("rules", house.rule_id)
    assert saved[0].reason == "Quieter name"


def test_a_save_that_needs_a_second_person_waits_and_is_withdrawn(page: Page, house: House) -> None:
    settings = house.winnow.org_settings()
    demanding = settings_body(settings, {"liveNeedsSecondPerson": True})
    saved = house.winnow.save_org_settings(
        demanding, reason="two pairs of eyes", expected_version=settings["version"]
    )
    open_page(page, house, f"rule?id={house.rule_id}")
    page.get_by_label("At most a day", exact=True).fill("500")
    page.keyboard.press("Tab")
    settled(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    expect(page.get_by_text("Waiting for a second person")).to_be_visible()
    shot(page, "rule-waiting")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Waiting for a second person")).to_have_count(0)
    assert house.winnow.approvals(state="waiting") == []
    relaxed = settings_body(saved, {"liveNeedsSecondPerson": False})
    house.winnow.save_org_settings(relaxed, reason="", expected_version=saved["version"])


def test_a_rule_is_explained_on_the_page_of_an_item(page: Page, house: House) -> None:
    open_page(page, house, f"item?type={house.type_id}&id=post-1")
    page.get_by_role("tab", name="Evaluations").click()
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("It held.")).to_be_visible()
    shot(page, "item-explained")


def test_settings_of_the_organisation_are_saved(page: Page, house: House) -> None:
    before = house.winnow.org_settings()["version"]
    open_page(page, house, "settings")
    page.get_by_label("Days a strike holds", exact=True).fill("30")
    page.keyboard.press("Tab")
    settled(page)
    page.get_by_role("button", name="Save settings").click()
    until(lambda: house.winnow.org_settings()["version"] != before, what="the settings are saved")
    assert house.winnow.org_settings()["strikeTtlDays"] == 30


def test_a_routing_rule_is_made_tried_and_put_first(page: Page, house: House) -> None:
    queue = house.winnow.create("queues", {"name": "Casinos"})
    kept = {"status": "LIVE", "itemTypeIds": [house.type_id], "queueId": str(queue["id"])}
    house.winnow.create("routing-rules", {"name": "Prizes", "where": "likes > 7", **kept})
    open_page(page, house, "routing?id=new")
    editor = page.frame_locator("iframe[title*='sql_editor']")
    editor.locator(".ace_content").click()
    page.keyboard.type("contains(text, 'casino'")
    page.get_by_label("Name", exact=True).fill("Casinos apart")
    choose(page, "Send to the queue", "Casinos")
    choose(page, "Asked of", "Post")
    page.keyboard.press("Escape")
    settled(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Routing")).to_be_visible()
    shot(page, "routing")

    page.get_by_label("or its fields, as JSON").fill('{"text": "the casino"}')
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(".w-goes")).to_have_text("→ Casinos")
    expect(page.get_by_text("Casinos apart held.")).to_be_visible()
    shot(page, "routing-tried")

    page.locator(".st-key-up-1 button:visible").press("Enter")
    expect(page.locator(".st-key-route-0")).to_contain_text("Casinos apart")
    names = {rule["name"]: rule["position"] for rule in house.winnow.configured("routing-rules")}
    assert names == {"Casinos apart": 1, "Prizes": 2}


def choose(page: Page, label: str, option: str) -> None:
    """From a list that opens when it is typed into."""
    page.get_by_label(label, exact=True).fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def test_a_label_is_put_on_a_person_and_taken_off(page: Page, house: House) -> None:
    open_page(page, house, f"item?type={house.type_id}&id=post-3")
    page.get_by_role("tab", name="Labels").click()
    page.get_by_role("button", name="Add a label").click()
    page.get_by_label("Label", exact=True).fill("watched")
    settled(page)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Labelled watched.")).to_be_visible()
    expect(page.get_by_label("Label", exact=True)).to_be_hidden()
    expect(page.get_by_role("tab", name="Labels (1)")).to_have_attribute("aria-selected", "true")
    shot(page, "labelled")
    settled(page)
    page.keyboard.press("u")
    expect(page.get_by_text("Labelled watched.")).to_be_hidden()
    labels = house.winnow.labels(house.type_id, "post-3")
    assert [(one.name, one.holds) for one in labels] == [("watched", False)]


def test_a_backtest_runs_and_shows_its_figures(page: Page, house: House) -> None:
    open_page(page, house, f"backtests?rule={house.rule_id}")
    page.get_by_label("Compare with").fill("contains(text, 'winners')")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("items judged")).to_be_visible()
    expect(page.get_by_text("newly matched")).to_be_visible()
    shot(page, "backtest")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shows_a_traceback_or_asks_another_host(
    page: Page, house: House, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for place in (*PLACES, f"item?type={house.type_id}&id=post-1"):
        open_page(page, house, place)
        expect(page.locator("h1")).to_be_visible()
        settled(page)
        assert page.locator("[data-testid=stException]").count() == 0, place
        assert page.get_by_text("could not be shown").count() == 0, place
        assert page.get_by_text("Page not found").count() == 0, place
        shot(page, f"{scheme}-{place.partition('?')[0] or 'home'}")


def _decided(house: House) -> list[dict[str, object]]:
    return house.winnow.decisions().items
