"""HTTP consumers that honour ``Idempotency-Key``: they replay the answer that there was."""

import asyncio
from typing import Any

from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.errors import GatewayError
from responses_api.idempotency import guarding
from responses_api.idempotency.guarding import Guard
from responses_api.idempotency.idempotency_keys import Replay

_REPLAYED = (b"idempotency-replayed", b"true")
_DO_NOT_RETRY = (b"x-should-retry", b"false")


class IdempotentConsumer(OwnedTaskConsumer):
    """Watches its own answer pass by and keeps it, before its last piece leaves, under the request's key.

    Answers other than 2xx are not kept, nor those that the client did not wait for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = Guard()
        """Tells whether the answer may be kept, and that a stream ends in a failure (``free``)."""
        self._status = 0
        self._content_type = ""

    async def answered_before(self, owner_id: int, body: bytes) -> bool:
        """Take the request's key, or replay the answer that it stands for; whether that was done.

        Raises:
            InvalidRequest: 400 or 409, see ``idempotency.begin``.
        """
        begun = await guarding.begin(owner_id, self.header(b"idempotency-key"), body)
        if isinstance(begun, Guard):
            self.key = begun
            return False
        await self._replay(begun)
        return True

    async def send(self, message: Any) -> None:
        """Send ``message`` on, once the key is settled if it is what settles it."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._content_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
            if self._status == 409 and b"retry-after" not in dict(message["headers"]):
                # OpenAI's clients try again at every 409.
                message = {**message, "headers": [*message["headers"], _DO_NOT_RETRY]}
        elif message["type"] == "http.response.body" and self._is_success:
            self.key.write(message.get("body", b""))
            if not message.get("more_body"):
                await self.key.finish(self._status, self._content_type)
        await super().send(message)

    @property
    def _is_success(self) -> bool:
        return 200 <= self._status < 300

    async def _guard(self, work: Any) -> None:
        try:
            await super()._guard(work)
        finally:
            self.key.leave()

    async def _end_with(self, error: GatewayError) -> None:
        if self.key.goes_on and self._answered:
            self.key.leave()
        else:
            await self.key.free()
        await super()._end_with(error)

    async def _replay(self, replay: Replay) -> None:
        body = await asyncio.to_thread(lambda: replay.body)
        length = (b"content-length", str(len(body)).encode("ascii"))
        await self.start_answer(replay.status, replay.content_type.encode("latin-1"), [length, _REPLAYED])
        await self.send({"type": "http.response.body", "body": body, "more_body": False})
