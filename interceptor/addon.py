"""mitmproxy's hooks: recognise, claim, rewrite, tap. No decisions are made here."""

import logging

from mitmproxy import http

from interceptor.answer_tap import AnswerTap
from interceptor.capture import CaptureWriter
from interceptor.content_coding import Undecodable, decode_body
from interceptor.credentials import CredentialCache
from interceptor.hosts import HostRules, Passage
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
from interceptor.unmatched import UnmatchedTraces
from interceptor.upstream_ends import close_upstream
from responses_api.access.credentials import CredentialUnavailable, failure_of
from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.exchanges.overlays import load_large_overlay
from responses_api.gemini.errors import connection_failure
from responses_api.runtime import database

logger = logging.getLogger("zg.interceptor")

LARGEST_REQUEST = 128 * 1024 * 1024
"""Bytes of a generate call that are looked into, as sent and as decoded. One with a marker is far smaller."""

_TAP = "zg.tap"


class InterceptorAddon:
    """Writes overlays over placeholders and copies what the model answers to the gateway."""

    def __init__(
        self, relay: Relay, unmatched: UnmatchedTraces, *, hosts: HostRules, claim_patience: float
    ) -> None:
        self._relay = relay
        self._unmatched = unmatched
        self._hosts = hosts
        self._claim_patience = claim_patience
        self._credentials = CredentialCache()
        self.captures = CaptureWriter()

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head of a request: only the body of a generate call has to be there as a whole."""
        if flow.response is None and self._generate_call(flow) is None:
            flow.request.stream = True

    async def request(self, flow: http.HTTPFlow) -> None:
        """A complete request of the language server."""
        kind = self._generate_call(flow)
        if kind is None or flow.response is not None:
            return
        body = _readable_body(flow.request)
        found = match(kind, body)
        if found is None:
            flow.metadata[_TAP] = AnswerTap(kind, self._unmatched.begin(flow, kind, body))
            return
        call = await self._claim(found)
        if call is None:
            _answer_locally(flow, kind)
            return
        try:
            await self._rewrite(flow, found, call)
        except Exception as error:  # noqa: BLE001 - the exchange must end, whatever went wrong here
            self._relay.push(call, [_rewrite_failure(error)], last=True)
            _answer_locally(flow, kind)

    def _generate_call(self, flow: http.HTTPFlow) -> GenerateCall | None:
        if self._hosts.passage(flow.request.host, flow.request.port) is not Passage.INTERCEPTED:
            return None
        return generate_call(flow.request.method, flow.request.path)

    async def _claim(self, found: Match) -> Call | None:
        if found.cascade_id is None:
            return None
        return await self._relay.claim(found.cascade_id, self._claim_patience)

    async def _rewrite(self, flow: http.HTTPFlow, found: Match, call: Call) -> None:
        overlay = call.take_overlay()
        auth = await self._credentials.get(overlay.credential_ref)
        body = overlay.body or await database.run(load_large_overlay, overlay.body_id)
        if call.cancelled:
            self._relay.push(call, [], last=True)
            _answer_locally(flow, found.call)
            return
        request = flow.request
        capture = self.captures.begin(overlay.capture, request)
        request.path = rewritten_path(request.path, overlay.model)
        for header in CREDENTIAL_HEADERS:
            request.headers.pop(header, None)
        for name, value in auth.headers():
            request.headers[name] = value
        # The answer is read on the wire: ask for it uncompressed.
        request.headers["accept-encoding"] = "identity"
        request.headers.pop("content-encoding", None)
        request.content = rewritten_body(found, overlay.model, body)
        if capture is not None:
            capture.rewritten(request)
        listener = _Matched(self._relay, call)
        tap = flow.metadata[_TAP] = AnswerTap(found.call, listener, removes_calls=True, capture=capture)
        call.on_cancel = lambda: _cancel(flow, tap)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of an answer: from here on its body streams through."""
        assert flow.response is not None
        tap: AnswerTap | None = flow.metadata.get(_TAP)
        if tap is None:
            flow.response.stream = True
            return
        # It has been sent; it may be large, and the answer may take long.
        flow.request.raw_content = None
        tap.begin(flow.response)
        flow.response.stream = tap

    def response(self, flow: http.HTTPFlow) -> None:
        """The end of an answer."""
        tap: AnswerTap | None = flow.metadata.pop(_TAP, None)
        if tap is not None:
            tap.finish()

    def error(self, flow: http.HTTPFlow) -> None:
        """The connection to the upstream or to the language server broke."""
        tap: AnswerTap | None = flow.metadata.pop(_TAP, None)
        if tap is None:
            return
        close_upstream(flow)
        tap.break_off(by_client=not flow.client_conn.connected)


class _Matched:
    """Tells an exchange's gateway what the model does."""

    def __init__(self, relay: Relay, call: Call) -> None:
        self._relay = relay
        self._call = call

    def answered(self, status: int) -> None:
        pass

    def hear(self, events: list[GenerationEvent], *, last: bool) -> None:
        self._relay.push(self._call, events, last=last)
        if last:
            # The connection is another request's from now on.
            self._call.on_cancel = lambda: None

    def broke_off(self, usage: list[GenerationEvent], *, by_client: bool) -> None:
        logger.info("call %s broke off: %s", self._call.id, "its client left" if by_client else "upstream")
        self.hear([*usage, connection_failure("reset")], last=True)


def _cancel(flow: http.HTTPFlow, tap: AnswerTap) -> None:
    """The gateway wants no more: report the usage so far and close the upstream connection."""
    tap.cancel()
    close_upstream(flow)


def _readable_body(request: http.Request) -> bytes:
    """The body as far as it is looked into: empty where it is too large, or not of its coding."""
    if request.raw_content is None:
        return b""
    try:
        coding = request.headers.get("content-encoding", "")
        return decode_body(coding, request.raw_content, limit=LARGEST_REQUEST)
    except Undecodable as problem:
        logger.info("a request passes unseen: %s", problem)
        return b""


def _answer_locally(flow: http.HTTPFlow, kind: GenerateCall) -> None:
    body, content_type = empty_stop(kind)
    flow.response = http.Response.make(200, body, {"content-type": content_type})


def _rewrite_failure(error: Exception) -> UpstreamFailed:
    if isinstance(error, CredentialUnavailable):
        logger.error("no credential for an exchange: %s", error)
        return failure_of(error)
    logger.error("an exchange could not be rewritten", exc_info=error)
    return UpstreamFailed(
        http_status=500,
        type="server_error",
        code="server_error",
        message="The gateway could not prepare the upstream request.",
        upstream_status="REWRITE_FAILED",
    )
