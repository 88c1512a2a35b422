"""The arguments of a function call, read from the text that the model or a client wrote."""

from typing import Any

import msgspec


def decoded(text: str) -> Any:
    """The JSON value in ``text``; ``text`` itself if it is no JSON; no arguments if it is blank."""
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text


def as_object(text: str) -> dict[str, Any]:
    """The arguments as an object; what is no object is wrapped in one, as its ``value``."""
    value = decoded(text)
    return value if isinstance(value, dict) else {"value": value}
