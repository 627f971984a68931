"""A short run of the fuzzer over every operation; `make fuzz-api` runs it for longer."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.api.openapi_fuzz import fuzz, operations

if TYPE_CHECKING:
    from tests.world import Organisation

EXAMPLES = 3
BUDGET_S = 50.0


@pytest.mark.filterwarnings("ignore")
def test_every_operation_answers_as_it_is_described(base_url: str, org: Organisation) -> None:
    url, until, asked = base_url.removesuffix("/api/v1"), monotonic() + BUDGET_S, 0
    for operation in operations(url):
        if monotonic() > until:
            break
        fuzz(url, org.api_key, operation, EXAMPLES, number=asked)
        asked += 1
    assert asked > 40
