"""Content parts of messages and tool results as parts of a Gemini content.

Pure. Media travel inline: data URIs are split into type and data, and anything that would
need a download or a file store is refused with a clear 400 instead of being dropped.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.models import ModelProfile

type Part = dict[str, Any]

_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_RESOLUTIONS = {
    "low": "MEDIA_RESOLUTION_LOW",
    "high": "MEDIA_RESOLUTION_HIGH",
    "original": "MEDIA_RESOLUTION_ULTRA_HIGH",
}


def to_parts(content: Iterable[WireItem], model: ModelProfile, notes: Adaptations) -> list[Part]:
    """Parts for the content of one message or one tool result; empty texts are dropped.

    Raises:
        InvalidRequest: a part that cannot be carried.
    """
    parts: list[Part] = []
    for wire in content:
        match wire["type"]:
            case "input_image":
                parts.append(_image(wire, model, notes))
            case "input_file":
                parts.append(_file(wire))
            case _:
                parts += [{"text": text} for text in texts([wire])]
    return parts


def texts(content: Iterable[WireItem]) -> list[str]:
    """The non-empty texts of ``content``, which must hold nothing else.

    Raises:
        InvalidRequest: a part that is no text.
    """
    found = []
    for wire in content:
        match wire["type"]:
            case "input_text" | "output_text":
                found.append(wire["text"])
            case "refusal":
                found.append(wire["refusal"])
            case kind:
                raise InvalidRequest(
                    f"A content part of type '{kind}' is not supported in this place.", param="input"
                )
    return [text for text in found if text]


def _image(wire: WireItem, model: ModelProfile, notes: Adaptations) -> Part:
    url = wire.get("image_url")
    if url is None:
        raise InvalidRequest(
            "Images by 'file_id' are not supported; send the image as a data URI in 'image_url'.",
            param="input",
        )
    media_type, data = _split(url, "image_url")
    if media_type not in _IMAGE_TYPES:
        raise InvalidRequest(
            f"The model does not read images of type '{media_type}'. "
            f"Supported types: {', '.join(sorted(_IMAGE_TYPES))}.",
            param="input",
            code="unsupported_image_media_type",
        )
    part: Part = {"inlineData": {"mimeType": media_type, "data": data}}
    resolution = _RESOLUTIONS.get(wire.get("detail") or "auto")
    if resolution and model.is_modern:
        part["mediaResolution"] = {"level": resolution}
    elif resolution:
        notes.add(f"input_image.detail is left out: {model.name} has no resolution per image")
    return part


def _file(wire: WireItem) -> Part:
    uri = wire.get("file_data")
    if uri is None:
        raise InvalidRequest(
            "Files by 'file_id' or 'file_url' are not supported; send the file as a data URI in 'file_data'.",
            param="input",
        )
    media_type, data = _split(uri, "file_data")
    if media_type != "application/pdf" and not media_type.startswith("text/"):
        raise InvalidRequest(
            f"Files of type '{media_type}' are not supported. Supported types: application/pdf and text/*.",
            param="input",
        )
    try:
        base64.b64decode(data, validate=True)
    except binascii.Error:
        raise InvalidRequest("'file_data' does not hold valid base64.", param="input") from None
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _split(uri: str, member: str) -> tuple[str, str]:
    """Media type (lower case) and base64 text of a data URI. Images are checked when they come in."""
    header = _DATA_URI.match(uri)
    if header is None:
        raise InvalidRequest(
            f"'{member}' must be a base64 data URI (data:TYPE;base64,DATA). Web addresses are not fetched.",
            param="input",
        )
    media_type = header[1].lower()
    return "image/jpeg" if media_type == "image/jpg" else media_type, uri[header.end() :]
