"""Items that a platform never sent, asked for when somebody looks at them.

Answers are kept for a while, within a process. One request asks for all that is missing.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from clients.webhooks import Limits, Message, call
from engine.configuration.callbacks import Callback
from engine.configuration.configuration import Configuration
from engine.errors import Conflict, Problem, Unavailable
from engine.items import Item, ItemRef, ItemType, RawItem, coerce_item
from engine.permissions import Permission
from engine.webhooks.backoff import is_success
from engine.webhooks.partial import MISSING, REFUSED, InvalidAnswer, read_answer, request_body
from engine.webhooks.signature import SigningKey, SigningKeys
from services.context import Caller, Context, require
from services.outgoing import reach_of, signed_message
from services.rulesets import known_configuration
from services.signing_keys import load_signing_keys
from store.database import Database

MOST_TOGETHER = 100
MOST_KEPT = 10_000
LIMITS = Limits(answer_bytes=5 * 1024 * 1024, kept_bytes=0)


@dataclass(frozen=True)
class PartialItem:
    """data: what the platform told, without the item type's hidden fields."""

    item_id: str
    item_type_id: str
    item_type_name: str
    data: Mapping[str, object]
    fetched_at: datetime


@dataclass
class _Kept:
    """What a process knows: the latest items first out, and keys ready to sign."""

    items: OrderedDict[tuple[int, ItemRef], tuple[Item, datetime]] = field(
        default_factory=OrderedDict
    )
    keys: dict[str, SigningKey] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def known(
        self, org_id: int, wanted: Sequence[ItemRef], oldest: datetime
    ) -> dict[ItemRef, tuple[Item, datetime]]:
        with self.lock:
            found = {ref: self.items.get((org_id, ref)) for ref in wanted}
        return {ref: one for ref, one in found.items() if one is not None and one[1] > oldest}

    def keep(self, org_id: int, found: Mapping[ItemRef, tuple[Item, datetime]]) -> None:
        with self.lock:
            for ref, one in found.items():
                self.items[org_id, ref] = one
                self.items.move_to_end((org_id, ref))
            while len(self.items) > MOST_KEPT:
                self.items.popitem(last=False)


_kept: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()
_kept_lock = threading.Lock()


@dataclass(frozen=True)
class _Asking:
    """Everything about a request but the items it asks for."""

    callback: Callback
    configuration: Configuration
    keys: SigningKeys


def partial_items(
    context: Context, caller: Caller, wanted: Sequence[ItemRef]
) -> tuple[PartialItem, ...]:
    """Those the platform knows, in the order asked for.

    Raises Conflict where no endpoint is configured, Unavailable when it does not answer as it
    should; the problem's slug is Coop's name of the error.
    """
    require(caller, Permission.VIEW_MRT)
    asking = _asking(context, caller.org_id)
    known = _known(context, caller.org_id, asking, wanted)
    return tuple(
        _view(*known[ref], asking.configuration.item_types)
        for ref in dict.fromkeys(wanted)
        if ref in known
    )


def told_item(context: Context, org_id: int, wanted: ItemRef) -> Item | None:
    """Whole, for services that have asked for permission; None when the platform has no such item.

    Raises as `partial_items`.
    """
    known = _known(context, org_id, _asking(context, org_id), [wanted])
    return known[wanted][0] if wanted in known else None


def _known(
    context: Context, org_id: int, asking: _Asking, wanted: Sequence[ItemRef]
) -> dict[ItemRef, tuple[Item, datetime]]:
    now, kept = context.clock(), _of(context.database)
    seconds = asking.configuration.settings.partial_items_cache_seconds
    known = kept.known(org_id, wanted, now - timedelta(seconds=seconds))
    missing = [ref for ref in dict.fromkeys(wanted) if ref not in known]
    for start in range(0, len(missing), MOST_TOGETHER):
        together = missing[start : start + MOST_TOGETHER]
        found = {ref: (item, now) for ref, item in _fetched(context, asking, together).items()}
        kept.keep(org_id, found)
        known |= found
    return known


def _of(database: Database) -> _Kept:
    with _kept_lock:
        return _kept.setdefault(database, _Kept())


def _asking(context: Context, org_id: int) -> _Asking:
    kept = _of(context.database)
    with context.database.transaction(org_id) as tx:
        configuration = known_configuration(tx)
        callback = configuration.settings.partial_items
        if callback is None:
            message = "no endpoint for partial items is configured"
            hint = "set `partialItems` in the organisation's settings"
            raise Conflict(message, hint=hint, problems=(Problem(message, "", hint, MISSING),))
        keys = load_signing_keys(context, tx, kept.keys)
    kept.keys[keys.active.key_id] = keys.active
    return _Asking(callback, configuration, keys)


def _fetched(context: Context, asking: _Asking, wanted: Sequence[ItemRef]) -> dict[ItemRef, Item]:
    answer = call(_request(context, asking, wanted), LIMITS)
    if not is_success(answer.status):
        said = answer.error or f"it answered {answer.status}"
        message = f"the platform did not give the items: {said}"
        raise Unavailable(message, problems=(Problem(message, "", "", REFUSED),))
    types = asking.configuration.item_types
    raws = read_answer(answer.body, wanted)
    return {ItemRef(raw.type_id, raw.item_id): _coerced(raw, types) for raw in raws}


def _request(context: Context, asking: _Asking, wanted: Sequence[ItemRef]) -> Message:
    settings = asking.configuration.settings
    return signed_message(
        asking.keys,
        reach_of(context, settings),
        url=asking.callback.url,
        headers=asking.callback.headers,
        body=request_body(wanted, asking.callback.body),
        message_id=context.new_id(),
        now=context.clock(),
        timeout_s=settings.partial_items_timeout_ms / 1000,
    )


def _coerced(raw: RawItem, types: Mapping[str, ItemType]) -> Item:
    """Raises InvalidAnswer."""
    item_type = types.get(raw.type_id)
    if item_type is None:
        raise InvalidAnswer(f"there is no item type `{raw.type_id}`")
    item = coerce_item(raw, item_type, types.keys())
    if isinstance(item, Item):
        return item
    raise InvalidAnswer(f"item `{raw.item_id}` is not of its type: {item[0].message}")


def _view(item: Item, fetched_at: datetime, types: Mapping[str, ItemType]) -> PartialItem:
    item_type = types.get(item.type_id)
    hidden = item_type.hidden_fields if item_type else frozenset()
    return PartialItem(
        item_id=item.item_id,
        item_type_id=item.type_id,
        item_type_name=item_type.name if item_type else item.type_id,
        data={name: value for name, value in item.data.items() if name not in hidden},
        fetched_at=fetched_at,
    )
