from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sign_in import local_path, sign_in_page
from app.views import bank_terms, figures, policy_tree, rule_rows
from app.views.backtest_parts import (
    comparison,
    day_chart,
    headline,
    quality,
    quality_chart,
    unanswered_note,
)
from app.views.decision_rows import decisions_csv
from app.views.diagnostics import diagnostics_html, gutter_marks
from app.views.diff import changed, diff_html
from app.views.documents import person
from app.views.figures import UNKNOWN
from app.views.item_card import brief, item_card
from app.views.job_parts import job_line, reasons
from app.views.marked_text import excerpt, marked, merged
from app.views.preview import preview_note
from app.views.queue_rows import lateness, queue_rows
from app.views.records import records_of
from app.winnow_client.model import (
    Diagnostic,
    ItemField,
    Job,
    Preview,
    QueueStats,
    Source,
    Unanswered,
)
from tests.app.fake_data import example_state

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, UNKNOWN),
        (0, "0"),
        (999, "999"),
        (9999, "9,999"),
        (9957.4, "9,957"),
        (12.34, "12.3"),
        (12_345, "12k"),
        (1_234_567, "1.2M"),
    ],
)
def test_large_numbers_are_told_shortly(value: float | None, shown: str) -> None:
    assert figures.compact(value) == shown


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=5, minutes=7), "5 h 7 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
    ],
)
def test_a_duration_has_two_units_at_most(duration: timedelta, shown: str) -> None:
    assert figures.span_of(duration) == shown


def test_a_share_is_told_with_its_interval() -> None:
    assert figures.share_interval(0.91, 0.87, 0.94) == "91.0% (87.0 to 94.0)"
    assert figures.share_interval(None, None, None) == UNKNOWN


@pytest.mark.parametrize("text", ["<b>", "a & b", "\"'", "مرحبا <i>"])
def test_nothing_in_a_text_becomes_markup(text: str) -> None:
    assert "<" not in marked(text, []).replace("<mark>", "").replace("</mark>", "")


def test_a_span_counts_code_points_of_the_original() -> None:
    assert marked("👩🏽 カジノ!", [(3, 6)]) == "👩🏽 <mark>カジノ</mark>!"


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50))))
def test_marking_changes_no_letter(text: str, spans: list[tuple[int, int]]) -> None:
    bare = marked(text, spans).replace("<mark>", "").replace("</mark>", "")
    assert html.unescape(bare) == html.unescape(html.escape(text))


@given(st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60))))
def test_merged_spans_are_apart_and_in_order(spans: list[tuple[int, int]]) -> None:
    whole = merged(spans, 50)
    assert all(start < end for start, end in whole)
    assert all(left[1] < right[0] for left, right in pairwise(whole))


def test_an_excerpt_begins_near_the_match() -> None:
    shown = excerpt("a" * 500 + "casino" + "b" * 500, [(500, 506)])
    assert shown.startswith("… ")
    assert "<mark>casino</mark>" in shown


def test_media_stay_veiled_and_grey_until_revealed() -> None:
    photo = [ItemField(name="photo", type="IMAGE", value={"url": "https://cdn.example/a.jpg"})]
    assert "w-veiled w-grey" in item_card(photo, revealed=False)
    assert "w-veiled" not in item_card(photo, revealed=True)
    assert "w-grey" not in item_card(photo, revealed=True, colour=True)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "//x", "data:text/html,x"]
)
def test_an_image_address_of_another_kind_is_text(url: str) -> None:
    card = item_card([ItemField(name="photo", type="IMAGE", value=url)], revealed=True)
    assert "<img" not in card
    assert "<code>" in card


def test_an_image_address_cannot_leave_its_attribute() -> None:
    hostile = ItemField(name="p", type="IMAGE", value='https://x/"onerror="alert(1)')
    assert '"onerror' not in item_card([hostile], revealed=True)


def test_field_types_are_told_apart() -> None:
    fields = [
        ItemField(name="text", value="short"),
        ItemField(name="seen", type="BOOLEAN", value=True),
        ItemField(name="when", type="DATETIME", value="2026-05-04T10:00:00Z"),
        ItemField(name="author", type="RELATED_ITEM", value={"id": "u1", "typeId": "t"}),
        ItemField(name="tags", type="STRING", container="ARRAY", value=["a", "b"]),
        ItemField(name="gone", value=None),
    ]
    card = item_card(fields, revealed=False)
    assert "04 May 2026, 10:00 UTC" in card
    assert "<code>u1</code>" in card
    assert card.count("w-chip") == 2
    assert "gone" not in card


def test_what_says_most_about_an_item_is_its_matched_field() -> None:
    data = {"title": "a casino", "text": "a very long text that matched nothing at all"}
    assert brief(data, {"title": [(2, 8)]}) == "a <mark>casino</mark>"


def test_a_remark_says_more_than_a_time_an_id_or_an_address_that_is_longer() -> None:
    item = {"created_at": "2026-11-23T18:56:42.609Z", "thread": "t" * 40}
    assert brief(item | {"text": "oh?"}) == "oh?"
    assert brief(item | {"caption": "look here"}) == "look here"
    assert brief({"created_at": item["created_at"], "who": "u1"}) == "u1"


