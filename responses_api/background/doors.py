"""What the API's doors ask of background mode: queue this response, cancel that one."""

import asyncio

from asgiref.sync import async_to_sync

from responses_api.background import ending, notices, queue
from responses_api.core.errors import InvalidRequest
from responses_api.core.stream_events import ResponseObject
from responses_api.exchanges.channel_messages import CancelWanted, EventsLogged
from responses_api.generation.generation import Generation
from responses_api.models import Outcome
from responses_api.runtime import database
from responses_api.runtime.identifiers import new_id
from responses_api.storage import stored_responses

CANCEL_PATIENCE = 3.0
"""Seconds to wait for the gateway that makes a response to end it."""


async def submit(generation: Generation, body: object) -> ResponseObject:
    """Let a response that could be made now be made later.

    Args:
        generation: prepared, not begun.
        body: the client's body, from which it is prepared anew when its turn has come.

    Returns:
        The response object, in status ``queued``.

    Raises:
        LimitReached: it does not fit into its caller's limits.
    """
    queued = await generation.queue()
    try:
        await database.run(queue.enqueue, queued, body)
    except BaseException:
        generation.leave()
        raise
    notices.queued.ring()
    return queued.response.wire


def cancel(owner_id: int, response_id: str) -> None:
    """End a background response; nothing happens if it has ended.

    Returns once it has ended, or after some seconds where the gateway that makes it does not
    answer: then it ends when that counts as dead. Synchronous, for a thread that may wait.

    Raises:
        NotFound: no such response of this owner.
        InvalidRequest: it was not made in the background.
    """
    if not stored_responses.find(owner_id, response_id).background:
        raise InvalidRequest(
            "Cannot cancel a synchronous response: only responses that were created with `background` set "
            "to true can be cancelled."
        )
    if not queue.request_cancel(response_id):
        return
    nobody = new_id("cancel")
    if (held := queue.take_waiting(nobody, response_id)) is not None:
        ending.end(held, nobody, Outcome.CANCELLED, None)
        async_to_sync(notices.tell)(EventsLogged(response_id))
    else:
        async_to_sync(_ended)(response_id)


async def _ended(response_id: str) -> None:
    """Tell whoever makes the response, and wait for its end."""
    logged = asyncio.Event()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CANCEL_PATIENCE
    with notices.listening(EventsLogged, response_id, logged.set):
        await notices.tell(CancelWanted(response_id))
        while loop.time() < deadline and not await database.run(queue.has_ended, response_id):
            await notices.wait(logged)
