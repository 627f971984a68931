"""What packs say of authors and threads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import InvalidConfiguration
from engine.packs import parse_pack, render_pack, try_packs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILE = """\
name: newcomers
fields: {text: STRING, author: RELATED_ITEM, room: RELATED_ITEM, at: DATETIME}
roles: {creatorId: author, threadId: room, createdAt: at}
profiles:
  creator: {karma: NUMBER, badges: {type: ARRAY, container: {valueScalarType: STRING}}}
  thread: {topic: STRING}
rules:
  - name: A newcomer
    where: creator.karma < 10 AND NOT any(creator.badges = 'staff') AND thread.topic <> 'tests'
    examples:
      - matches: true
        data:
          author: {id: u, typeId: user, karma: 1, badges: [new]}
          thread: {topic: news}
      - matches: false
        data: {text: hello, author: {id: u, typeId: user}}
      - matches: false
        data:
          author: {id: u, typeId: user}
          creator: {karma: 50, badges: []}
          thread: {topic: news}
"""


def test_a_rule_reads_the_profiles_that_its_pack_declares() -> None:
    [trial] = try_packs([parse_pack(FILE, "new.yaml")], NOW)
    assert [(rule.problems, [e.problem for e in rule.examples]) for rule in trial.rules] == [
        ((), ["", "", ""])
    ]
    assert trial.passed


def test_a_profile_field_that_is_not_declared_is_named() -> None:
    [trial] = try_packs([parse_pack(FILE.replace("karma: NUMBER", "fame: NUMBER"), "f")], NOW)
    assert not trial.passed
    assert "karma" in trial.rules[0].problems[0].message


def test_profiles_are_written_as_they_are_read() -> None:
    pack = parse_pack(FILE, "new.yaml")
    assert parse_pack(render_pack(pack), "again.yaml") == pack


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  thread: {topic: STRING}", "  reader: {topic: STRING}", 6, "`reader`"),
        ("  thread: {topic: STRING}", "  thread: STRING", 6, "`thread`"),
        ("  thread: {topic: STRING}", "  thread: {topic: STRNG}", 6, "STRNG"),
        ("karma: NUMBER", "karma: {type: NUMBR}", 5, "NUMBR"),
    ],
)
def test_what_is_no_profile_is_refused_with_its_line(
    old: str, new: str, line: int, words: str
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_pack(FILE.replace(old, new), "new.yaml")
    [problem] = refused.value.problems
    assert problem.message.startswith(f"new.yaml, line {line}: ")
    assert words in problem.message
