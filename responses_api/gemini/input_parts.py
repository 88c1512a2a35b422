"""Content parts of messages and tool results as parts of a Gemini content.

Pure. Media travel inline: data URIs are split into type and data, web addresses are replaced
by what the gateway fetched from them, and what cannot be carried is refused with a clear 400
instead of being dropped.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.media import (
    PLAIN_TEXT,
    TEXT,
    by_audio_format,
    by_name,
    kind_of,
    normal,
    readable,
    readable_formats,
)
from responses_api.gemini.models import MEDIA
from responses_api.gemini.translation import Translation

type Part = dict[str, Any]

_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_RESOLUTIONS = {
    "low": "MEDIA_RESOLUTION_LOW",
    "high": "MEDIA_RESOLUTION_HIGH",
    "original": "MEDIA_RESOLUTION_ULTRA_HIGH",
}
_ANY_FILE = frozenset({*MEDIA, TEXT})


def to_parts(content: Iterable[WireItem], translation: Translation) -> list[Part]:
    """Parts for the content of one message or one tool result; empty texts are dropped.

    Raises:
        InvalidRequest: a part that cannot be carried.
    """
    parts: list[Part] = []
    for wire in content:
        match wire["type"]:
            case "input_image":
                parts.append(_image(wire, translation))
            case "input_file":
                parts.append(_file(wire, translation))
            case "input_audio":
                parts.append(_audio(wire, translation))
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


def _image(wire: WireItem, translation: Translation) -> Part:
    url = wire.get("image_url")
    if url is None:
        raise InvalidRequest(
            "Images by 'file_id' are not supported; send the image as a data URI in 'image_url'.",
            param="input",
        )
    if (header := _DATA_URI.match(url)) is not None:
        part = _inline(header[1] or "", url[header.end() :], frozenset({"image"}), translation)
    else:
        part = _fetched(url, frozenset({"image"}), translation)
    return _with_resolution(part, wire, translation)


def _file(wire: WireItem, translation: Translation) -> Part:
    if data := wire.get("file_data"):
        part = _given_file(data, wire.get("filename") or "", translation)
    elif url := wire.get("file_url"):
        part = _fetched(url, _ANY_FILE, translation)
    else:
        raise InvalidRequest(
            "Files by 'file_id' are not supported; send the file as a data URI in 'file_data', "
            "or its web address in 'file_url'.",
            param="input",
        )
    if kind_of(part["inlineData"]["mimeType"]) in ("image", "pdf"):
        return _with_resolution(part, wire, translation)
    return part


def _given_file(data: str, filename: str, translation: Translation) -> Part:
    """A file by its ``file_data``: a data URI, or base64 alone where the name tells the type."""
    header = _DATA_URI.match(data)
    media_type = (header[1] or "").lower() if header else ""
    if media_type in _SAYS_NOTHING:
        media_type = by_name(filename) or ""
    if not media_type or (header is None and data[:5].lower() == "data:"):
        raise InvalidRequest(
            "'file_data' must be a base64 data URI (data:TYPE;base64,DATA) that tells the file's type, "
            "or 'filename' must tell it.",
            param="input",
        )
    encoded = data[header.end() :] if header else data
    try:
        if not base64.b64decode(encoded, validate=True):
            raise InvalidRequest("'file_data' holds no data.", param="input")
    except binascii.Error:
        raise InvalidRequest("'file_data' does not hold valid base64.", param="input") from None
    return _inline(media_type, encoded, _ANY_FILE, translation)


def _audio(wire: WireItem, translation: Translation) -> Part:
    audio = wire["input_audio"]
    media_type = by_audio_format(audio["format"])
    if media_type is None:
        raise InvalidRequest(
            f"Audio of format '{audio['format']}' is not supported. Supported formats: {readable_formats()}.",
            param="input",
        )
    return _inline(media_type, audio["data"], frozenset({"audio"}), translation)


def _fetched(url: str, kinds: frozenset[str], translation: Translation) -> Part:
    file = translation.files.get(url)
    if file is None:
        raise InvalidRequest(
            "Web addresses are not read in this place; send the content as a base64 data URI.",
            param="input",
            code="invalid_image_url" if kinds == {"image"} else "invalid_value",
        )
    return _inline(file.media_type, base64.b64encode(file.data).decode(), kinds, translation)


def _inline(media_type: str, data: str, kinds: frozenset[str], translation: Translation) -> Part:
    """Base64 ``data`` as a part, if it is of one of ``kinds`` and the model reads that."""
    model, sent_as = translation.model, normal(media_type)
    kind = kind_of(sent_as)
    if kind not in kinds or (kind != TEXT and kind not in model.media):
        raise InvalidRequest(
            f"{model.name} does not read data of type '{media_type.lower()}' in this place. "
            f"Supported types: {readable(model, kinds)}.",
            param="input",
            code="unsupported_image_media_type" if kinds == {"image"} else "invalid_value",
        )
    if kind == TEXT and sent_as != media_type.lower():
        translation.notes.add(f"a file of type {media_type.lower()} is sent as {PLAIN_TEXT}")
    return {"inlineData": {"mimeType": sent_as, "data": data}}


def _with_resolution(part: Part, wire: WireItem, translation: Translation) -> Part:
    resolution = _RESOLUTIONS.get(wire.get("detail") or "auto")
    if resolution and translation.model.is_modern:
        return {**part, "mediaResolution": {"level": resolution}}
    if resolution:
        translation.notes.add(
            f"{wire['type']}.detail is left out: {translation.model.name} has no resolution per part"
        )
    return part
