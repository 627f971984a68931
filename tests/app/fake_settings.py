"""The stand-in's organisation: its settings as they are at first, and its signing keys."""

from __future__ import annotations

from typing import Any

from tests.app.fake_data import ago

Doc = dict[str, Any]
DEFAULTS: Doc = {
    "appealsEnabled": True,
    "appealCallback": None,
    "independentAppealReviewer": True,
    "appealReversal": True,
    "ignoreCallback": None,
    "closeCallback": None,
    "partialItems": None,
    "partialItemsTimeoutMs": 5000,
    "partialItemsCacheSeconds": 300,
    "strikeTtlDays": 90,
    "strikeThresholds": [],
    "decisionNeedsPolicy": False,
    "decisionNeedsReason": False,
    "liveNeedsSecondPerson": False,
    "liveNeedsFreshBacktest": False,
    "itemsPerSecond": None,
    "maxUnevaluatedAgeSeconds": 300,
    "webhookTimeoutSeconds": 10,
    "allowedPrivateHosts": [],
}
_ONCE = {"updatedAt": ago(5), "updatedBy": "user:u2", "updatedByName": "Grace"}


def settings_of(saved: Doc) -> Doc:
    return {**DEFAULTS, "version": 0, **(_ONCE if saved else {}), **saved}


def signing_keys() -> list[Doc]:
    old = _key("k-old") | {"state": "retired", "webhookSecret": None, "retiredAt": ago(9000)}
    return [_key("k-now"), old]


def next_key(overlap_hours: int) -> Doc:
    active_from = {"activeFrom": ago(-60 * overlap_hours)}
    return _key("k-next") | {"state": "next"} | active_from


def _key(key_id: str) -> Doc:
    pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
    return {
        "keyId": key_id,
        "state": "active",
        "publicKeyPem": pem,
        "webhookSecret": f"whsec_{key_id}",
        "createdAt": ago(9000),
        "activeFrom": ago(9000),
        "retiredAt": None,
    }
