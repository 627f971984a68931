"""The API against its own description: `make fuzz-api`, and a short run of it in the tests.

Schemathesis makes requests that the description allows and some that it does not. No answer may be
a 5xx, and every answer must be one that the description names, in the shape it gives.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import uuid
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.errors import UNKNOWN_ROUTE
from api.main import create_app
from services.context import Context
from services.organisations import create_organisation
from store.database import Database
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.secrets import SecretBox
from tests.api.conftest import served
from tests.world import MovableClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import APIOperation, Case

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# A key that is revoked or a session that is ended would end the run with it.
NOT_FOUND = 404
LEFT_OUT = {("delete", "/api/v1/sessions/current")}


def operations(url: str) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """Every operation of the description that this URL serves."""
    described = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    for result in described.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if (operation.method.lower(), operation.full_path) not in LEFT_OUT:
            yield operation


def fuzz(
    url: str, key: str, operation: APIOperation[Any, Any, Any, Any], examples: int, number: int
) -> None:
    """Raises what was found, with the request that shows it. number: the seed."""
    session = requests.Session()
    session.headers["X-API-Key"] = key

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def conforms(case: Case[Any]) -> None:
        answer = case.call(base_url=url, session=session, timeout=30)
        if answer.status_code == NOT_FOUND and UNKNOWN_ROUTE.encode() in answer.content:
            return  # an id that is no one step of a path names no route of ours
        case.validate_response(answer, checks=CHECKS)

    with session:
        conforms()


def main() -> int:
    """Against a server of its own; says what was found and gives 1 if anything was."""
    options = argparse.ArgumentParser()
    options.add_argument("--examples", type=int, default=200, help="for each operation")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="a part of the operation's path")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        server = EmbeddedPostgres(Path(directory) / "postgres", overrides={"fsync": "off"})
        try:
            return _against(server.start(), directory, chosen)
        finally:
            server.stop()


def _against(database_url: str, directory: str, chosen: Any) -> int:
    migrate(database_url)
    secrets = SecretBox((Fernet.generate_key().decode(),))
    database = Database(database_url)
    context = Context(database, directory, secrets, MovableClock(), lambda: str(uuid.uuid4()))
    key = create_organisation(context, "Fuzz", "admin@fuzz.example").api_key
    found = 0
    with served(create_app(context)) as url:
        for operation in operations(url):
            if chosen.only in operation.full_path:
                found += _told(url, key, operation, chosen)
    database.close()
    return 1 if found else 0


def _told(url: str, key: str, operation: APIOperation[Any, Any, Any, Any], chosen: Any) -> int:
    started = monotonic()
    words = "ok"
    try:
        fuzz(url, key, operation, chosen.examples, chosen.seed)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        words = f"{type(error).__name__}: {error}"
    seconds = monotonic() - started
    sys.stdout.write(f"{operation.method:<7}{operation.full_path}  {seconds:.1f} s  {words}\n")
    sys.stdout.flush()
    return words != "ok"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main())
