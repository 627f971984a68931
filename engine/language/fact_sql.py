"""What was known of an entity when each item of history arrived, in DuckDB.

A fact is known from its instant to its end. So the facts of an entity make a step function of time,
and an item reads the step it stands on: one ASOF join a feature, however many facts there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.language.counter_sql import MILLIONTHS, TOTAL
from engine.language.measures import LARGEST
from engine.language.nodes import ArrivalTime, FactMeasure, FieldRead
from engine.language.types import ID, TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language.nodes import FactFeature
    from engine.language.operator import SqlEmitter

FACTS: Final = "known_facts"
"""A relation of the session: kind, subject_type_id, subject_id, name, amount, begins, ends; one row
a fact. begins, ends: whole microseconds since 1970; ends is null where it never ends."""

ITEM_ID: Final = '"_item_id"'

_STEPS: Final = """
SELECT type_id, id, moment,
       sum(units) OVER (PARTITION BY type_id, id ORDER BY moment) AS units
FROM (
    SELECT type_id, id, moment, sum(units) AS units
    FROM (SELECT type_id, id, begins AS moment, units FROM ({facts})
          UNION ALL
          SELECT type_id, id, ends AS moment, -units FROM ({facts}) WHERE ends IS NOT NULL)
    GROUP BY type_id, id, moment
)
"""
_FACTS: Final = """
SELECT * FROM (
    SELECT subject_type_id AS type_id, subject_id AS id, begins, {ends} AS ends, {units} AS units
    FROM {source} WHERE kind = '{kind}'{named}
) WHERE units IS NOT NULL AND (ends IS NULL OR ends > begins)
"""


def fact_column(place: int) -> str:
    return f'"_fact_{place}"'


def with_facts(
    emitter: SqlEmitter, features: Sequence[FactFeature], type_id: str, relation: str
) -> str:
    """type_id: of the items in the relation, which has `_item_id` if one is asked about itself."""
    if not features:
        return relation
    subjects = [_subject(emitter, each, type_id) for each in features]
    keys = [
        f"{part} AS _subject_{place}_{name}"
        for place, parts in enumerate(subjects)
        for name, part in zip(("type", "id"), parts, strict=True)
    ]
    now = f"epoch_us({emitter.value(ArrivalTime(TIME))}) AS _now_us"
    joins = "".join(_join(place, feature) for place, feature in enumerate(features))
    answers = ", ".join(_answer(place, feature) for place, feature in enumerate(features))
    added = [each.rpartition(" ")[2] for each in (*keys, now)]
    return (
        f"(SELECT _asking.* EXCLUDE ({', '.join(added)}), {answers} "  # noqa: S608 - checked nodes
        f"FROM (SELECT *, {', '.join(keys)}, {now} FROM {relation}) AS _asking{joins})"
    )


def _subject(emitter: SqlEmitter, feature: FactFeature, type_id: str) -> tuple[str, str]:
    if not feature.subject:
        return _text(type_id), ITEM_ID
    of_type, of_id = (
        emitter.value(FieldRead(ID, (*feature.subject, member))) for member in ("typeId", "id")
    )
    return of_type, of_id


def _join(place: int, feature: FactFeature) -> str:
    """Every side of an ASOF join is read whole, so the steps are made for all entities at once."""
    return (
        f" ASOF LEFT JOIN ({_STEPS.format(facts=_facts(feature))}) AS _steps_{place}"
        f" ON _steps_{place}.type_id = _asking._subject_{place}_type"
        f" AND _steps_{place}.id = _asking._subject_{place}_id"
        f" AND _steps_{place}.moment <= _asking._now_us"
    )


def _facts(feature: FactFeature) -> str:
    ends = "ends"
    if feature.window_us is not None:
        ends = f"least(ends, begins + CAST({feature.window_us} AS BIGINT))"
    units = "1000000"
    if feature.measure is FactMeasure.STRIKES:
        units = f"CASE WHEN abs(amount) <= {LARGEST!r}e0 THEN {MILLIONTHS.format('amount')} END"
    return _FACTS.format(
        source=FACTS,
        kind=feature.measure.kind,
        named=f" AND name = {_text(feature.name)}" if feature.name else "",
        ends=ends,
        units=units,
    )


def _answer(place: int, feature: FactFeature) -> str:
    units = f"greatest(coalesce(_steps_{place}.units, 0), 0)"
    answer = f"({units} > 0)" if feature.measure is FactMeasure.LABEL else TOTAL.format(units)
    known = " AND ".join(
        f"_asking.{each} IS NOT NULL"
        for each in (f"_subject_{place}_type", f"_subject_{place}_id", "_now_us")
    )
    return f"CASE WHEN {known} THEN {answer} END AS {fact_column(place)}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
