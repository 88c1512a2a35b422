"""The request's ``prompt``: which template it names, and what is to be filled in.

Source: ``Prompt`` and ``ResponsePromptVariables`` of OpenAI's OpenAPI document, November 2026.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, Tag, TypeAdapter, ValidationError

from responses_api.core.content_parts import InputPart, Text
from responses_api.core.text_format import OPTIONS
from responses_api.core.validation import invalid_request


def _text_or_part(value: object) -> str | None:
    match value:
        case str():
            return "(text)"
        case dict():
            return "(part)"
        case _:
            return None


type Variable = Annotated[
    Annotated[Text, Tag("(text)")] | Annotated[InputPart, Tag("(part)")],
    Discriminator(
        _text_or_part,
        custom_error_type="invalid_type",
        custom_error_message="expected {expected}",
        custom_error_context={"expected": "one of a string or object"},
    ),
]
"""What stands in for one placeholder: a text, or a part of a message."""


class PromptReference(BaseModel):
    """A template by its id, and the values of its variables."""

    model_config = OPTIONS
    id: Annotated[str, Field(min_length=1)]
    version: str | None = None
    """None: the template's current version."""
    variables: dict[str, Variable] | None = None


class _WithPrompt(BaseModel):
    prompt: PromptReference


_WITH_PROMPT: TypeAdapter[_WithPrompt] = TypeAdapter(_WithPrompt)


def prompt_of(body: object) -> PromptReference | None:
    """The ``prompt`` of a request's body; None where it has none.

    Raises:
        InvalidRequest: it is malformed.
    """
    if not isinstance(body, Mapping) or body.get("prompt") is None:
        return None
    document: dict[str, Any] = {"prompt": body["prompt"]}
    try:
        return _WITH_PROMPT.validate_python(document).prompt
    except ValidationError as error:
        raise invalid_request(error) from None
