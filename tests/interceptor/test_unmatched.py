"""Calls without a marker: passed on untouched, traced with their usage, nothing of what was said kept."""

import asyncio
import gzip
import json
import uuid
from typing import Any

import httpx2
import pytest

from interceptor import unmatched
from interceptor.unmatched import UnmatchedTraces
from responses_api.core.generation_events import UsageReported
from responses_api.storage.unmatched_traces import UnmatchedTrace

from .exchange_rig import until
from .proxies import STOP, ProxiedPath, event, marked, said, unmarked
from .upstreams import Exchange as Seen

STREAM = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse&key=AIza-own-key"
WHOLE = "/v1beta/models/gemini-3.8-flash:generateContent"
WRAPPED = "/v1internal:streamGenerateContent?alt=sse"
SECRET = "what-was-said"


async def trace_of(path: ProxiedPath) -> UnmatchedTrace:
    await until(lambda: path.written)
    (trace,) = path.written
    assert SECRET not in repr(trace)
    assert "AIza" not in repr(trace)
    return trace


def whole(**more: Any) -> bytes:
    parts = more.pop("parts", [{"text": SECRET}])
    candidate = {"content": {"parts": parts}, "finishReason": more.pop("finish", "STOP")}
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 3}
    return json.dumps({"candidates": [candidate], "usageMetadata": usage, **more}).encode()


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
async def test_a_streamed_call(path: ProxiedPath, http2: bool) -> None:
    path.upstream.script = lambda seen: seen.stream(said(SECRET), STOP)
    headers = {"x-goog-api-key": "their own", "authorization": "Bearer theirs", "user-agent": "tool/1"}
    async with path.client(http2=http2) as client:
        answer = await client.post(STREAM, json=unmarked(SECRET), headers=headers)
    trace = await trace_of(path)

    assert answer.content == said(SECRET) + STOP
    (seen,) = path.upstream.exchanges
    assert json.loads(seen.body) == unmarked(SECRET)
    assert {name: seen.headers[name] for name in headers} == headers
    assert seen.path == STREAM
    assert (trace.outcome, trace.upstream_status, trace.failure) == ("completed", 200, None)
    assert (trace.model, trace.upstream_model) == ("gemini-3.8-flash", "gemini-3.8-flash-001")
    assert (trace.host, trace.stream) == (path.upstream.address, True)
    assert trace.usage == UsageReported(7, 0, 3, 0)
    assert trace.request == {"user_agent": "tool/1", "body_bytes": len(seen.body), "stream": True}
    assert trace.first_event_ms is not None
    assert 0 < trace.first_event_ms <= trace.duration_ms
    assert trace.started_at < trace.ended_at


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (whole(), 200, "completed"),
        (whole(parts=[{"functionCall": {"name": "f", "args": {}}}]), 200, "tool_call"),
        (whole(finish="MAX_TOKENS"), 200, "incomplete"),
        (whole(finish="SAFETY"), 200, "incomplete"),
        (whole(finish="OTHER"), 200, "upstream_error"),
        (
            b'{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}',
            429,
            "upstream_error",
        ),
        (b"", 503, "upstream_error"),
        (b"nonsense", 200, "upstream_error"),
    ],
)
async def test_how_a_call_ended(path: ProxiedPath, body: bytes, status: int, outcome: str) -> None:
    path.upstream.script = lambda seen: seen.answer(body, status=status, content_type="application/json")
    async with path.client() as client:
        answer = await client.post(WHOLE, json=unmarked())
    trace = await trace_of(path)

    assert (answer.status_code, answer.content) == (status, body)
    assert (trace.outcome, trace.upstream_status, trace.stream) == (outcome, status, False)
    assert (trace.failure is not None) == (outcome == "upstream_error" and b"OTHER" not in body)


async def test_what_a_tool_sends_and_gets_compressed(path: ProxiedPath) -> None:
    sent, body = gzip.compress(json.dumps(unmarked()).encode()), gzip.compress(whole())
    path.upstream.script = lambda seen: seen.answer(
        body, content_type="application/json", content_encoding="gzip"
    )
    async with path.client() as client:
        answer = await client.post(
            WHOLE, content=sent, headers={"content-encoding": "gzip", "accept-encoding": "gzip"}
        )
    trace = await trace_of(path)

    assert answer.content == gzip.decompress(body)
    (seen,) = path.upstream.exchanges
    assert (seen.body, seen.headers["accept-encoding"]) == (sent, "gzip")
    assert trace.usage == UsageReported(7, 0, 3, 0)


