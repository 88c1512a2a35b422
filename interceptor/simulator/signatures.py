"""Thought signatures: opaque proofs that a part came from this model line, unchanged.

Pure and stateless: an HMAC over the model line and the part's content, with a constant key, so
that every simulator process reads what another one issued. A signature moved to another part,
or shown to another model line, does not verify. (It protects nothing; it catches mix-ups.)
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import msgspec

from .errors import ApiError, invalid_argument
from .models import Model
from .values import JsonObject, Part

_KEY = b"gemini protocol simulator"
_MAGIC = b"\x12\x53"
_SKIP_WORDS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
SKIP_VALUES = frozenset(_SKIP_WORDS) | {base64.b64encode(word.encode()).decode() for word in _SKIP_WORDS}
"""Values that Google documents for calls it did not make, raw and base64-encoded."""

_DATA_MEMBERS = (
    "functionCall",
    "text",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "inlineData",
)
_INVOCATIONS = ("toolCall", "toolResponse")


def sign(model: Model, part: Part) -> str:
    """The signature of ``part``: base64 of a mark and 32 bytes."""
    return base64.b64encode(_MAGIC + _digest(model.line, part)).decode()


def signature_error(model: Model, contents: list[JsonObject]) -> ApiError | None:
    """Why Google refuses the signatures of the current turn, or None.

    Checked: the first function call and every hosted tool's call of each step since the last
    ordinary user content must be signed; every signed call and result there must bear its own
    signature.
    """
    if not model.needs_signatures:
        return None
    for position, step in _current_steps(contents):
        calls = [part for part in step["parts"] if "functionCall" in part]
        for order, part in enumerate(calls):
            signature = part.get("thoughtSignature")
            if signature is None and order == 0:
                return _missing(part, position)
            if signature is not None and (error := _check(model, part, signature)):
                return error
        if error := _invocations_error(model, step["parts"], position):
            return error
    return None


def _invocations_error(model: Model, parts: list[Part], position: int) -> ApiError | None:
    for part in parts:
        signature = part.get("thoughtSignature")
        if signature is None and "toolCall" in part:
            return invalid_argument(
                "Tool call is missing a thought_signature in toolCall parts. Additional data, tool call "
                f"`{part['toolCall'].get('toolType')}` , position {position}."
            )
        if signature is not None and any(name in part for name in _INVOCATIONS):
            if error := _check(model, part, signature):
                return error
    return None


def bears_signature(contents: list[JsonObject]) -> bool:
    """Whether any part bears a signature that is not a documented stand-in."""
    signatures = (part.get("thoughtSignature") for content in contents for part in content["parts"])
    return any(signature is not None and signature not in SKIP_VALUES for signature in signatures)


def _current_steps(contents: list[JsonObject]) -> Iterator[tuple[int, JsonObject]]:
    """The model contents of the current turn, with their 1-based places."""
    start = 0
    for index, content in enumerate(contents):
        if content["role"] == "user" and any("functionResponse" not in part for part in content["parts"]):
            start = index
    for index in range(start, len(contents)):
        if contents[index]["role"] == "model":
            yield index + 1, contents[index]


def _missing(part: Part, position: int) -> ApiError:
    name = part["functionCall"]["name"]
    return invalid_argument(
        "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
        "work correctly, and missing thought_signature may lead to degraded model performance. Additional "
        f"data, function call `default_api:{name}` , position {position}. Please refer to "
        "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
    )


def _check(model: Model, part: Part, signature: str) -> ApiError | None:
    if signature in SKIP_VALUES:
        return None
    try:
        raw = base64.b64decode(signature.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        return invalid_argument("Corrupted thought signature.")
    if not raw.startswith(_MAGIC) or len(raw) != len(_MAGIC) + hashlib.sha256().digest_size:
        return invalid_argument("Corrupted thought signature.")
    if not hmac.compare_digest(raw[len(_MAGIC) :], _digest(model.line, part)):
        return invalid_argument("Thought signature is not valid.")
    return None


def _digest(line: str, part: Part) -> bytes:
    """The HMAC; call ids are left out, a gateway may have to make them unique."""
    kind = next((name for name in _DATA_MEMBERS if name in part), "text")
    data = part.get(kind, "")
    if kind == "functionCall":
        data = {"name": data["name"], "args": data.get("args", {})}
    content = msgspec.json.encode([line, kind, _normal(data)], order="deterministic")
    return hmac.digest(_KEY, content, "sha256")


def _normal(value: Any) -> Any:
    """``value`` with 1.0 as 1, as a trip through another JSON library may leave it."""
    match value:
        case dict():
            return {name: _normal(member) for name, member in value.items()}
        case list():
            return [_normal(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
