"""How values look in JSON: camelCase keys, ISO-8601 UTC times, cursor-paged lists."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel, StringConstraints
from pydantic.alias_generators import to_camel

from api.errors import ERRORS
from engine.configuration.reader import storable, storable_json
from engine.errors import WinnowError
from engine.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest, page_request

T = TypeVar("T")
SCHEMAS = "#/components/schemas/"


def wire_name(name: str) -> str:
    """`item_id` is `itemId`; `from_`, a word of Python, is `from`."""
    return to_camel(name.rstrip("_"))


class Reply(RootModel[T], Generic[T]):
    """Any frozen value of ours, its keys in camelCase."""

    model_config = ConfigDict(alias_generator=wire_name, populate_by_name=True)


class Body(BaseModel):
    """What a caller sends. A key that is not known is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


def _storable(text: str) -> str:
    if not storable(text):
        raise ValueError("a NUL or a lone surrogate cannot be stored")
    return text


def _storable_json(value: Any) -> Any:
    if not storable_json(value):
        raise ValueError("too deep, or holds a NUL, a lone surrogate or a number without value")
    return value


Text = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(_storable)]
Words = Annotated[str, StringConstraints(max_length=255), AfterValidator(_storable)]
Json = Annotated[Any, AfterValidator(_storable_json)]
Document = Annotated[dict[str, Any], AfterValidator(_storable_json)]


class ErrorItem(BaseModel):
    message: str
    pointer: str
    hint: str
    slug: str


class ProblemDetails(BaseModel):
    """RFC 9457, with the caller's mistakes one by one."""

    type: str
    title: str
    status: int
    detail: str
    hint: str
    errors: list[ErrorItem]


def problem_schemas() -> dict[str, Any]:
    """What `documented` refers to; the application's description holds it once."""
    schema = ProblemDetails.model_json_schema(ref_template=SCHEMAS + "{model}")
    return {**schema.pop("$defs"), "ProblemDetails": schema}


def documented(*kinds: type[WinnowError]) -> dict[int | str, dict[str, Any]]:
    """The answers a route may give when it refuses, for its OpenAPI entry."""
    return {
        ERRORS[kind].status: {
            "description": ERRORS[kind].title,
            "content": {
                "application/problem+json": {"schema": {"$ref": f"{SCHEMAS}ProblemDetails"}}
            },
        }
        for kind in kinds
    }


def paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> PageRequest:
    return page_request(limit, cursor or None)


def whole(values: Iterable[T]) -> Page[T]:
    """A list that is short by nature, in the shape of every list."""
    return Page(tuple(values))


def listed(
    page: Page[T], change: Callable[[T], Mapping[str, object]]
) -> dict[str, Sequence[object] | str | None]:
    """A page of documents whose keys are JSON already."""
    return {"items": [change(item) for item in page.items], "nextCursor": page.next_cursor}
