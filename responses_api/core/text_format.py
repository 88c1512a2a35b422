"""``text`` of a request: the format that the answer's text has to have, and its verbosity.

Sources: ``ResponseTextParam`` of OpenAI's OpenAPI document, November 2026; the limits of a
format's name are those of its description there.
"""

from typing import Annotated, Any, Literal, Never

from pydantic import BaseModel, ConfigDict, Field, Tag

from responses_api.core.validation import Kinds

OPTIONS = ConfigDict(frozen=True, strict=True, extra="forbid")
"""Parameter objects: immutable, no coercion, unknown members are refused."""


class PlainTextFormat(BaseModel):
    """Any text."""

    model_config = OPTIONS
    type: Literal["text"] = "text"


class JsonObjectFormat(BaseModel):
    """A JSON object of any shape."""

    model_config = OPTIONS
    type: Literal["json_object"]


class JsonSchemaFormat(BaseModel):
    """A JSON value that fits a schema."""

    model_config = OPTIONS
    type: Literal["json_schema"]
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]
    json_schema: Annotated[dict[str, Any], Field(alias="schema")]
    """The wire's ``schema``, unchanged."""
    description: str | None = None
    strict: bool | None = None
    """None: not said, which means false."""


_FORMATS = Kinds("text", "json_object", "json_schema")

type TextFormat = Annotated[
    Annotated[PlainTextFormat, Tag("(text)")]
    | Annotated[JsonObjectFormat, Tag("(json_object)")]
    | Annotated[JsonSchemaFormat, Tag("(json_schema)")]
    | Annotated[Never, _FORMATS, Kinds.other],
    _FORMATS.discriminator,
]
"""A closed union: ``match`` on it by class."""


class TextOptions(BaseModel):
    """The request's ``text``; None stands for what was not said."""

    model_config = OPTIONS
    format: TextFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
