"""The rulesets a process evaluates with: swapped when the configuration changes, kept when not.

Every batch reads the configuration version in the transaction that leases it, so a change holds
from the next batch on. When the new configuration does not compile, the last good one goes on,
and the reason is logged and kept in `problems`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError

from engine.configuration.compiled import environment_of
from engine.configuration.entry_hits import EntryFinders, entry_finders
from engine.configuration.related import related_fields
from engine.errors import InvalidConfiguration
from engine.items import row_values
from engine.language.counters import compile_counters, unconditional
from services.counter_history import ItemLake
from services.counters import register_counters
from services.rulesets import compile_configuration, load_configuration, unreadable
from store import config, window_events
from store.features import Part, Series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.compiled import LiveRuleset, TypeRuleset
    from engine.configuration.configuration import Configuration
    from engine.language import Counter, Environment
    from engine.language.buckets import Rate

log = structlog.get_logger()

Keys = Callable[[Mapping[str, object]], tuple[str | None, ...]]


@dataclass(frozen=True)
class Family:
    """Stored counters that share their key, asked together.

    slots: where each answer belongs among the ruleset's counters.
    """

    series: tuple[Series, ...]
    slots: tuple[int, ...]


@dataclass(frozen=True)
class Bucket:
    """A token bucket over the events of a stored counter. slot: as of a series."""

    counter_id: int
    slot: int
    rate: Rate


def _no_keys(_row: Mapping[str, object]) -> tuple[str | None, ...]:
    return ()


@dataclass(frozen=True)
class Evaluator:
    """One item type's rules, ready.

    keys: a row's key for each of `families`, None where it has none. finders: where LIVE rules
    read banks. related: the fields that name what rules read of authors and threads.
    bucket_keys: a row's key for each of `buckets`.
    """

    rules: TypeRuleset
    row: Callable[[Mapping[str, object]], dict[str, object]]
    keys: Keys
    families: tuple[Family, ...]
    finders: EntryFinders | None = None
    related: Mapping[str, str] = field(default_factory=dict)
    buckets: tuple[Bucket, ...] = ()
    bucket_keys: Keys = _no_keys


@dataclass(frozen=True)
class Live:
    """evaluators: by item type; a type without one has no rule to evaluate."""

    configuration: Configuration
    evaluators: Mapping[str, Evaluator]
    broken: tuple[str, ...] = ()


@dataclass
class LiveConfigurations:
    """problems: by organisation, why its newest configuration is not the one in use.

    lake_root: where counters that are not running yet find history.
    """

    clock: Callable[[], datetime]
    lake_root: str | None = None
    problems: dict[int, str] = field(default_factory=dict)
    _live: dict[int, Live] = field(default_factory=dict)
    _failed: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self, tx: Connection, org_id: int) -> Live:
        """Raises what compiling raised only when there is no earlier one to go on with."""
        version = config.config_version(tx)
        with self._lock:
            live = self._live.get(org_id)
            if live and version in {live.configuration.config_version, self._failed.get(org_id)}:
                return live
            return self._swap(tx, org_id, live, version)

    def known(self, org_id: int) -> tuple[Live, tuple[int, ...]] | None:
        """What was current last, and the configuration versions for which it still is.

        For whoever has the version compared where what is asked is done. Asks nobody.
        """
        with self._lock:
            live = self._live.get(org_id)
            if live is None:
                return None
            version, failed = live.configuration.config_version, self._failed.get(org_id)
            return live, (version,) if failed is None else (version, failed)

    def _swap(self, tx: Connection, org_id: int, last_good: Live | None, version: int) -> Live:
        try:
            with tx.begin_nested():
                live = load_live(tx, self.clock(), self._lake(org_id))
        except DBAPIError:
            raise
        except Exception as error:
            self.problems[org_id] = f"{type(error).__name__}: {error}"[:1000]
            log.exception("configuration_not_compiled", org_id=org_id, version=version)
            if last_good is None and isinstance(error, InvalidConfiguration):
                raise unreadable(error) from error
            if last_good is None:
                raise
            self._failed[org_id] = version
            return last_good
        self._live[org_id] = live
        self.problems.pop(org_id, None)
        self._failed.pop(org_id, None)
        log.info(
            "configuration_live",
            org_id=org_id,
            version=live.configuration.config_version,
            rules=sum(len(e.rules.rules) for e in live.evaluators.values()),
            broken=list(live.broken),
        )
        return live

    def _lake(self, org_id: int) -> ItemLake | None:
        return ItemLake(self.lake_root, org_id) if self.lake_root else None


def load_live(tx: Connection, now: datetime, lake: ItemLake | None = None) -> Live:
    """Compiles what is configured, and registers any counter that is not running yet."""
    compiled = compile_configuration(load_configuration(tx), now)
    return _live(compiled, _counter_ids(tx, compiled, lake))


def look_live(tx: Connection, configuration: Configuration, now: datetime) -> Live:
    """To look at items with: starts no counter, and one that is not running is unknown."""
    running = {known.identity: known.counter_id for known in window_events.registered(tx)}
    return _live(compile_configuration(configuration, now), running)


def _live(compiled: LiveRuleset, counter_ids: Mapping[str, int]) -> Live:
    environment = environment_of(compiled.configuration)
    evaluators = {
        type_id: _evaluator(rules, counter_ids, environment)
        for type_id, rules in compiled.by_type.items()
    }
    broken = tuple(rule.rule_id for rule in compiled.broken)
    return Live(compiled.configuration, evaluators, broken)


def _evaluator(
    rules: TypeRuleset, counter_ids: Mapping[str, int], environment: Environment
) -> Evaluator:
    by_identity: dict[str, list[tuple[int, Counter]]] = {}
    bucketed: list[tuple[int, Counter]] = []
    for slot, counter in enumerate(rules.ruleset.counters):
        if counter.identity not in counter_ids:
            continue
        if counter.rate is not None:
            bucketed.append((slot, counter))
        else:
            by_identity.setdefault(counter.identity, []).append((slot, counter))
    by_key: dict[tuple[str, ...], list[tuple[int, list[tuple[int, Counter]]]]] = {}
    for identity, members in by_identity.items():
        key_fields = members[0][1].key_fields
        by_key.setdefault(key_fields, []).append((counter_ids[identity], members))
    keys = _keys([sharing[0][1][0][1] for sharing in by_key.values()])
    families = tuple(_family(sharing) for sharing in by_key.values())
    finders = entry_finders(rules, environment)
    related = related_fields(rules.predicates.values())
    buckets = tuple(
        Bucket(counter_ids[counter.identity], slot, counter.rate)
        for slot, counter in bucketed
        if counter.rate is not None
    )
    bucket_keys = _keys([counter for _, counter in bucketed])
    return Evaluator(
        rules, row_values(rules.item_type), keys, families, finders, related, buckets, bucket_keys
    )


def _family(sharing: Sequence[tuple[int, Sequence[tuple[int, Counter]]]]) -> Family:
    """sharing: the stored counters of one key, each with what asks it and its slot."""
    series = tuple(
        Series(counter_id, tuple(Part(each.window_us, each.measure) for _, each in members))
        for counter_id, members in sharing
    )
    return Family(series, tuple(slot for _, members in sharing for slot, _ in members))


def _keys(counters: Sequence[Counter]) -> Keys:
    """The key of each counter whether or not the item meets its condition; each key made once."""
    distinct = {c.key_fields: unconditional(c) for c in counters}
    places = [list(distinct).index(counter.key_fields) for counter in counters]
    made = compile_counters(list(distinct.values()))

    def keys(row: Mapping[str, object]) -> tuple[str | None, ...]:
        found = made(row)
        return tuple([found[place] for place in places])

    return keys


def _counter_ids(tx: Connection, compiled: LiveRuleset, lake: ItemLake | None) -> dict[str, int]:
    """By identity."""
    for rules in compiled.by_type.values():
        register_counters(tx, rules.item_type, rules.ruleset.counters, lake)
    return {known.identity: known.counter_id for known in window_events.registered(tx)}