@pytest.mark.parametrize(
    ("minutes", "sla", "tone"),
    [(10, None, "soft"), (10, 60, "good"), (55, 60, "warn"), (61, 60, "bad")],
)
def test_a_queue_is_late_past_its_promise(minutes: int, sla: int | None, tone: str) -> None:
    assert lateness(timedelta(minutes=minutes), sla) == tone


def test_the_default_queue_comes_first_then_the_longest_waiting() -> None:
    queues = [
        QueueStats(id="a", name="A", pending=1, oldest_enqueued_at=NOW - timedelta(hours=1)),
        QueueStats(id="b", name="B", pending=1, oldest_enqueued_at=NOW - timedelta(hours=9)),
        QueueStats(id="c", name="C", is_default=True),
    ]
    assert [row["_id"] for row in queue_rows(queues, NOW, str)] == ["c", "b", "a"]


RULES: list[dict[str, Any]] = [
    {"id": "1", "name": "Casino", "status": "LIVE", "itemTypeIds": ["t"], "rolloutPercent": 25},
    {"id": "2", "name": "Old", "status": "ARCHIVED", "itemTypeIds": ["t"]},
    {"id": "3", "name": "Draft", "status": "DRAFT", "itemTypeIds": ["u"], "tags": ["casino"]},
]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["1", "3"]),
        ({"text": "casino"}, ["1", "3"]),
        ({"status": "ARCHIVED"}, ["2"]),
        ({"type_id": "u"}, ["3"]),
    ],
)
def test_rules_are_filtered(filters: dict[str, str], ids: list[str]) -> None:
    wanted: dict[str, Any] = {"text": "", "status": None, "type_id": None, **filters}
    assert [rule["id"] for rule in rule_rows.chosen(RULES, **wanted)] == ids


def test_a_partial_rollout_shows_in_the_status() -> None:
    rows = rule_rows.rule_rows(RULES[:1], types={}, actions={}, matches={}, href=str)
    assert rows[0]["status"]["text"] == "Live 25%"


def test_a_broken_rule_shows_in_the_status() -> None:
    broken = {**RULES[0], "problem": "There is no field 'txet'."}
    rows = rule_rows.rule_rows([broken], types={}, actions={}, matches={}, href=str)
    assert rows[0]["status"] == {"text": "Live 25%, broken", "tone": "bad"}


@pytest.mark.parametrize(
    ("actor", "name", "told"),
    [
        ("user:0190b0f2-0000-7000-8000-000000000000", "Grace Hopper", "Grace Hopper"),
        ("user:0190b0f2-0000-7000-8000-000000000000", None, "colleague 0190b0f2"),
        ("user:ada", "user:ada", "ada"),
        ("system:evaluation", "system:evaluation", "system:evaluation"),
        (None, None, ""),
    ],
)
def test_a_person_is_told_by_name(actor: str | None, name: str | None, told: str) -> None:
    assert person(actor, name) == told


def test_reviewers_are_told_by_name_and_the_rest_counted() -> None:
    queue = QueueStats(
        id="a", name="A", reviewers=[f"user:{n}" for n in range(5)], reviewer_names=list("abcde")
    )
    (row,) = queue_rows([queue], NOW, str)
    assert row["reviewers"] == "a, b, c +2"


def test_a_diagnostic_points_at_its_place() -> None:
    wrong = Diagnostic(message="No field txt", hint="Did you mean text?", column=10, length=3)
    shown = diagnostics_html("contains(txt, 'a')", [wrong])
    assert "contains(txt, &#x27;a&#x27;)\n         ^^^" in shown
    assert gutter_marks([wrong])[0]["column"] == 9


