"""Coop's aggregations as counters: how many items of one key lately met a condition.

A counter slides where Coop's windows hop, counts by arrival, and counts items of one type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.coop_import.inputs import SELF, Read, Refused, Scope, read_input
from engine.items import Scalar
from engine.language.duckdb_sql import text_sql
from engine.language.intervals import LONGEST_INTERVAL_US, format_interval

if TYPE_CHECKING:
    from engine.coop_import.inputs import Value

MILLISECOND_US: Final = 1000
AT: Final = "signal/args"
COUNTED_BY: Final = frozenset({Scalar.STRING, Scalar.ID, Scalar.USER_ID})
"""What Coop can group by; by anything else it fails whenever it is asked."""


@dataclass(frozen=True)
class Count:
    """sql: empty where Coop fails always. certain: the item that asks is always among them."""

    sql: str
    certain: bool = False


AskCount = Callable[[object], Count]
"""Of a signal that aggregates; raises Refused."""


@dataclass(frozen=True)
class Clause:
    """given: what is counted. key: where in the condition it stands."""

    given: Mapping[object, object]
    key: str

    @property
    def condition_set(self) -> object:
        return self.given.get("conditionSet")


def clause_of(signal: object) -> Clause:
    """Raises Refused. Coop's own interface wraps the clause in the signal's name."""
    args = signal.get("args") if isinstance(signal, Mapping) else None
    key = AT
    if isinstance(args, Mapping) and isinstance(args.get("AGGREGATION"), Mapping):
        args, key = args["AGGREGATION"], f"{AT}/AGGREGATION"
    clause = args.get("aggregationClause") if isinstance(args, Mapping) else None
    if not isinstance(clause, Mapping):
        raise Refused(key, "the aggregation says nothing of what it counts")
    return Clause(clause, f"{key}/aggregationClause")


def count_of(clause: Clause, where: str, scope: Scope) -> Count:
    """where: the condition that counted items met, TRUE without one. Raises Refused."""
    kind = clause.given.get("aggregation")
    if not isinstance(kind, Mapping) or kind.get("type") != "COUNT":
        raise Refused(f"{clause.key}/aggregation", "Coop knows no aggregation but COUNT")
    if len(scope.asked) > 1:
        raise Refused(
            f"{clause.key}/groupBy",
            f"the rule is asked of {' and '.join(scope.asked)}: Coop counts them together, "
            "a counter counts one item type",
            "give each item type a rule of its own",
        )
    window = _window(clause, scope)
    keys = _keys(clause, scope)
    if not keys:
        return Count("")
    certain = where == "TRUE"
    parts = [*keys, text_sql(window), *([] if certain else [where])]
    return Count(f"count_recent({', '.join(parts)})", certain)


def _window(clause: Clause, scope: Scope) -> str:
    at = f"{clause.key}/window"
    given = clause.given.get("window")
    window = given if isinstance(given, Mapping) else {}
    size, hop = (_length(window.get(each)) for each in ("sizeMs", "hopMs"))
    if not size or not hop:
        raise Refused(at, "a window has a size and a hop: `sizeMs` and `hopMs`, above 0")
    scope.warn(
        f"counts what arrived within {size}, to the microsecond; Coop goes by the time an item was "
        f"made, in steps of {hop}, and reaches back up to a step further"
    )
    return size


def _length(given: object) -> str:
    """Empty where it is no length of time."""
    if not isinstance(given, int | float) or isinstance(given, bool):
        return ""
    microseconds = round(given * MILLISECOND_US) if 0 < given < LONGEST_INTERVAL_US else 0
    return format_interval(microseconds) if 0 < microseconds <= LONGEST_INTERVAL_US else ""


def _keys(clause: Clause, scope: Scope) -> tuple[str, ...]:
    """Nothing where Coop fails for want of a key."""
    at, given = f"{clause.key}/groupBy", clause.given.get("groupBy")
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise Refused(at, "a list of what to count by is needed")
    reads = [_read(each, scope, f"{at}/{place}") for place, each in enumerate(given)]
    keyed = [(given[n], read, f"{at}/{n}") for n, read in enumerate(reads) if not read.whole]
    if not keyed:
        raise Refused(
            at,
            "Coop counts all items together; a counter needs a field to count by",
            "count by a field that is the same in all of them",
        )
    if not all(_groups(each, read, scope) for each, read, _ in keyed):
        scope.warn("Coop counts by authors, STRINGs and IDs alone: it fails, and so this is NULL")
        return ()
    return tuple(_key(value, place) for _, read, place in keyed for value in read.values)


def _read(given: object, scope: Scope, place: str) -> Read:
    try:
        return read_input(given, scope)
    except Refused as refused:
        raise Refused(place, refused.reason, refused.hint) from refused


def _groups(given: object, read: Read, scope: Scope) -> bool:
    """Whether Coop finds a value to group by."""
    if not read.values or not isinstance(given, Mapping):
        return False
    if given.get("type") != "CONTENT_FIELD":
        return given.get("name") not in {"Any image", "Any video", "Any geohash"}
    owner = scope.others.get(str(given.get("contentTypeId")), scope.item_type)
    field = owner.field(str(given.get("name")))
    return field is not None and field.type in COUNTED_BY


def _key(value: Value, place: str) -> str:
    if value.sql == SELF:
        raise Refused(place, "a counter cannot count by the user that is the item itself")
    if value.related:
        raise Refused(place, f"a counter cannot count by {value.sql}, which is not the item's own")
    if value.listed:
        raise Refused(place, f"a counter cannot count by the list {value.sql}")
    return f"CASE WHEN NOT ({value.missing}) THEN {value.sql} END" if value.missing else value.sql
