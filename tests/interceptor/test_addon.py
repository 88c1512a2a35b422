"""mitmproxy's hooks with hand-made flows: what is rewritten, what is tapped, what is left alone."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, cast
from unittest import mock

import pytest
from mitmproxy import http
from mitmproxy.test import taddons, tflow

from interceptor.addon import InterceptorAddon
from interceptor.hosts import HostRules
from interceptor.matching import GenerateCall
from interceptor.relay import Call, Relay
from interceptor.unmatched import UnmatchedTraces
from responses_api.access.credentials import CredentialUnavailable, UpstreamAuth
from responses_api.core.generation_events import AnswerStarted, GenerationEvent, UpstreamFailed
from responses_api.exchanges.channel_messages import Overlay
from responses_api.gemini.stream_parser import GeminiStreamParser

CASCADE = "0b5a3bdb-4b3f-4cf5-a8b4-3f5a6f3ad4e7"
OVERLAY = b'{"contents":[{"role":"user","parts":[{"text":"the real request"}]}]}'
CHUNK = b'data: {"candidates":[{"content":{"parts":[{"text":"hi"}]}}]}\r\n\r\n'


class FakeRelay:
    """Answers every claim with ``call``; keeps what is pushed."""

    def __init__(self, call: Call | None) -> None:
        self.call = call
        self.pushed: list[GenerationEvent] = []
        self.ends = 0

    async def claim(self, cascade_id: str, patience: float) -> Call | None:
        assert cascade_id == CASCADE
        return self.call

    def push(self, call: Call, events: list[GenerationEvent], *, last: bool = False) -> None:
        self.pushed += events
        self.ends += last
        call.closed = call.closed or last


class FakeCredentials:
    def __init__(self, answer: UpstreamAuth | Exception) -> None:
        self.answer = answer

    async def get(self, ref: str) -> UpstreamAuth:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class FakeUnmatched:
    """Follows calls whose answers nobody reads."""

    def begin(self, flow: http.HTTPFlow, kind: GenerateCall, body: bytes) -> Any:
        return mock.Mock()


@pytest.fixture(autouse=True)
def mitmproxy_context() -> Iterator[None]:
    with taddons.context():
        yield


def new_call() -> Call:
    return Call(Overlay("call", "exch", "inbox", "credential:1", "gemini-3.8-flash", OVERLAY))


def addon_with(relay: FakeRelay, auth: UpstreamAuth | Exception | None = None) -> InterceptorAddon:
    hosts = HostRules.parse(["upstream.test"])
    unmatched = cast(UnmatchedTraces, FakeUnmatched())
    addon = InterceptorAddon(cast(Relay, relay), unmatched, hosts=hosts, claim_patience=1)
    addon._credentials = cast(Any, FakeCredentials(auth or UpstreamAuth("api_key", "ours")))
    return addon


def model_call(text: str = f".<cid:{CASCADE}>") -> http.HTTPFlow:
    body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    request = http.Request.make(
        "POST",
        "https://upstream.test/v1beta/models/placeholder:streamGenerateContent?alt=sse&key=theirs",
        json.dumps(body),
        http.Headers(x_goog_api_key="theirs", authorization="Bearer theirs", accept_encoding="gzip"),
    )
    return tflow.tflow(req=request)


def answered(flow: http.HTTPFlow, status: int = 200) -> http.HTTPFlow:
    flow.response = http.Response.make(status, b"", {"content-type": "text/event-stream"})
    return flow


def tap_of(flow: http.HTTPFlow) -> Any:
    assert flow.response is not None
    return flow.response.stream


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (UpstreamAuth("api_key", "ours"), {"x-goog-api-key": "ours"}),
        (
            UpstreamAuth("bearer", "ours", "project"),
            {"authorization": "Bearer ours", "x-goog-user-project": "project"},
        ),
    ],
)
async def test_a_marked_call_becomes_the_overlay_with_our_credential(
    auth: UpstreamAuth, headers: dict[str, str]
) -> None:
    flow = model_call()
    await addon_with(FakeRelay(new_call()), auth).request(flow)

    assert flow.request.content == OVERLAY
    assert flow.request.path == "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert flow.request.headers["accept-encoding"] == "identity"
    credentials = {"x-goog-api-key", "authorization", "x-goog-user-project"} & set(flow.request.headers)
    assert {name: flow.request.headers[name] for name in credentials} == headers
    assert "theirs" not in str(flow.request.headers)


async def test_other_traffic_is_not_touched() -> None:
    flow = model_call("no marker")
    before = flow.request.copy()
    await addon_with(FakeRelay(None)).request(flow)

    assert flow.request.get_state() == before.get_state()
    assert flow.response is None


async def test_a_refused_claim_is_answered_locally() -> None:
    flow = model_call()
    await addon_with(FakeRelay(None)).request(flow)

    assert flow.response is not None
    assert b'"finishReason":"STOP"' in (flow.response.content or b"")


async def test_without_a_credential_the_exchange_fails_and_nothing_is_sent() -> None:
    relay = FakeRelay(new_call())
    flow = model_call()
    await addon_with(relay, CredentialUnavailable("it has expired")).request(flow)

    (failure,) = relay.pushed
    assert isinstance(failure, UpstreamFailed)
    assert (failure.http_status, failure.code, relay.ends) == (401, "credential_unavailable", 1)
    assert flow.response is not None
    assert OVERLAY not in (flow.request.content or b"")


async def test_a_call_that_was_cancelled_meanwhile_is_not_sent() -> None:
    call = new_call()
    call.cancel()
    relay = FakeRelay(call)
    flow = model_call()
    await addon_with(relay).request(flow)

    assert flow.response is not None
    assert (relay.pushed, relay.ends) == ([], 1)


async def test_the_tap_copies_and_passes_on_unchanged() -> None:
    relay = FakeRelay(new_call())
    addon = addon_with(relay)
    flow = model_call()
    await addon.request(flow)
    addon.responseheaders(answered(flow))
    tap = tap_of(flow)

    pieces = [CHUNK[:20], CHUNK[20:], b"data: nonsense\r\n\r\n", b""]
    passed = [b"".join(tap(piece)) for piece in pieces]
    assert passed == [b"", CHUNK, pieces[2], b""]
    assert isinstance(relay.pushed[0], AnswerStarted)
    assert isinstance(relay.pushed[-1], UpstreamFailed)
    assert relay.ends == 1


async def test_a_bug_in_the_parser_costs_the_language_server_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = FakeRelay(new_call())
    addon = addon_with(relay)
    flow = model_call()
    await addon.request(flow)
    addon.responseheaders(answered(flow))

    def fail(parser: GeminiStreamParser, data: bytes) -> list[GenerationEvent]:
        raise RuntimeError("bug")

    monkeypatch.setattr(GeminiStreamParser, "feed", fail)
    assert tap_of(flow)(CHUNK) == [CHUNK]
    (failure,) = relay.pushed
    assert isinstance(failure, UpstreamFailed)
    assert relay.ends == 1


def test_an_answer_to_another_kind_of_call_streams_through() -> None:
    flow = answered(model_call("no marker"))
    addon_with(FakeRelay(None)).responseheaders(flow)

    assert tap_of(flow) is True


@pytest.mark.parametrize("path", ["/v1beta/models/m:countTokens", "/upload/v1beta/files", "/v1beta/models"])
def test_the_body_of_another_kind_of_call_is_not_waited_for(path: str) -> None:
    flow = model_call()
    flow.request.path = path
    addon_with(FakeRelay(None)).requestheaders(flow)
    assert flow.request.stream is True


def test_the_body_of_a_model_call_is_waited_for() -> None:
    flow = model_call()
    addon_with(FakeRelay(None)).requestheaders(flow)
    assert flow.request.stream is False


async def test_a_host_that_is_only_passed_through_is_not_looked_into() -> None:
    flow = model_call()
    flow.request.host = "other.test"
    addon = addon_with(FakeRelay(new_call()))
    addon.requestheaders(flow)
    await addon.request(flow)
    assert (flow.response, flow.request.stream) == (None, True)


async def test_two_markers_are_answered_locally_without_a_claim() -> None:
    flow = model_call()
    parts = [{"text": f".<cid:{CASCADE}>"}, {"text": f".<cid:{CASCADE[::-1]}>"}]
    flow.request.text = json.dumps({"contents": [{"role": "user", "parts": parts}]})
    await addon_with(FakeRelay(new_call())).request(flow)
    assert flow.response is not None
    assert b'"finishReason":"STOP"' in (flow.response.content or b"")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_compressed_request_is_read_and_rewritten(coding: str) -> None:
    flow = model_call()
    flow.request.encode(coding)
    await addon_with(FakeRelay(new_call())).request(flow)

    assert "content-encoding" not in flow.request.headers
    assert flow.request.raw_content == OVERLAY


@pytest.mark.parametrize(("coding", "body"), [("gzip", b"not gzip"), ("rot13", b"{}"), ("br", b"\xff")])
async def test_a_request_that_cannot_be_decoded_passes_untouched(coding: str, body: bytes) -> None:
    flow = model_call()
    flow.request.raw_content = body
    flow.request.headers["content-encoding"] = coding
    before = flow.request.copy()
    await addon_with(FakeRelay(new_call())).request(flow)
    assert (flow.request.get_state(), flow.response) == (before.get_state(), None)


async def test_a_bomb_passes_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interceptor.addon.LARGEST_REQUEST", 10_000)
    flow = model_call()
    marker = flow.request.content or b""
    flow.request.raw_content = gzip.compress(marker[:-1] + b" " * 100_000 + b"}")
    flow.request.headers["content-encoding"] = "gzip"
    await addon_with(FakeRelay(new_call())).request(flow)
    assert flow.response is None
    assert flow.request.headers["content-encoding"] == "gzip"


async def test_the_request_is_not_kept_while_it_is_answered() -> None:
    flow, call = model_call(), new_call()
    addon = addon_with(FakeRelay(call))
    await addon.request(flow)
    addon.responseheaders(answered(flow))

    assert flow.request.raw_content is None
    with pytest.raises(RuntimeError, match="has been taken"):
        call.take_overlay()


async def test_nor_is_that_of_a_call_without_a_marker() -> None:
    flow = model_call("no marker")
    addon = addon_with(FakeRelay(None))
    await addon.request(flow)
    addon.responseheaders(answered(flow))

    assert flow.request.raw_content is None


async def test_an_answer_without_a_body_is_heard_once() -> None:
    """mitmproxy calls no tap for it."""
    relay = FakeRelay(new_call())
    addon = addon_with(relay)
    flow = model_call()
    await addon.request(flow)
    addon.responseheaders(answered(flow, 503))
    addon.response(flow)
    addon.error(flow)

    (failure,) = relay.pushed
    assert isinstance(failure, UpstreamFailed)
    assert (failure.http_status, relay.ends) == (503, 1)


async def test_a_cancel_after_the_end_closes_nothing() -> None:
    """The connection may be another exchange's by then."""
    call = new_call()
    addon = addon_with(FakeRelay(call))
    flow = model_call()
    await addon.request(flow)
    addon.responseheaders(answered(flow))
    tap_of(flow)(b"")

    with mock.patch("interceptor.addon.close_upstream") as close:
        call.cancel()
    close.assert_not_called()
