"""Language server and interceptor, played for tests that need a gateway's own part alone.

The language server is a real HTTP server that agrees to everything; the interceptor speaks the
exchange protocol over the channel layer and answers every claim with one text.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from pytest_django import Settings

from responses_api.core.generation_events import AnswerStarted, Finished, TextDelta, UsageReported
from responses_api.exchanges.channel_messages import (
    GATEWAYS,
    ChannelMessage,
    Claim,
    Events,
    Inbox,
    Overlay,
    send,
    send_to_group,
)
from responses_api.exchanges.exchange_desk import close_current_desk
from responses_api.exchanges.language_server import close_current_client
from responses_api.runtime.identifiers import new_id
from responses_api.runtime.tasks import spawn

_ANSWER = (
    AnswerStarted("played", "upstream-id"),
    TextDelta("Played."),
    UsageReported(input_tokens=10, output_tokens=2),
    Finished("completed", raw_reason="STOP"),
)


@asynccontextmanager
async def played_upstream(settings: Settings) -> AsyncIterator[None]:
    """Every marker that is said is claimed, and its overlay answered; closes the gateway's side, too."""

    def on_message(message: ChannelMessage) -> None:
        if isinstance(message, Overlay):
            events = Events(message.call_id, message.exchange_id, 0, _ANSWER, last=True)
            spawn(send(message.reply_to, events), name="played answer")

    inbox = Inbox(on_message, [])
    await inbox.open()

    async def rpc(request: web.Request) -> web.Response:
        if request.path.endswith("/SendUserCascadeMessage"):
            cascade_id = json.loads(await request.read())["cascadeId"]
            claim = Claim(cascade_id, new_id("call"), inbox.channel)
            spawn(send_to_group(GATEWAYS, claim), name="played claim")
        return web.json_response({})

    server = web.Application()
    server.router.add_post("/{rpc:.*}", rpc)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    settings.LANGUAGE_SERVER_URL = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await close_current_client()
        await close_current_desk()
        await inbox.close()
        await runner.cleanup()