async def test_a_wrapped_call_names_its_model_in_its_body(path: ProxiedPath) -> None:
    chunk = json.loads(STOP.removeprefix(b"data: "))
    path.upstream.script = lambda seen: seen.stream(event(response=chunk))
    async with path.client() as client:
        await client.post(WRAPPED, json={"model": "gemini-x", "request": unmarked()})
    trace = await trace_of(path)
    assert (trace.model, trace.usage) == ("gemini-x", UsageReported(7, 0, 3, 0))


async def test_the_array_of_a_stream_without_events(path: ProxiedPath) -> None:
    body = b"[" + whole() + b",\n" + whole() + b"]"
    path.upstream.script = lambda seen: seen.answer(body, content_type="application/json")
    async with path.client() as client:
        answer = await client.post(STREAM.replace("?alt=sse", "?"), json=unmarked())
    trace = await trace_of(path)
    assert (answer.content, trace.outcome, trace.stream) == (body, "completed", True)


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
async def test_a_tool_that_leaves(path: ProxiedPath, http2: bool) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(event(usageMetadata={"promptTokenCount": 5}))
        await seen.gone.wait()

    path.upstream.script = script
    async with path.client(http2=http2) as client:
        async with client.stream("POST", STREAM, json=unmarked()) as answer:
            async for _ in answer.aiter_bytes():
                break
    trace = await trace_of(path)
    assert (trace.outcome, trace.usage) == ("client_disconnect", UsageReported(5))


async def test_an_upstream_that_breaks_off(path: ProxiedPath) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(said(SECRET))
        await seen.break_off()

    path.upstream.script = script
    async with path.client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.post(STREAM, json=unmarked())
    trace = await trace_of(path)
    assert (trace.outcome, trace.usage) == ("upstream_error", None)


async def test_nothing_else_is_traced(path: ProxiedPath) -> None:
    path.upstream.script = lambda seen: seen.answer(b"{}")
    async with path.client() as client:
        for method, target in (
            ("POST", "/v1beta/models/m:countTokens"),
            ("GET", "/v1beta/models"),
            ("GET", WHOLE),
            ("POST", "/upload/v1beta/files"),
        ):
            body = b"x" * 70_000 if method == "POST" else b""
            answer = await client.request(method, target, content=body)
            assert answer.content == b"{}"
            assert path.upstream.exchanges[-1].body == body
        # A marker that is nobody's is answered here, and was never forwarded.
        answer = await client.post(WHOLE, json=marked(uuid.uuid4().hex))
        assert answer.json()["candidates"][0]["finishReason"] == "STOP"
    assert len(path.upstream.exchanges) == 4
    await asyncio.sleep(0.05)
    assert path.written == []


# --- the writer ---


def trace(number: int = 0) -> UnmatchedTrace:
    return UnmatchedTrace(
        *(f"trace_{number}", None, None, "completed", "h", "m", "m", True, {}, 200, 1.0, 2.0, None, None)  # type: ignore[arg-type]
    )


async def test_what_waits_is_written_together_and_at_the_end_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batches: list[int] = []

    async def write(function: Any, batch: list[UnmatchedTrace]) -> None:
        batches.append(len(batch))

    monkeypatch.setattr("interceptor.unmatched.database.run_patiently", write)
    monkeypatch.setattr(unmatched, "_GATHERING", 3_600)
    monkeypatch.setattr(unmatched, "_BATCH", 4)
    traces = UnmatchedTraces()
    for number in range(10):
        traces.add(trace(number))
    await asyncio.sleep(0.01)
    assert batches == []
    await traces.close()
    assert batches == [4, 4, 2]


async def test_a_database_that_is_away_costs_traces_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(function: Any, batch: list[UnmatchedTrace]) -> None:
        raise OSError("away")

    monkeypatch.setattr("interceptor.unmatched.database.run_patiently", fail)
    monkeypatch.setattr(unmatched, "_MOST_WAITING", 3)
    traces = UnmatchedTraces()
    for number in range(5):
        traces.add(trace(number))
    await traces.close()
    assert "traces of 3 unmatched calls are lost: away" in caplog.text
    assert "traces of 2 unmatched calls are lost" in caplog.text
    await UnmatchedTraces().close()
