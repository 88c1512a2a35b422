"""A response that is not generated: its request is only checked and kept, to be continued later.

What WebSocket mode calls ``generate: false``. A client sends ahead what it already knows, gets
an id for it, and then goes on from that id with what is new. The upstream has no place for
such a thing and is not asked.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.access.limits.rules import Amount
from responses_api.catalogue import current_catalogue
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.generation_events import Finished
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.generation.booking import Booking, ClientCall
from responses_api.generation.conversation_loading import Conversation, load_conversation
from responses_api.models import Outcome
from responses_api.runtime.identifiers import new_id
from responses_api.runtime.settling import settle

_NOTHING = Conversation(history=(), said=(), files={}, shown=())
"""What a warm-up says that only brings tools and instructions."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A completed response without output."""

    id: str
    events: list[StreamEvent]
    """All of its stream."""
    chain: list[ConversationItem]
    """Everything that was said up to it."""


async def warm_up(
    request: CreateRequest,
    caller: Caller,
    call: ClientCall,
    remembered: Mapping[str, Sequence[ConversationItem]],
    response_id: str,
    admission: Admission,
) -> WarmUp:
    """Check and book ``request`` without generating anything.

    Args:
        request: what will be continued; stored if it says so.
        caller: who sends it.
        call: how it came.
        remembered: as for ``generation.prepare``.
        response_id: a new one.
        admission: its place within its caller's limits of requests.

    Raises:
        GatewayError: the request could not be served.
    """
    profile = (await current_catalogue()).restricted_to(caller.models).resolve(request.model)
    conversation = _NOTHING
    if request.input or request.previous_response_id or request.conversation:
        conversation = await load_conversation(caller.owner_id, request, remembered=remembered)
    blank = new_response(request, response_id=response_id, model=profile.name, created_at=int(time.time()))
    machine = ResponseStream(blank, new_id=new_id, now=lambda: int(time.time()))
    told = machine.start() + machine.send(Finished("completed", raw_reason="generate: false"))
    await admission.reserve(Amount())
    booking = Booking(
        request, caller, call, machine, conversation.said, admission=admission, prices=profile.prices
    )
    await asyncio.shield(settle(_book(booking, conversation, told)))
    return WarmUp(response_id, told, conversation.items)


async def _book(booking: Booking, conversation: Conversation, told: list[StreamEvent]) -> None:
    await booking.open((), len(conversation.history))
    await booking.close(Outcome.COMPLETED, None, None, told)
