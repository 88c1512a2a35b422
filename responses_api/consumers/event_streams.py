"""Answers that are streams of server-sent events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from responses_api.core.sse_encoding import DONE

EVENT_STREAM = b"text/event-stream; charset=utf-8"
STREAM_HEADERS = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]


async def pass_on(frames: AsyncIterator[bytes], send: Callable[[Any], Awaitable[None]]) -> None:
    """Send the body of an answer: ``frames`` as they come, then its end."""
    async for data in frames:
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": DONE, "more_body": False})
