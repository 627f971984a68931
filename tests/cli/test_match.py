from __future__ import annotations

import json
import sys
from pathlib import Path
from resource import getpagesize
from subprocess import PIPE, Popen, run

import pytest

PROGRAM = (sys.executable, "-m", "cli.main", "match")


def spans(text: bytes, *arguments: str) -> list[list[list[int]]]:
    done = run([*PROGRAM, *arguments], input=text, capture_output=True, check=True)
    return [json.loads(line)["spans"] for line in done.stdout.splitlines()]


MODES = [
    ("word", "scam", "a scam, scams", [[2, 6]]),
    ("substring", "scam", "a scam, scams", [[2, 6], [8, 12]]),
    ("substring", "aa", "aaa ab", [[0, 3]]),
    ("phrase", "buy now", "👩 buy it now", [[2, 12]]),
    ("regex", "[0-9]+", "é1 22", [[1, 2], [3, 5]]),
    ("variant", "hello", "👩‍👩‍👧 ɦ3||0 h e l l o", [[6, 11], [12, 21]]),
]


@pytest.mark.parametrize(("mode", "term", "text", "expected"), MODES)
def test_each_mode_says_where_a_term_stands(
    mode: str, term: str, text: str, expected: list[list[int]]
) -> None:
    assert spans(text.encode(), "--mode", mode, "--term", term) == [expected]


def test_every_line_is_answered_whatever_ends_it_and_whatever_is_in_it() -> None:
    lines = b"scam\r\n\n\xff\xfe scam\nx\xe2\x80\xa8scam\nlast scam"
    assert spans(lines, "--term", "scam") == [[[0, 4]], [], [[3, 7]], [[2, 6]], [[5, 9]]]


def test_terms_come_from_a_list_or_from_csv_with_modes_of_their_own(tmp_path: Path) -> None:
    listed, sheet = tmp_path / "terms.txt", tmp_path / "terms.csv"
    listed.write_bytes(b"one\r\n\r\nzwei, drei\r\n")
    sheet.write_text("text,mode\none,\ntwo,substring\n", encoding="utf-8")
    assert spans(b"one zwei, drei twos", "--terms", str(listed)) == [[[0, 3], [4, 14]]]
    assert spans(b"one twos", "--terms", str(sheet), "--term", "twos") == [[[0, 3], [4, 8]]]


WRONG = [
    ((), b"nothing to look for"),
    (("--mode", "fuzzy", "--term", "a"), b"fuzzy"),
    (("--mode", "regex", "--term", "("), b"at character 1"),
    (("--terms", "no/such/file"), b"cannot be read"),
]


@pytest.mark.parametrize(("arguments", "reason"), WRONG)
def test_wrong_use_ends_with_two(arguments: tuple[str, ...], reason: bytes) -> None:
    done = run([*PROGRAM, *arguments], input=b"a\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stdout == b""


LONGEST = 1 << 20
END = b" scam"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_as_long_as_may_be_is_read_to_its_end(end: bytes) -> None:
    longest = b"x" * (LONGEST - len(END)) + END
    assert spans(longest + end + b"scam", "--term", "scam") == [
        [[LONGEST - 4, LONGEST]],
        [[0, 4]],
    ]


@pytest.mark.parametrize("over", [1, 2, 3, LONGEST, LONGEST + 1, LONGEST + 2, 3 * LONGEST + 7])
def test_a_line_too_long_is_told_by_its_number_and_no_other_is_lost(over: int) -> None:
    texts = b"a scam\n" + b"x" * (LONGEST + over) + b"\nscam\n"
    done = run([*PROGRAM, "--term", "scam"], input=texts, capture_output=True, check=False)
    first, long, last = map(json.loads, done.stdout.splitlines())
    assert (first, last) == ({"spans": [[2, 6]]}, {"spans": [[0, 4]]})
    assert long == {"spans": [], "error": "Line 2 is longer than 1,048,576 bytes."}
    assert done.returncode == 2
    assert b"line 2" in done.stderr


def test_an_endless_line_is_told_before_it_ends_and_is_never_held() -> None:
    with Popen([*PROGRAM, "--term", "scam"], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(b"x" * LONGEST)
        process.stdin.flush()
        assert "Line 1" in json.loads(process.stdout.readline())["error"]
        held = memory_of(process.pid)
        for _ in range(100):
            process.stdin.write(b"x" * LONGEST)
        process.stdin.flush()
        assert memory_of(process.pid) < held + 20 * LONGEST
        process.stdin.close()
        assert process.wait(timeout=30) == 2


def memory_of(process: int) -> int:
    """Resident bytes."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * getpagesize()


def test_a_line_is_answered_before_the_next_one_comes() -> None:
    with Popen([*PROGRAM, "--term", "scam"], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"a scam\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"spans": [[2, 6]]}
        process.stdin.close()
        assert process.wait(timeout=30) == 0
