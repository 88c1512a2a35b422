"""``GET /v1/responses/{id}?stream=true``: the events of a background response, from any of them on."""

from typing import Any
from urllib.parse import parse_qs

from responses_api import background
from responses_api.consumers.event_streams import EVENT_STREAM, STREAM_HEADERS, pass_on
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.errors import InvalidRequest

_YES = frozenset({"true", "1"})
_LARGEST = 2**31 - 1


def wants_stream(scope: Any) -> bool:
    """Whether a request for a stored response asks for its events."""
    return scope["method"] == "GET" and _parameter(scope, "stream").lower() in _YES


class FollowResponseConsumer(OwnedTaskConsumer):
    """Answers with what follows ``starting_after`` in the log, and with the rest as it is made."""

    async def respond(self, body: bytes) -> None:
        """Authenticate, then read the log to its end. The request's body does not matter."""
        caller = await self.authenticate()
        scope: Any = self.scope
        response_id: str = scope["url_route"]["kwargs"]["response_id"]
        after = _starting_after(_parameter(scope, "starting_after"))
        frames = await background.follow(caller.owner_id, response_id, after)
        await self.start_answer(200, EVENT_STREAM, STREAM_HEADERS)
        await pass_on(frames, self.send)


def _parameter(scope: Any, name: str) -> str:
    """The last value of a query parameter; empty where there is none."""
    text: str = scope["query_string"].decode("latin-1")
    return parse_qs(text, keep_blank_values=True).get(name, [""])[-1]


def _starting_after(value: str) -> int:
    """The sequence number in ``value``; -1 where there is none."""
    if value == "":
        return -1
    if not (value.isascii() and value.isdecimal()):
        raise InvalidRequest(
            f"Invalid 'starting_after': expected a sequence number, but got '{value[:40]}' instead.",
            param="starting_after",
            code="invalid_type",
        )
    return min(int(value[:12]), _LARGEST)
