"""The bodies of requests to ``/v1/conversations``, checked.

Sources: ``CreateConversationBody``, ``UpdateConversationBody`` and the body of
``createConversationItems`` in OpenAI's OpenAPI document, November 2026.
"""

from typing import Annotated

from pydantic import BaseModel, FailFast, Field, ValidateAs, ValidationError

from responses_api.core.conversation import WireItem
from responses_api.core.create_request import Metadata
from responses_api.core.errors import InvalidRequest
from responses_api.core.input_items import InputItem
from responses_api.core.text_format import OPTIONS
from responses_api.core.validation import invalid_request, json_type

MAX_ITEMS = 20
"""Items that one request may add."""

type _Items = Annotated[
    tuple[WireItem, ...],
    ValidateAs(Annotated[list[InputItem], FailFast(), Field(max_length=MAX_ITEMS)], tuple),
]


class CreateConversation(BaseModel):
    """The body that makes a conversation; null means the same as leaving a member out."""

    model_config = OPTIONS
    items: _Items = ()
    """In canonical form."""
    metadata: Metadata = Field(default_factory=dict)


class UpdateConversation(BaseModel):
    """The body that replaces a conversation's metadata."""

    model_config = OPTIONS
    metadata: Metadata


class AddItems(BaseModel):
    """The body that adds items to a conversation."""

    model_config = OPTIONS
    items: _Items
    """In canonical form."""


def parse_body[B: BaseModel](kind: type[B], body: object) -> B:
    """``body``, the decoded JSON of a request, as ``kind``.

    Raises:
        InvalidRequest: ``param`` is the path of the first fault.
    """
    if not isinstance(body, dict):
        raise InvalidRequest(
            f"Invalid request body: expected an object, but got {json_type(body)} instead.",
            code="invalid_type",
        )
    try:
        return kind.model_validate({name: value for name, value in body.items() if value is not None})
    except ValidationError as error:
        raise invalid_request(error) from None
