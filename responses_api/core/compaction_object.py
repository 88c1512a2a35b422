"""``POST /v1/responses/compact`` on the wire: its body as a request for a response, its answer.

Sources: ``CompactResponseMethodPublicBody`` and ``CompactResource`` of OpenAI's OpenAPI document,
November 2026.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from responses_api.core.compaction import TRIGGER
from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest

_NOT_OF_A_RESPONSE = frozenset({"image"})
_FIXED = {"stream": False, "store": False, "background": False, "context_management": None}


class CompactionObject(TypedDict):
    """A compacted window: ``output`` is the next request's ``input``, new items behind it."""

    id: str
    object: Literal["response.compaction"]
    created_at: int
    output: list[WireItem]
    usage: dict[str, Any] | None


def create_body(body: object) -> object:
    """The request for a response that is nothing but the compaction which ``body`` asks for.

    Raises:
        InvalidRequest: ``body`` names no model.
    """
    if not isinstance(body, dict):
        return body
    if body.get("model") is None:
        raise InvalidRequest(
            "Missing required parameter: 'model'.", param="model", code="missing_required_parameter"
        )
    given = {name: value for name, value in body.items() if name not in _NOT_OF_A_RESPONSE}
    return {**given, **_FIXED, "input": _with_trigger(body.get("input"))}


def _with_trigger(items: object) -> object:
    trigger = {"type": TRIGGER}
    match items:
        case None:
            return [trigger]
        case str():
            return [{"role": "user", "content": items}, trigger]
        case [*_, {"type": "compaction_trigger"}]:
            return items
        case list():
            return [*items, trigger]
        case _:
            return items


def compaction_object(response: dict[str, Any], kept: Sequence[WireItem]) -> CompactionObject:
    """The answer.

    Args:
        response: The completed response that holds the compaction item.
        kept: The messages that stay beside it, each with an id.
    """
    return {
        "id": response["id"],
        "object": "response.compaction",
        "created_at": response["created_at"],
        "output": [*kept, *response["output"]],
        "usage": response["usage"],
    }
