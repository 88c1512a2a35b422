"""Stream events as bytes of a ``text/event-stream``.

``event:`` always equals the event's ``type``, there are no ``id:`` lines, and the stream
ends with a literal ``[DONE]`` (Open Responses demands it; OpenAI's clients ignore it).
JSON escapes line breaks, so one event is always one ``data:`` line.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from responses_api.core.stream_events import StreamEvent

DONE: Final = b"data: [DONE]\n\n"
"""The last frame of a stream."""

_JSON: Final = msgspec.json.Encoder()


def encode_event(event: StreamEvent) -> bytes:
    """One event as one SSE frame; NaN and infinities become null."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode("ascii"), _JSON.encode(event))


def encode_events(events: Iterable[StreamEvent]) -> bytes:
    """Events as consecutive frames; empty for none."""
    return b"".join(map(encode_event, events))
