"""The settings of a process. This module alone reads the environment."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.errors import InvalidConfiguration, Problem
from engine.webhooks.addresses import entry_problem
from store.database import sqlalchemy_url
from store.secrets import KEY_HINT, SecretBox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "WINNOW_"
# Read elsewhere: by an option of a command, by docker-compose.yml, by the test suite.
NOT_SETTINGS = frozenset(
    {
        "WINNOW_API_KEY",
        "WINNOW_API_PORT",
        "WINNOW_CONSOLE_PORT",
        "WINNOW_DAGSTER_PORT",
        "WINNOW_DATA",
    }
)
LOG_LEVELS = ("debug", "info", "warning", "error")
SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
HIGHEST_PORT = 65535
KIBIBYTE = 1024


@dataclass(frozen=True)
class Settings:
    """var_dir: absolute; everything Winnow keeps on this machine is under it.

    items_per_second: of one key in one process; 0 for no limit.
    """

    var_dir: Path
    database_url: str | None
    lake_url: str | None
    secret_key: str | None
    host: str
    port: int
    postgres_port: int | None
    api_url: str
    log_level: str
    max_body_bytes: int
    items_per_second: int
    secure_cookies: bool
    allowed_private_hosts: tuple[str, ...]

    @property
    def lake_root(self) -> str:
        return self.lake_url or str(self.var_dir / "lake")

    @property
    def postgres_dir(self) -> Path:
        return self.var_dir / "postgres"

    @property
    def secret_key_file(self) -> Path:
        return self.var_dir / "secret.key"


@dataclass(frozen=True)
class Setting:
    """One environment variable. default: what is used when it is missing or empty.

    parse: raises ValueError with what is wrong; hint: what to write instead.
    """

    key: str
    field: str
    default: str
    meaning: str
    hint: str
    parse: Callable[[str], object]


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _database_url(text: str) -> str | None:
    if not text:
        return None
    try:
        sqlalchemy_url(text)
    except InvalidConfiguration as error:
        raise ValueError("is not the URL of a Postgres server") from error
    return text


def _secret_key(text: str) -> str | None:
    if not text:
        return None
    try:
        SecretBox(tuple(part.strip() for part in text.split(",")))
    except InvalidConfiguration as error:
        raise ValueError("is not 32 bytes in URL-safe base64") from error
    return text


def _lake_url(text: str) -> str | None:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text.rstrip("/") or None


def _host(text: str) -> str:
    if not text.strip() or any(letter in text for letter in " /@"):
        raise ValueError("is not a host name or address")
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise ValueError(f"is not a port, a whole number from 1 to {HIGHEST_PORT}")
    return int(text)


def _port_or_none(text: str) -> int | None:
    return _port(text) if text else None


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an http or https URL")
    return text.rstrip("/")


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"is not one of {', '.join(LOG_LEVELS)}")
    return text.lower()


def _bytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < KIBIBYTE:
        raise ValueError(f"is not a whole number of bytes, {KIBIBYTE} or more")
    return int(text)


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("is not a whole number, 0 or more")
    return int(text)


def _private_hosts(text: str) -> tuple[str, ...]:
    entries = tuple(entry.strip() for entry in text.split(",") if entry.strip())
    for entry in entries:
        problem = entry_problem(entry)
        if problem:
            raise ValueError(f"is wrong: {problem}")
    return entries


def _switch(text: str) -> bool:
    if text.lower() not in SWITCHES:
        raise ValueError(f"is not one of {', '.join(SWITCHES)}")
    return SWITCHES[text.lower()]


SETTINGS = (
    Setting(
        "WINNOW_VAR",
        "var_dir",
        "./var",
        "Directory for everything kept on this machine: embedded Postgres, lake, keys, logs.",
        "Name a directory that you may write to.",
        _path,
    ),
    Setting(
        "DATABASE_URL",
        "database_url",
        "",
        "External Postgres server, version 15 or newer. Empty: the embedded one is started.",
        "It looks like postgresql://user:password@host:5432/database.",
        _database_url,
    ),
    Setting(
        "LAKE_URL",
        "lake_url",
        "",
        "Where the lake's Delta tables are: a path or an object store. Empty: `lake` under "
        "`WINNOW_VAR`.",
        "It looks like s3://bucket/prefix or /path/to/lake.",
        _lake_url,
    ),
    Setting(
        "WINNOW_SECRET_KEY",
        "secret_key",
        "",
        "Encrypts stored secrets. Several with commas: the first encrypts, all decrypt. Empty: "
        "one is made in `secret.key` under `WINNOW_VAR`.",
        KEY_HINT,
        _secret_key,
    ),
    Setting(
        "WINNOW_HOST",
        "host",
        "127.0.0.1",
        "Address that the API and the console listen on.",
        "Use 127.0.0.1 for this machine alone or 0.0.0.0 for every network it is on.",
        _host,
    ),
    Setting(
        "WINNOW_PORT",
        "port",
        "8080",
        "Port that the API and the console listen on.",
        "Use a free one such as 8080.",
        _port,
    ),
    Setting(
        "WINNOW_POSTGRES_PORT",
        "postgres_port",
        "",
        "Port of the embedded Postgres. Empty: a free one, kept over restarts.",
        "Use a free one such as 5433, or leave it out.",
        _port_or_none,
    ),
    Setting(
        "WINNOW_API_URL",
        "api_url",
        "http://127.0.0.1:8080/api/v1",
        "Where the console finds the API.",
        "It looks like https://winnow.example/api/v1.",
        _http_url,
    ),
    Setting(
        "WINNOW_LOG_LEVEL",
        "log_level",
        "info",
        "The least important messages that are logged.",
        f"Use one of {', '.join(LOG_LEVELS)}.",
        _log_level,
    ),
    Setting(
        "WINNOW_MAX_BODY_BYTES",
        "max_body_bytes",
        "52428800",
        "Largest request body that the API accepts, in bytes.",
        "52428800 is 50 MiB.",
        _bytes,
    ),
    Setting(
        "WINNOW_ITEMS_PER_SECOND",
        "items_per_second",
        "50000",
        "Items that one key may send a second, to each API process; the rest is answered 429. "
        "0: no limit.",
        "Use a whole number such as 5000, or 0 for no limit.",
        _rate,
    ),
    Setting(
        "WINNOW_SECURE_COOKIES",
        "secure_cookies",
        "false",
        "Send the console's cookie over https only. Set it wherever there is TLS in front.",
        "Use true or false.",
        _switch,
    ),
    Setting(
        "WINNOW_ALLOWED_PRIVATE_HOSTS",
        "allowed_private_hosts",
        "",
        "Hosts of private networks that webhooks may go to, with commas: names, `*.names`, "
        "addresses, networks. Empty: public addresses alone.",
        "It looks like localhost,10.0.0.0/8,*.internal.",
        _private_hosts,
    ),
)


def load_settings(
    environment: Mapping[str, str] | None = None, *, var_dir: Path | None = None
) -> Settings:
    """var_dir: what a command line says, which goes before the environment.

    Raises InvalidConfiguration with a problem for every key that is wrong.
    """
    found = os.environ if environment is None else environment
    if var_dir is not None:
        found = {**found, "WINNOW_VAR": str(var_dir)}
    problems = _unknown_keys(found)
    values: dict[str, object] = {}
    for setting in SETTINGS:
        try:
            values[setting.field] = setting.parse(found.get(setting.key) or setting.default)
        except ValueError as error:
            problems.append(Problem(f"{setting.key} {error}.", setting.key, setting.hint))
    if problems:
        raise InvalidConfiguration(
            problems[0].message, hint=problems[0].hint, problems=tuple(problems)
        )
    return Settings(**values)  # type: ignore[arg-type]  # a test holds SETTINGS to the fields


def _unknown_keys(environment: Mapping[str, str]) -> list[Problem]:
    known = [setting.key for setting in SETTINGS]
    problems = []
    for key in sorted(environment):
        if key.startswith(PREFIX) and key not in known and key not in NOT_SETTINGS:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Remove it: no setting has this name."
            problems.append(Problem(f"{key} is not a setting.", key, hint))
    return problems
