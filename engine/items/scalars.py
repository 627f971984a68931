"""What each scalar accepts and what is stored for it: one coercer a scalar.

A coercer answers the stored value, MISSING for a value that counts as not given, or raises
Refused. It is never given None at the top of a field: null there means not given.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Container, Mapping
from math import isfinite
from typing import Final

from engine.items.instants import instant_text
from engine.items.item_type import Scalar
from engine.items.numbers import SPACE, as_double, number_text, read_number
from engine.items.refusal import MAX_ID_CHARACTERS, MISSING, Refused, check_storable, storable_text
from engine.items.urls import is_web_url, media_kind

Coercer = Callable[[object, Container[str]], object]
"""(value, the ids of the item types that exist) -> stored value."""

MAX_URL_CHARACTERS: Final = 32_768
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
_GEOHASH: Final = re.compile("[0-9b-hjkmnp-zB-HJKMNP-Z]{1,22}")
_IPV4_PART: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"{_IPV4_PART}(?:\.{_IPV4_PART}){{3}}")
_IPV6: Final = re.compile(r"([0-9a-fA-F:.]{2,45})(?:%[0-9a-zA-Z.:-]+)?")


def text(value: object, _known: Container[str]) -> object:
    if not isinstance(value, str):
        raise Refused("It must be text.")
    return value if value.isascii() and "\0" not in value else storable_text(value)


def identifier(value: object, _known: Container[str]) -> object:
    if isinstance(value, str):
        return storable_text(value)
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and as_double(value) is not None
    ):
        return number_text(value)
    raise Refused("It must be text or a number.")


def number(value: object, _known: Container[str]) -> object:
    if type(value) is float and isfinite(value):
        return value
    read: int | float | None = None
    if isinstance(value, str):
        read = read_number(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        read = as_double(value)
    if read is None:
        raise Refused("It must be a finite number, or text that spells one.")
    return read


def boolean(value: object, _known: Container[str]) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        truth = _TRUTHS.get(value.lower())
    else:
        truth = bool(value) if isinstance(value, (int, float)) and value in {0, 1} else None
    if truth is None:
        raise Refused("It must be true or false (or the text or number 1 or 0).")
    return truth


def instant(value: object, _known: Container[str]) -> object:
    if value == "":
        return MISSING
    written = instant_text(value) if isinstance(value, str) else None
    if written is None:
        raise Refused(
            "It must be an ISO-8601 date and time that exists, such as 2026-03-01T09:30:00Z."
        )
    return written


def geohash(value: object, _known: Container[str]) -> object:
    if value == "":
        return MISSING
    if not isinstance(value, str) or not _GEOHASH.fullmatch(value):
        raise Refused("It must be a geohash: 1 to 22 base-32 characters (no a, i, l, o).")
    return value


def ip_address(value: object, _known: Container[str]) -> object:
    trimmed = _trimmed(value, "It must be an IPv4 or IPv6 address, as text.")
    if trimmed == "":
        return MISSING
    if not (_IPV4.fullmatch(trimmed) or _is_ipv6(trimmed)):
        raise Refused("It must be an IPv4 or IPv6 address.")
    return trimmed


def email_address(value: object, _known: Container[str]) -> object:
    return _trimmed(value, "It must be an e-mail address, as text.") or MISSING


def user_id(value: object, known: Container[str]) -> object:
    """The older spelling of a related item: no word about `name`."""
    if not isinstance(value, dict):
        raise Refused("It must be an object with a non-empty text id and an existing typeId.")
    _check_reference(value.get("id"), value.get("typeId"), known)
    if len(value) > 2:  # noqa: PLR2004 - id and typeId, checked above
        check_storable(value)
    return value


def related_item(value: object, known: Container[str]) -> object:
    stored = user_id(value, known)
    if isinstance(value, dict) and not isinstance(value.get("name", ""), str):
        raise Refused("Its name, if given, must be text.").at("name")
    return stored


def url(*, allow_localhost: bool) -> Coercer:
    def coerce(value: object, _known: Container[str]) -> object:
        return MISSING if value == "" else _web_url(value, allow_localhost=allow_localhost)

    return coerce


def media(*, allow_localhost: bool, typed: bool) -> Coercer:
    """typed: also store what kind of medium the URL's extension says."""

    def coerce(value: object, _known: Container[str]) -> object:
        if value == "":
            return MISSING
        address = _web_url(value, allow_localhost=allow_localhost)
        return {"url": address, "mediaType": media_kind(address)} if typed else {"url": address}

    return coerce


def scalar_coercers(*, allow_localhost: bool = False) -> Mapping[Scalar, Coercer]:
    """ENUM and OBJECT are not here: what they accept depends on the field."""
    medium = media(allow_localhost=allow_localhost, typed=False)
    return {
        Scalar.STRING: text,
        Scalar.ID: identifier,
        Scalar.POLICY_ID: identifier,
        Scalar.USER_ID: user_id,
        Scalar.RELATED_ITEM: related_item,
        Scalar.NUMBER: number,
        Scalar.BOOLEAN: boolean,
        Scalar.DATETIME: instant,
        Scalar.URL: url(allow_localhost=allow_localhost),
        Scalar.IMAGE: medium,
        Scalar.VIDEO: medium,
        Scalar.AUDIO: medium,
        Scalar.MEDIA: media(allow_localhost=allow_localhost, typed=True),
        Scalar.GEOHASH: geohash,
        Scalar.IP_ADDRESS: ip_address,
        Scalar.EMAIL_ADDRESS: email_address,
    }


def _web_url(value: object, *, allow_localhost: bool) -> str:
    if not isinstance(value, str):
        raise Refused("It must be a URL, as text.")
    if len(value) > MAX_URL_CHARACTERS:
        raise Refused(f"A URL has at most {MAX_URL_CHARACTERS} characters.")
    if not is_web_url(storable_text(value), allow_localhost=allow_localhost):
        raise Refused("It must be an http or https URL that does not point at this machine.")
    return value


def _check_reference(item_id: object, type_id: object, known: Container[str]) -> None:
    if not isinstance(item_id, str) or not item_id:
        raise Refused("Its id must be text, and not empty.").at("id")
    if len(item_id) > MAX_ID_CHARACTERS:
        raise Refused(f"Its id is longer than {MAX_ID_CHARACTERS} characters.").at("id")
    storable_text(item_id)
    if not isinstance(type_id, str) or type_id not in known:
        raise Refused("Its typeId must be the id of an item type that exists.").at("typeId")


def _trimmed(value: object, reason: str) -> str:
    if not isinstance(value, str):
        raise Refused(reason)
    return storable_text(value.strip(SPACE))


def _is_ipv6(value: str) -> bool:
    parts = _IPV6.fullmatch(value)
    if parts is None:
        return False
    try:
        ipaddress.IPv6Address(parts[1])
    except ValueError:
        return False
    return True
