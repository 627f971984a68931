"""Arrays written by hand are read by Postgres as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.raw import cursor, numbers, texts, whole_numbers

if TYPE_CHECKING:
    from store.database import Database

READ = "SELECT %(texts)s::text[], %(whole)s::bigint[], %(numbers)s::float8[]"
TEXTS = st.text(
    st.one_of(st.sampled_from('"\\{},N \x1f\n'), st.characters(exclude_categories=["Cs"])),
    max_size=8,
).map(lambda value: value.replace("\0", ""))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(st.one_of(TEXTS, st.just("NULL"), st.none())),
    whole=st.lists(st.integers(-(2**63), 2**63 - 1)),
    others=st.lists(st.one_of(st.floats(allow_nan=False, allow_subnormal=False), st.none())),
)
def test_arrays_arrive_as_they_were(
    database: Database, values: list[str | None], whole: list[int], others: list[float | None]
) -> None:
    with database.system() as tx:
        sent = {"texts": texts(values), "whole": whole_numbers(whole), "numbers": numbers(others)}
        [found] = cursor(tx).execute(READ, sent)
    assert found == (values, whole, others)
