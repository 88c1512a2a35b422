"""The JSON values this package passes around."""

from typing import Any

type JsonObject = dict[str, Any]
"""A JSON object as msgspec decodes it: bodies, contents, parts, schemas."""

type Part = dict[str, Any]
"""One part of a Gemini content, as on the wire."""
