"""Continuation tokens: an answer in several upstream calls, each going on where the last one stopped.

Pure. A token names the next hop and the request that it belongs to: the same body must come
again, word for word, for the same model, with nothing added but the token.
"""

import base64
import binascii
import hashlib
import re

import msgspec

from .errors import ApiError, invalid_argument
from .models import Model
from .values import JsonObject

_TOKEN = re.compile(r"hop:(\d{1,4}):([0-9a-f]{24})")


def continuation_token(model: Model, body: JsonObject, hop: int) -> str:
    """The token with which ``body``, sent again, is answered from hop number ``hop`` (from 0) on."""
    return base64.b64encode(f"hop:{hop}:{_identity(model, body)}".encode()).decode()


def current_hop(model: Model, body: JsonObject) -> int | ApiError:
    """Which hop of its answer ``body`` asks for, 0 without a token; or why the token is not good for it."""
    token = body.get("continuationToken")
    if token is None:
        return 0
    try:
        match = _TOKEN.fullmatch(base64.b64decode(token, validate=True).decode("latin-1"))
    except binascii.Error:
        match = None
    if match is None:
        return invalid_argument("Invalid continuation token.")
    if match[2] != _identity(model, body):
        return invalid_argument("The continuation token does not belong to this request.")
    return int(match[1])


def _identity(model: Model, body: JsonObject) -> str:
    rest = {name: value for name, value in body.items() if name != "continuationToken"}
    content = msgspec.json.encode([model.id, rest], order="deterministic")
    return hashlib.sha256(content).hexdigest()[:24]