def test_a_diff_shows_only_what_differs() -> None:
    before, after = changed({"where": "a", "name": "n"}, {"where": "b", "name": "n"})
    shown = diff_html(before, after)
    assert "name" not in shown
    assert 'class="del">-   a' in shown
    assert 'class="add">+   b' in shown


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('{"a": 1}', [{"a": 1}]),
        ('[{"a": 1}, {"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('{"a": 1}\n\n{"b": 2}\n', [{"a": 1}, {"b": 2}]),
    ],
)
def test_records_are_read_from_json_and_json_lines(text: str, records: list[Any]) -> None:
    assert records_of(text) == records


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "at least one"), ("[1]", "JSON object"), ('{"a": 1}\n{"b": }', "Line 2, column 7")],
)
def test_records_that_cannot_be_read_are_told_where(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        records_of(text)


def test_bank_entries_survive_a_round_trip_through_csv() -> None:
    terms = [{"text": "=cmd|' /C calc'!A0", "mode": "regex", "note": '-x, "y"\nz'}]
    again = bank_terms.read_csv(bank_terms.to_csv(terms))
    assert again[0]["text"] == terms[0]["text"]
    assert bank_terms.to_csv(terms).splitlines()[1].startswith("'=")


def test_a_csv_entry_with_an_unknown_mode_is_told_which() -> None:
    with pytest.raises(ValueError, match="Entry 2: “fuzzy” is no mode"):
        bank_terms.read_csv("text,mode\na,word\nb,fuzzy\n")


def test_pasting_the_same_entry_keeps_one() -> None:
    known = [{"text": "a", "mode": "word", "note": "old"}]
    assert bank_terms.joined(known, bank_terms.pasted("a\n\nb\na", "word")) == [
        {"text": "a", "mode": "word", "note": ""},
        {"text": "b", "mode": "word", "note": ""},
    ]


def test_policies_stand_under_their_parents() -> None:
    policies = [
        {"id": "1", "name": "Hate"},
        {"id": "2", "name": "Slurs", "parentId": "1"},
        {"id": "3", "name": "Abuse", "parentId": "unknown"},
    ]
    ordered = [(depth, p["id"]) for depth, p in policy_tree.in_tree_order(policies)]
    assert ordered == [(0, "3"), (0, "1"), (1, "2")]


def test_policies_in_a_circle_do_not_hang_the_page() -> None:
    circle = [{"id": "1", "name": "A", "parentId": "2"}, {"id": "2", "name": "B", "parentId": "1"}]
    assert policy_tree.in_tree_order([*circle, {"id": "3", "name": "C"}])


def test_a_backtest_tells_every_figure_with_its_interval() -> None:
    report = example_state()["backtests"][0]["report"]
    told = [*headline(report), *quality(report)]
    assert ("91.0%", "precision", "95%: 88.0% to 94.0%") in told
    assert ("920", "a day", "95%: 880 to 960") in told


def test_an_unknown_figure_says_why() -> None:
    report = {"rows": 5, "hits": 1, "precision": {"value": None, "why": "no labelled items"}}
    assert quality(report) == [(UNKNOWN, "precision", "no labelled items")]
    assert quality_chart(report) is None
    assert comparison({"flips": {"added": None}}) == []


def test_the_days_of_candidate_and_baseline_are_drawn() -> None:
    report = example_state()["backtests"][0]["report"]
    drawn = day_chart(report["byDay"], compared=True).to_dict()
    values = next(iter(drawn["datasets"].values()))
    assert {row["rule"] for row in values} == {"candidate", "baseline"}


def test_a_single_day_is_named_beneath_its_bars() -> None:
    days = example_state()["backtests"][0]["report"]["byDay"][:1]
    drawn = day_chart(days, compared=True).to_dict()["encoding"]
    assert (drawn["x"]["field"], drawn["xOffset"]["field"]) == ("day", "rule")


def test_a_decided_job_waits_no_longer() -> None:
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    job = Job(job_id="j", queue_name="Spam", enqueued_at=now - timedelta(hours=5))
    assert "waiting 5 h" in job_line(job, now=now)
    decided = msgspec.structs.replace(job, decided_at=now - timedelta(minutes=2))
    assert "decided 2 min ago" in job_line(decided, now=now)


def test_a_rule_that_matched_each_time_an_item_was_sent_is_named_once() -> None:
    scam = Source(kind="RULE_EXECUTION", rule_id="r1", rule_name="Scam", trace="first")
    again = msgspec.structs.replace(scam, trace="second")
    other = Source(kind="RULE_EXECUTION", rule_id="r2", rule_name="Spam")
    shown = reasons(Job(job_id="j", sources=[scam, other, again]), {})
    assert shown.count("<b>Scam</b>") == shown.count("<b>Spam</b>") == 1
    assert "second" in shown
    assert "first" not in shown
    assert shown.count("2 times") == 1


def test_exported_decisions_cannot_run_as_formulas() -> None:
    told = decisions_csv([{"kind": "IGNORE", "reason": "=1+1", "itemId": "p1"}], {})
    assert "'=1+1" in told


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil",
        "evil",
        "/sign-in?next=/",
        "/api/v1/x",
        "",
    ],
)
def test_signing_in_never_leads_elsewhere(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_what_signals_did_not_answer_is_told_with_the_reason() -> None:
    failed = {"signal": "acme.rude", "version": "1", "reason": "no answer", "values": 1200}
    told = "acme.rude did not answer for 1,200 values (no answer)"
    assert unanswered_note({"unanswered": [failed]}) == told
    assert unanswered_note({}) == ""


@pytest.mark.parametrize(
    ("preview", "note"),
    [
        (Preview(), ""),
        (
            Preview(unknown=3),
            "3 items could not be told: a field or count they need is not known.",
        ),
        (
            Preview(unknown=3, unanswered=[Unanswered("acme.rude", "1", "no answer", 3)]),
            "3 items could not be told: acme.rude did not answer for 3 (no answer).",
        ),
    ],
)
def test_a_preview_says_why_items_could_not_be_told(preview: Preview, note: str) -> None:
    assert preview_note(preview) == note


def test_signing_in_leads_back_to_the_page_asked_for() -> None:
    assert local_path("/rule?id=r1") == "/rule?id=r1"


def test_the_sign_in_page_escapes_what_it_repeats() -> None:
    page = sign_in_page(next_path='/"><script>', email='"><script>', refusal="<script>")
    assert "<script>" not in page
