"""The `Idempotency-Key` of a request, for routes whose service keeps it with what it does."""

from typing import Annotated

from fastapi import Depends, Header, Request

from api.ingest import once_of
from engine.idempotency import HEADER, Once

DESCRIPTION = (
    "Chosen by the caller, fresh for each request and the same when it is sent again: what was "
    "done is not done twice, and is answered alike. Kept for 24 hours."
)


async def once_asked(
    request: Request,
    _key: Annotated[str | None, Header(alias=HEADER, description=DESCRIPTION)] = None,
) -> Once | None:
    """Raises InvalidInput for a key that is none."""
    endpoint = request.scope["route"].path.rpartition("/v1/")[2]
    return once_of(request, endpoint, await request.body())


Asked = Annotated[Once | None, Depends(once_asked)]
