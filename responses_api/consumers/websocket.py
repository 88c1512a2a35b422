"""``GET /v1/responses`` with an upgrade: WebSocket mode.

A connection is a place to send many requests to, one after the other or on several lanes at
once, and to go on from responses that are stored nowhere (``core.chain_memory``). It ends
after an hour, as it does at OpenAI.

As in ``owned_task``, nothing that takes time is done in ``dispatch``: requests are answered in
tasks of their own, so that a client that leaves is noticed at once and its work given up.
"""

import asyncio
import logging
import time
from typing import Any

import msgspec
from asgiref.typing import WebSocketConnectEvent, WebSocketDisconnectEvent, WebSocketReceiveEvent
from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings

from responses_api.call_headers import CallMarks, answer_headers, read_marks
from responses_api.consumers.client_requests import authenticate, client_address
from responses_api.consumers.owned_task import WIND_DOWN_TIMEOUT
from responses_api.consumers.websocket_lanes import Lanes
from responses_api.consumers.websocket_turn import Client, Turn
from responses_api.core.chain_memory import ChainMemory
from responses_api.core.errors import GatewayError, InternalError, InvalidRequest, error_body
from responses_api.core.websocket_frames import CreateFrame, FrameRefused, error_frame, read_frame
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.websocket")

GOING_AWAY = 1001
SERVICE_RESTART = 1012
"""Close codes after which clients connect anew by themselves."""
POLICY_VIOLATION = 1008
MAX_UNREAD_REFUSALS = 64
"""Refused frames of a client that does not read; with one more the connection is closed."""
_CLOSE_TIMEOUT = 1.0
_FLUSH_SECONDS = 0.05
"""Once the last application has ended, a server that stops writes nothing more."""


class WebSocketConsumer(AsyncConsumer):
    """One connection."""

    # Nothing is sent to these consumers over the channel layer: they need no channel of their own.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._memory = ChainMemory(settings.MAX_REQUEST_BYTES)
        self._lanes = Lanes(self._serve, self._when_idle, settings.MAX_REQUEST_BYTES)
        self._turns: set[Turn] = set()
        self._refusals: set[asyncio.Task[None]] = set()
        self._client = Client(None, "", "", CallMarks("", None))
        self._began = time.monotonic()
        self._life: asyncio.Task[None] | None = None
        self._expired = False
        self._closing = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application: one instance, one connection."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            # The server shuts down; it waits for the applications that it has cancelled.
            await self._wind_down()
            raise
        finally:
            self._give_up()

    async def dispatch(self, message: Any) -> None:
        """Call the message's handler; without channels' thread switch to close database connections."""
        await getattr(self, get_handler_name(message))(message)

    # --- the upgrade ---

    async def websocket_connect(self, message: WebSocketConnectEvent) -> None:
        """Take or refuse the connection."""
        self._client = Client(
            authorization=self._header("authorization"),
            address=client_address(self.scope),
            user_agent=(self._header("user-agent") or "")[:200],
            marks=read_marks(self._header),
        )
        try:
            await self._admit()
        except GatewayError as error:
            await self._refuse(error)
        except Exception:
            logger.exception("upgrade %s failed", self._client.marks.request_id)
            await self._refuse(InternalError("The gateway failed to process this request."))
        else:
            await self.send({"type": "websocket.accept"})
            self._life = spawn(self._live(), name="websocket life")

    def _header(self, name: str) -> str | None:
        for key, value in self.scope["headers"]:
            if key == name.encode("ascii"):
                return str(value.decode("latin-1"))
        return None

    async def _admit(self) -> None:
        if not settings.WEBSOCKET:
            raise InvalidRequest(
                "This gateway does not offer WebSocket mode. Send a POST request to /v1/responses instead.",
                code="websocket_not_available",
                http_status=426,
            )
        await authenticate(self._client.authorization, self._client.address)

    async def _refuse(self, error: GatewayError) -> None:
        """An HTTP answer in place of the upgrade, where the server can give one."""
        if "websocket.http.response" not in (self.scope.get("extensions") or {}):
            await self.send({"type": "websocket.close"})
            return
        told = {"content-type": "application/json", **answer_headers(self._client.marks, self._began)}
        headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in told.items()]
        await self.send(
            {"type": "websocket.http.response.start", "status": error.http_status, "headers": headers}
        )
        body = msgspec.json.encode(error_body(error))
        await self.send({"type": "websocket.http.response.body", "body": body, "more_body": False})

    # --- requests ---

    async def websocket_receive(self, message: WebSocketReceiveEvent) -> None:
        """One message of the client's."""
        if self._closing:
            return
        try:
            frame = read_frame(message.get("text") or message.get("bytes") or "")
        except FrameRefused as refused:
            await self._turn_away(refused.error, refused.stream_id)
            return
        try:
            if self._expired:
                raise _life_is_over()
            self._lanes.put(frame)
        except GatewayError as error:
            await self._turn_away(error, frame.stream_id)

    async def _turn_away(self, error: GatewayError, stream_id: str | None) -> None:
        """Say why a frame is refused, without waiting for a client that sends and does not read."""
        if len(self._refusals) >= MAX_UNREAD_REFUSALS:
            await self._close(POLICY_VIOLATION)
            return
        refusal = spawn(self._send_text(error_frame(error, stream_id)), name="websocket refusal")
        self._refusals.add(refusal)
        refusal.add_done_callback(self._refusals.discard)

    async def websocket_disconnect(self, message: WebSocketDisconnectEvent) -> None:
        """The connection is gone, and with it what is being answered."""
        self._give_up()
        raise StopConsumer

    def _give_up(self) -> None:
        self._lanes.cancel()
        for refusal in list(self._refusals):
            refusal.cancel()
        if self._life is not None:
            self._life.cancel()

    async def _serve(self, frame: CreateFrame) -> None:
        turn = Turn(frame, self._client, self._memory, self._send_text)
        self._turns.add(turn)
        try:
            await turn.run()
        finally:
            self._turns.discard(turn)

    async def _send_text(self, text: str) -> None:
        await self.send({"type": "websocket.send", "text": text})

    # --- the end ---

    async def _live(self) -> None:
        await asyncio.sleep(settings.WEBSOCKET_MAX_SECONDS)
        self._expired = True
        if self._lanes.idle:
            await self._expire()

    async def _when_idle(self) -> None:
        if self._expired:
            await self._expire()

    async def _expire(self) -> None:
        """The connection is too old, and what it was asked for has been answered."""
        if not self._closing:
            await self._send_text(error_frame(_life_is_over(), None))
            await self._close(GOING_AWAY)

    async def _wind_down(self) -> None:
        for turn in self._turns:
            turn.interrupt()
        await self._lanes.finish(WIND_DOWN_TIMEOUT)
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._close(SERVICE_RESTART)
                await asyncio.sleep(_FLUSH_SECONDS)
        except TimeoutError:
            logger.warning("a client did not read the end of its connection")

    async def _close(self, code: int) -> None:
        self._closing = True
        await self.send({"type": "websocket.close", "code": code})


def _life_is_over() -> InvalidRequest:
    minutes = settings.WEBSOCKET_MAX_SECONDS / 60
    return InvalidRequest(
        f"Responses websocket connection limit reached ({minutes:g} minutes). Create a new websocket "
        "connection to continue.",
        code="websocket_connection_limit_reached",
    )
