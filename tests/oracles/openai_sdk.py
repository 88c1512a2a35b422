"""The official Python client as judge of our streams.

``ResponseStreamState`` is private in openai-python, hence this one wrapper and the pinned
version: it raises on a delta for a part that was not added, on an index used twice and
on items that change their identity. It folds neither reasoning text nor streams that end
other than completed.
"""

from collections.abc import Iterable
from typing import Any, cast

from openai import omit
from openai._models import construct_type
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ParsedResponse, ResponsesServerEvent, ResponseStreamEvent
from pydantic import TypeAdapter

from responses_api.core.stream_events import StreamEvent

_STRICT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
_STRICT_SERVER: TypeAdapter[ResponsesServerEvent] = TypeAdapter(ResponsesServerEvent)


def parse_strictly(event: StreamEvent) -> ResponseStreamEvent:
    """Validate one event against the client's types; pydantic.ValidationError if it does not fit."""
    return _STRICT.validate_python(event)


def parse(event: StreamEvent) -> ResponseStreamEvent:
    """Build one event as the client does when it reads a stream: leniently."""
    return cast(ResponseStreamEvent, construct_type(type_=ResponseStreamEvent, value=event))


def fold(events: Iterable[StreamEvent]) -> ParsedResponse[Any] | None:
    """Feed a stream to the client's accumulator.

    Returns:
        The final response; None if the stream did not end with ``response.completed``.

    Raises:
        RuntimeError, IndexError, AssertionError: the client cannot make sense of the stream.
    """
    return _fed(events)._completed_response


def texts(events: Iterable[StreamEvent]) -> list[tuple[str, str]]:
    """What the client put together from deltas alone: id and text of each message and call, in order.

    Works on the beginning of a stream too.
    """
    snapshot = cast(Any, _fed(events))._ResponseStreamState__current_snapshot
    found = []
    for item in snapshot.output:
        if item.type == "message":
            found.append((item.id, "".join(part.text for part in item.content)))
        elif item.type == "function_call":
            found.append((item.id, item.arguments))
    return found


def _fed(events: Iterable[StreamEvent]) -> ResponseStreamState[Any]:
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(parse(event))
    return state


def parse_server_event(frame: str) -> Any:
    """Build what the client makes of one frame of WebSocket mode, having checked that it fits its type."""
    return _STRICT_SERVER.validate_json(frame)
