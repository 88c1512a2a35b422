"""StreamCascadeReactiveUpdates: an envelope whenever a cascade has changed."""

import asyncio

from aiohttp import web

from .cascades import update_view
from .connect import ConnectError, end_of_stream, envelope, open_envelope
from .messages import StreamCascadeReactiveUpdates
from .rpc import LanguageServerService, decode

CONTENT_TYPE = "application/connect+json"


async def stream_updates(request: web.Request, service: LanguageServerService) -> web.StreamResponse:
    """Answer with updates until the cascade's run is over or the client leaves.

    Changes that happen while an update is being sent are told together by the next one. A cascade
    that has not run yet is waited for.

    Raises:
        ConnectError: wrong content type; every later error is told inside the stream.
    """
    if request.content_type != CONTENT_TYPE:
        raise ConnectError("unknown", f"streaming calls need Content-Type: {CONTENT_TYPE}")
    body = await request.read()
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await response.prepare(request)
    try:
        await _send_updates(response, service, body)
        await response.write(end_of_stream())
    except ConnectError as error:
        await response.write(end_of_stream(error))
    await response.write_eof()
    return response


async def refuse_updates(request: web.Request, service: LanguageServerService) -> web.StreamResponse:
    """Answer as a server does that has them switched off: a stream that ends with an error."""
    error = ConnectError("unimplemented", "reactive state is disabled")
    return web.Response(body=end_of_stream(error), headers={"Content-Type": CONTENT_TYPE})


async def _send_updates(response: web.StreamResponse, service: LanguageServerService, body: bytes) -> None:
    cascade = service.cascade(decode(StreamCascadeReactiveUpdates, open_envelope(body)).id)
    changed = asyncio.Event()
    cascade.listeners.add(changed.set)
    try:
        told = 0
        while True:
            changed.clear()
            told, since = cascade.version, told
            await response.write(envelope(update_view(cascade, since)))
            if cascade.settled and cascade.version == told:
                return
            await changed.wait()
    finally:
        cascade.listeners.discard(changed.set)
