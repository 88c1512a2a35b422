"""mitmproxy's hooks: recognise, claim, rewrite, tap. No decisions are made here."""

import asyncio
import logging

from mitmproxy import ctx, http

from interceptor.credentials import CredentialCache
from interceptor.local_answers import empty_stop
from interceptor.matching import (
    CREDENTIAL_HEADERS,
    GenerateCall,
    Match,
    generate_call,
    match,
    rewritten_body,
    rewritten_path,
)
from interceptor.relay import Call, Relay
from responses_api.access.credentials import CredentialUnavailable
from responses_api.core.generation_events import UpstreamFailed
from responses_api.exchanges.overlays import load_large_overlay
from responses_api.gemini.errors import connection_failure, protocol_failure
from responses_api.gemini.stream_parser import GeminiStreamParser
from responses_api.runtime import database

logger = logging.getLogger("zg.interceptor")

_EXCHANGE = "zg.exchange"
_TAP_FAILED = protocol_failure("TAP_FAILED", "The gateway could not read the upstream's answer.")


class _Intercepted:
    """One rewritten flow: its call, and the parser that reads its answer."""

    def __init__(self, call: Call, kind: GenerateCall) -> None:
        self.call = call
        self.kind = kind
        self.parser: GeminiStreamParser | None = None


class InterceptorAddon:
    """Writes overlays over placeholders and copies what the model answers to the gateway."""

    def __init__(self, relay: Relay, *, claim_patience: float) -> None:
        self._relay = relay
        self._claim_patience = claim_patience
        self._credentials = CredentialCache()

    async def request(self, flow: http.HTTPFlow) -> None:
        """A complete request of the language server."""
        kind = generate_call(flow.request.method, flow.request.path)
        if kind is None:
            return
        found = match(kind, flow.request.content or b"")
        if found is None:
            return
        call = await self._relay.claim(found.cascade_id, self._claim_patience)
        if call is None:
            _answer_locally(flow, kind)
            return
        try:
            await self._rewrite(flow, found, call)
        except Exception as error:  # noqa: BLE001 - the exchange must end, whatever went wrong here
            self._relay.push(call, [_rewrite_failure(error)], last=True)
            _answer_locally(flow, kind)

    async def _rewrite(self, flow: http.HTTPFlow, found: Match, call: Call) -> None:
        overlay = call.take_overlay()
        auth = await self._credentials.get(overlay.credential_ref)
        body = overlay.body or await database.run(load_large_overlay, overlay.body_id)
        if call.cancelled:
            self._relay.push(call, [], last=True)
            _answer_locally(flow, found.call)
            return
        request = flow.request
        request.path = rewritten_path(request.path, overlay.model)
        for header in CREDENTIAL_HEADERS:
            request.headers.pop(header, None)
        for name, value in auth.headers():
            request.headers[name] = value
        # The answer is read on the wire: ask for it uncompressed.
        request.headers["accept-encoding"] = "identity"
        request.headers.pop("content-encoding", None)
        request.content = rewritten_body(found, overlay.model, body)
        exchange = flow.metadata[_EXCHANGE] = _Intercepted(call, found.call)
        call.on_cancel = lambda: self._cancel(flow, exchange)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of an answer: from here on its body streams through."""
        assert flow.response is not None
        exchange: _Intercepted | None = flow.metadata.get(_EXCHANGE)
        if exchange is None:
            flow.response.stream = True
            return
        # It has been sent; it may be large, and the answer may take long.
        flow.request.raw_content = None
        parser = exchange.parser = GeminiStreamParser(
            http_status=flow.response.status_code, streaming=exchange.kind.streaming
        )

        def tap(data: bytes) -> bytes:
            # An exception here would cost the language server this chunk.
            try:
                self._relay.push(exchange.call, parser.feed(data), last=not data)
            except Exception:
                logger.exception("the tap failed")
                self._relay.push(exchange.call, [_TAP_FAILED], last=True)
            return data

        flow.response.stream = tap

    def error(self, flow: http.HTTPFlow) -> None:
        """The connection to the upstream or to the language server broke."""
        exchange: _Intercepted | None = flow.metadata.get(_EXCHANGE)
        if exchange is None:
            return
        close_upstream(flow)
        if exchange.call.closed:
            return
        message = flow.error.msg if flow.error else ""
        logger.info("call %s broke off: %s", exchange.call.id, message)
        usage = exchange.parser.abort() if exchange.parser is not None else []
        self._relay.push(exchange.call, [*usage, connection_failure("reset")], last=True)

    def _cancel(self, flow: http.HTTPFlow, exchange: _Intercepted) -> None:
        """The gateway wants no more: report the usage so far and close the upstream connection."""
        usage = exchange.parser.abort() if exchange.parser is not None else []
        self._relay.push(exchange.call, usage, last=True)
        close_upstream(flow)


def close_upstream(flow: http.HTTPFlow) -> None:
    """Close the upstream connection of ``flow`` now, also in the middle of a streamed body.

    ``flow.kill()`` takes effect at the next hook only: a streamed body has none, and a model may
    think for long before its head comes. Cancelling the connection's task is not safe: it leaves
    the socket open when a second cancel, because the language server hangs up as well, finds it
    waiting for mitmproxy's event lock. So the socket goes first, as if the upstream had closed it.
    """
    handler = ctx.master.addons.get("proxyserver").connections.get(flow.client_conn.id)
    if handler is None:
        return
    upstream = handler.transports.get(flow.server_conn)
    if upstream is not None and isinstance(upstream.writer, asyncio.StreamWriter):
        upstream.writer.transport.abort()
    elif upstream is not None:
        handler.close_connection(flow.server_conn)
    elif (client := handler.transports.get(handler.client)) is not None and client.handler is not None:
        # The connection is still to be made; without its client it will not be.
        client.handler.cancel("cancelled by the gateway")


def _answer_locally(flow: http.HTTPFlow, kind: GenerateCall) -> None:
    body, content_type = empty_stop(kind)
    flow.response = http.Response.make(200, body, {"content-type": content_type})


def _rewrite_failure(error: Exception) -> UpstreamFailed:
    if isinstance(error, CredentialUnavailable):
        logger.error("no credential for an exchange: %s", error)
        return UpstreamFailed(
            http_status=401,
            type="authentication_error",
            code="credential_unavailable",
            message="The upstream credential of this API key cannot be used. Ask this gateway's operator.",
            upstream_status="CREDENTIAL_UNAVAILABLE",
        )
    logger.error("an exchange could not be rewritten", exc_info=error)
    return UpstreamFailed(
        http_status=500,
        type="server_error",
        code="server_error",
        message="The gateway could not prepare the upstream request.",
        upstream_status="REWRITE_FAILED",
    )
