"""``POST /v1/responses/compact``: a conversation in, a shorter one out that goes on from a summary."""

import time
from datetime import UTC, datetime
from typing import Any

from responses_api.consumers.client_requests import adaptation_headers, allow_only_post, decoded, request_line
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.compaction import kept_messages
from responses_api.core.compaction_object import compaction_object, create_body
from responses_api.core.conversation import WireItem
from responses_api.core.errors import UpstreamFault
from responses_api.generation.booking import ClientCall
from responses_api.generation.capturing import record_for
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.generation import Generation, prepare
from responses_api.generation.requests import understand
from responses_api.storage.said_items import with_new_ids


class CompactConsumer(OwnedTaskConsumer):
    """Has the model write a summary, as a response of its own that is not stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._generation: Generation | None = None

    def wind_down(self) -> None:
        """Fail the response now."""
        if self._generation is not None:
            self._generation.interrupt()

    async def respond(self, body: bytes) -> None:
        """Authenticate, validate, summarise."""
        received_at, began = datetime.now(UTC), time.monotonic()
        allow_only_post(self.scope["method"], "/v1/responses/compact")
        caller = await self.authenticate()
        document = decoded(body)
        request = await understand(caller, create_body(document))
        call = ClientCall(
            self.marks.request_id,
            (self.header(b"user-agent") or "")[:200],
            len(body),
            received_at,
            began,
            self.marks.traceparent,
            record_for(caller, began, request_line(self.scope), self.scope["headers"], document),
        )
        generation = self._generation = await prepare(request, caller, call)
        self.admission = generation.admission
        try:
            await generation.begin()
            async for _ in generation.batches():
                pass
        finally:
            generation.leave()
        if generation.failure is not None:
            raise generation.failure
        response = generation.response
        if response["status"] != "completed":
            raise UpstreamFault("The model did not write a summary of this conversation.")
        answer = compaction_object(response, _kept(generation.conversation))
        await self.send_json(200, answer, adaptation_headers(generation.adaptations))


def _kept(conversation: Conversation) -> list[WireItem]:
    """The messages that stay; not the summary that an earlier compaction put in their place."""
    said = {id(item) for item in conversation.items}
    messages = kept_messages([item for item in conversation.shown if id(item) in said])
    return [item.wire for item in with_new_ids(messages)]
