"""Lists of items, a page at a time: what a client asks for, and the envelope of a page.

Pages go by the last item seen (``after``), never by an offset.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from django.http import QueryDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from responses_api.core.conversation import WireItem
from responses_api.core.create_request import Include
from responses_api.core.validation import invalid_request

MAX_LIMIT = 100
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class ItemQuery(BaseModel):
    """The query parameters of a request for items."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    include: tuple[Include, ...] = ()


class ListQuery(ItemQuery):
    """The query parameters of a request for a page of items."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    """Id of the last item of the page before."""


def read_query[Q: ItemQuery](query: type[Q], given: QueryDict) -> Q:
    """The query parameters in ``given``; unknown ones are ignored.

    Raises:
        InvalidRequest: a value that is out of range or does not exist.
    """
    single: dict[str, Any] = {name: given[name] for name in query.model_fields if name in given}
    if _INTEGER.fullmatch(limit := single.get("limit", "")):
        single["limit"] = int(limit)
    # The official clients write a list as include[]=…&include[]=…, others repeat the plain name.
    include = [name for value in given.getlist("include") for name in value.split(",")]
    try:
        return query.model_validate({**single, "include": include + given.getlist("include[]")})
    except ValidationError as error:
        raise invalid_request(error) from None


def list_body(items: Sequence[WireItem], *, has_more: bool) -> dict[str, Any]:
    """The envelope of a page; the ends of an empty one are empty strings, as the documents demand strings."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else "",
        "last_id": items[-1]["id"] if items else "",
        "has_more": has_more,
    }


def shown(items: Iterable[WireItem], include: Iterable[str]) -> list[WireItem]:
    """Listed items: the images of messages only if they are asked for, since they are large."""
    if "message.input_image.image_url" in include:
        return list(items)
    return [_without_images(item) for item in items]


def _without_images(item: WireItem) -> WireItem:
    if item["type"] != "message":
        return item
    content = [
        {**part, "image_url": None} if part["type"] == "input_image" else part for part in item["content"]
    ]
    return {**item, "content": content}
