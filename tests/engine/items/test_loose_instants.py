"""Times as browsers and mail write them."""

from __future__ import annotations

import pytest

from engine.items.instants import read_loose_instant, write_instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000Z"),
        ("2026-01-05", "2026-01-05T00:00:00.000Z"),
        ("2026-01-05T09:00", "2026-01-05T09:00:00.000Z"),
        ("2026-01-05T09:00+01:00", "2026-01-05T08:00:00.000Z"),
        ("Mon, 05 Jan 2026 09:00:00 GMT", "2026-01-05T09:00:00.000Z"),
        ("Mon Jan 05 2026 09:00:00 GMT+0100 (Central European)", "2026-01-05T08:00:00.000Z"),
        ("January 5, 2026", "2026-01-05T00:00:00.000Z"),
        ("1/5/2026", "2026-01-05T00:00:00.000Z"),
        ("2026-02-30", None),
        ("yesterday", None),
        ("", None),
        ("x" * 100, None),
        ("2026-01-05\0", None),
    ],
)
def test_a_time_as_browsers_write_it_is_read(text: str, expected: str | None) -> None:
    instant = read_loose_instant(text)
    assert (instant and write_instant(instant)) == expected
