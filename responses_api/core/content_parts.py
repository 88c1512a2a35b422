"""The parts that make up a message's content and a tool's output: their shapes and limits.

Plain wire dicts, tolerant of further members, which real clients send. Lists of parts are
checked up to their first wrong element, so that many faults cost no more than one.

Sources: ``InputContent``, ``OutputMessageContent`` and the ``...Param`` schemas of OpenAI's
OpenAPI document, November 2026.
"""

import re
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import AfterValidator, ConfigDict, Discriminator, FailFast, Field, Tag, with_config
from pydantic_core import PydanticCustomError, PydanticKnownError

from responses_api.core.validation import STRING_OR_OBJECTS, Kinds, missing_member, quoted

MAX_TEXT_LENGTH = 10_485_760
"""Characters of one text."""
MAX_IMAGE_URL_LENGTH = 20_971_520
"""Characters of one image URL, data URLs included."""
MAX_FILE_DATA_LENGTH = 73_400_320
"""Characters of one inline file."""

WIRE = ConfigDict(strict=True, extra="allow")
"""Wire dicts: no coercion, unknown members are kept as they are."""

type Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]

_IMAGE_HEADER = re.compile(r"data:image/(?:png|jpeg|webp|heic|heif|gif);base64,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]++={0,2}")
_WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_LONGEST_HEADER = 128


def _image_url(url: str) -> str:
    if _WEB_ADDRESS.match(url):
        return url
    header = _IMAGE_HEADER.match(url)
    problem = _data_problem(url, header.end()) if header else _header_problem(url)
    if problem:
        raise PydanticCustomError("invalid_image_url", "{problem}", {"problem": problem})
    return url


def _header_problem(url: str) -> str:
    if not url[:5].lower() == "data:":
        return "a value without the 'data:' prefix"
    mime, _, encoding = url[5:_LONGEST_HEADER].partition(",")[0].partition(";")
    if encoding.lower() != "base64" and _IMAGE_HEADER.match(f"data:{mime};base64,"):
        return "a data URL that is not marked as base64-encoded"
    return f"unsupported MIME type {quoted(mime)}"


def base64_data(data: str) -> str:
    """``data``, or pydantic's error of what is no base64. For the validators of plain base64 members."""
    if problem := _data_problem(data, 0):
        raise PydanticCustomError("invalid_base64", "{problem}", {"problem": problem})
    return data


def _data_problem(url: str, start: int) -> str | None:
    if start == len(url):
        return "empty base64-encoded bytes"
    if (len(url) - start) % 4 or not _BASE64.fullmatch(url, start):
        return "invalid base64-encoded bytes"
    return None


@with_config(WIRE)
class InputText(TypedDict):
    """A text that somebody other than the model wrote."""

    type: Literal["input_text"]
    text: Text


@with_config(WIRE)
class InputImage(TypedDict):
    """An image by data URL, web address or file id; one of the three is present."""

    type: Literal["input_image"]
    image_url: NotRequired[
        Annotated[str, Field(max_length=MAX_IMAGE_URL_LENGTH), AfterValidator(_image_url)] | None
    ]
    file_id: NotRequired[str | None]
    detail: NotRequired[Literal["low", "high", "auto", "original"] | None]


@with_config(WIRE)
class InputFile(TypedDict):
    """A file by inline data, web address or file id."""

    type: Literal["input_file"]
    file_id: NotRequired[str | None]
    filename: NotRequired[str | None]
    file_data: NotRequired[Annotated[str, Field(max_length=MAX_FILE_DATA_LENGTH)] | None]
    file_url: NotRequired[str | None]
    detail: NotRequired[Literal["low", "high", "auto"] | None]


@with_config(WIRE)
class Audio(TypedDict):
    """A recording: base64, and the name of its format."""

    data: Annotated[str, Field(max_length=MAX_FILE_DATA_LENGTH), AfterValidator(base64_data)]
    format: Annotated[str, Field(min_length=1)]


@with_config(WIRE)
class InputAudio(TypedDict):
    """Speech or sound. An extension of this gateway's, in the shape of Chat Completions."""

    type: Literal["input_audio"]
    input_audio: Audio


@with_config(WIRE)
class OutputText(TypedDict):
    """A text that the model wrote."""

    type: Literal["output_text"]
    text: Text
    annotations: NotRequired[list[Any] | None]
    logprobs: NotRequired[list[Any] | None]


@with_config(WIRE)
class Refusal(TypedDict):
    """The model's refusal."""

    type: Literal["refusal"]
    refusal: Text


@with_config(WIRE)
class SummaryText(TypedDict):
    """One part of a reasoning summary."""

    type: Literal["summary_text"]
    text: Text


@with_config(WIRE)
class ReasoningText(TypedDict):
    """One part of a raw reasoning text. Codex writes some of them as ``text``."""

    type: Literal["reasoning_text", "text"]
    text: Text


def _has_source(image: InputImage) -> InputImage:
    if image.get("image_url") is None and image.get("file_id") is None:
        raise missing_member("image_url")
    return image


type _Image = Annotated[InputImage, AfterValidator(_has_source)]

_INPUT_PARTS = Kinds("input_text", "input_image", "input_file")
_MESSAGE_PARTS = Kinds("input_text", "input_image", "input_file", "input_audio", "output_text", "refusal")

type InputPart = Annotated[
    Annotated[InputText, Tag("(input_text)")]
    | Annotated[_Image, Tag("(input_image)")]
    | Annotated[InputFile, Tag("(input_file)")]
    | Annotated[Never, _INPUT_PARTS, Kinds.other],
    _INPUT_PARTS.discriminator,
]
"""One part of what a tool answered."""

type MessagePart = Annotated[
    Annotated[InputText, Tag("(input_text)")]
    | Annotated[_Image, Tag("(input_image)")]
    | Annotated[InputFile, Tag("(input_file)")]
    | Annotated[InputAudio, Tag("(input_audio)")]
    | Annotated[OutputText, Tag("(output_text)")]
    | Annotated[Refusal, Tag("(refusal)")]
    | Annotated[Never, _MESSAGE_PARTS, Kinds.other],
    _MESSAGE_PARTS.discriminator,
]
"""One part of a message; the role does not limit the kinds."""


def limited_text(text: str) -> str:
    """``text``, or pydantic's error of a string too long. For validators that wrap a string."""
    if len(text) > MAX_TEXT_LENGTH:
        raise PydanticKnownError("string_too_long", {"max_length": MAX_TEXT_LENGTH})
    return text


def _text_or_parts(value: object) -> str | None:
    match value:
        case str():
            return "(text)"
        case list():
            return "(parts)"
        case _:
            return None


# Named: on Python 3.12 a union cannot hold FailFast() itself, which has no hash.
type _InputParts = Annotated[list[InputPart], FailFast()]

type ToolOutput = Annotated[
    Annotated[Text, Tag("(text)")] | Annotated[_InputParts, Tag("(parts)")],
    Discriminator(
        _text_or_parts,
        custom_error_type="invalid_type",
        custom_error_message="expected {expected}",
        custom_error_context={"expected": STRING_OR_OBJECTS},
    ),
]
"""What a tool answered: a text, or a list of parts."""
