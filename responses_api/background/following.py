"""Reads a background response's event log to its end, while it is still being written or long after."""

import asyncio
from collections.abc import AsyncIterator

from django.conf import settings

from responses_api.background import event_log, notices
from responses_api.core.errors import InvalidRequest
from responses_api.core.sse_encoding import encode_event
from responses_api.core.stream_events import ErrorEvent
from responses_api.exchanges.channel_messages import EventsLogged
from responses_api.runtime import database
from responses_api.storage import stored_responses

_SILENCE = b": waiting\n\n"
"""A comment, for proxies that cut silent connections."""


async def follow(owner_id: int, response_id: str, after: int) -> AsyncIterator[bytes]:
    """The frames behind ``after`` (-1: from the first one on); ends behind the terminal event.

    Args:
        owner_id: who reads.
        response_id: what.
        after: a sequence number.

    Raises:
        NotFound: no such response of this owner.
        InvalidRequest: it was not made in the background, so it has no log.
    """
    response = await database.run(stored_responses.find, owner_id, response_id)
    if not response.background:
        raise InvalidRequest(
            "Only responses that were created with `background` set to true can be streamed again.",
            param="stream",
        )
    return _follow(response_id, after)


async def _follow(response_id: str, after: int) -> AsyncIterator[bytes]:
    silent_since = asyncio.get_running_loop().time()
    logged = asyncio.Event()
    with notices.listening(EventsLogged, response_id, logged.set):
        while True:
            page = await database.run(event_log.read, response_id, after)
            if page is None:
                yield encode_event(_deleted(after + 1))
                return
            now = asyncio.get_running_loop().time()
            if page.data:
                yield page.data
                after, silent_since = page.last, now
            elif now - silent_since >= settings.KEEPALIVE_INTERVAL:
                yield _SILENCE
                silent_since = now
            if page.ended and not page.more:
                return
            if not page.more:
                await notices.wait(logged)


def _deleted(number: int) -> ErrorEvent:
    message = "This response was deleted while it was being read."
    return {
        "type": "error",
        "sequence_number": number,
        "code": "response_deleted",
        "message": message,
        "param": None,
        "error": {
            "type": "invalid_request_error",
            "code": "response_deleted",
            "message": message,
            "param": None,
        },
    }
