"""Exports of traces, and that what is exported can be replayed."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import CapturedPane, CaptureMode, Pane, as_body
from responses_api.captures.recording import StreamRecord, document_pane
from responses_api.core.create_request import parse_create_request
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.gemini.sse import SseDecoder
from responses_api.gemini.stream_parser import GeminiStreamParser
from responses_api.models import Trace, Usage
from responses_api.storage import captures, trace_export
from tests.golden.recordings import FIXTURES
from tests.responses_api.core.response_streams import NOW, counting_ids

pytestmark = pytest.mark.django_db

REQUEST = {"model": "gemini-3.8-flash", "input": "What is six times seven?", "stream": True}
BODY = b"".join(
    b'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"%b"}]}%b}]}\r\n\r\n' % piece
    for piece in ((b"Forty", b""), (b"-two", b""), (b".", b',"finishReason":"STOP"'))
)
LIMIT = 1024 * 1024


def add_trace(owner: User, number: int = 1, **fields: Any) -> str:
    began = timezone.now() - timedelta(minutes=number)
    defaults = {"response_id": f"resp_{number}", "started_at": began, "model": "m", "stream": True}
    trace = Trace.objects.create(
        id=f"trace_{number}", owner=owner, client_request={}, **{**defaults, **fields}
    )
    Usage.objects.create(trace=trace, owner=owner, at=began, model="m", source="none", input_tokens=number)
    return trace.id


def request_pane(document: object, pane: Pane = Pane.CLIENT_REQUEST, call: int = 0) -> CapturedPane:
    return document_pane(pane, call, "full", {}, document, limit=LIMIT, cleaner=Cleaner("full"))


def stream_pane(
    pane: Pane, call: int, payloads: list[bytes], *, mode: CaptureMode = "full", limit: int = LIMIT
) -> CapturedPane:
    record = StreamRecord(limit, Cleaner(mode))
    for at, payload in enumerate(payloads):
        record.add(at, payload)
    return record.pane(pane, call, mode, {"status": 200, "streaming": True})


def payloads_of(body: bytes) -> list[bytes]:
    decoder = SseDecoder()
    return decoder.feed(body) + decoder.feed(b"")


def answered(request: dict[str, Any], body: bytes) -> list[StreamEvent]:
    """The whole path from request and upstream's answer to what the client is sent."""
    parsed = parse_create_request(request)
    blank = new_response(parsed, response_id="resp_1", model=parsed.model or "", created_at=NOW)
    machine = ResponseStream(blank, new_id=counting_ids(), now=lambda: NOW)
    parser = GeminiStreamParser()
    told = machine.start()
    for event in [*parser.feed(body), *parser.feed(b"")]:
        told += machine.send(event)
    return told


def capture_all(trace_id: str, *, mode: CaptureMode = "full", limit: int = LIMIT) -> None:
    sent = [msgspec.json.encode(event) for event in answered(REQUEST, BODY)]
    captures.insert(
        trace_id,
        [
            request_pane(REQUEST),
            stream_pane(Pane.SENT, 0, sent, mode=mode, limit=limit),
            request_pane({"contents": []}, Pane.REQUEST_BEFORE, 1),
            request_pane({"contents": []}, Pane.REQUEST_AFTER, 1),
            stream_pane(Pane.ANSWER, 1, payloads_of(BODY)),
        ],
    )


def export() -> list[dict[str, Any]]:
    """As it is read from a file."""
    lines = [msgspec.json.encode(document) for document in trace_export.documents(Trace.objects.all())]
    return [msgspec.json.decode(line) for line in lines]


def test_an_exported_exchange_can_be_replayed(alice: User) -> None:
    capture_all(add_trace(alice))
    (document,) = export()

    assert document["replayable"]
    body = as_body(document["calls"][0]["answer"]["pieces"], streaming=True)
    replayed = msgspec.json.decode(msgspec.json.encode(answered(document["client_request"]["body"], body)))
    assert replayed == [piece["data"] for piece in document["sent"]["pieces"]]
    assert replayed[-1]["response"]["output"][0]["content"][0]["text"] == "Forty-two."


@pytest.mark.parametrize(("mode", "limit"), [("preview", LIMIT), ("full", 100)])
def test_what_is_not_whole_says_so(alice: User, mode: CaptureMode, limit: int) -> None:
    capture_all(add_trace(alice), mode=mode, limit=limit)
    (document,) = export()
    assert not document["replayable"]


@pytest.mark.parametrize(
    "recording",
    [path for path in sorted(FIXTURES.glob("*.sse")) if not {b"thoughtSignature", b"inlineData"} & set(path.read_bytes().split(b'"'))],
    ids=lambda path: path.name,
)  # fmt: skip
def test_a_recorded_answer_survives_capture_and_export(alice: User, recording: Any) -> None:
    body = recording.read_bytes()
    captures.insert(add_trace(alice), [stream_pane(Pane.ANSWER, 1, payloads_of(body))])
    (document,) = export()
    again = as_body(document["calls"][0]["answer"]["pieces"], streaming=True)

    def events(wire: bytes) -> Any:
        parser = GeminiStreamParser()
        return [*parser.feed(wire), *parser.feed(b"")]

    assert events(again) == events(body)


def test_a_document_has_the_rows_and_no_panes_where_nothing_was_captured(alice: User) -> None:
    add_trace(alice, 2, outcome="upstream_error", error={"code": "server_error"})
    (document,) = export()
    assert document["trace"]["id"] == "trace_2"
    assert document["trace"]["outcome"] == "upstream_error"
    assert document["trace"]["error"] == {"code": "server_error"}
    assert document["usage"]["input_tokens"] == 2
    assert "sent" not in document


def test_a_trace_whose_usage_is_deleted_is_exported_all_the_same(alice: User) -> None:
    add_trace(alice)
    Usage.objects.all().delete()
    (document,) = export()
    assert document["usage"] is None


def test_pages_leave_nothing_out_and_cost_a_constant_number_of_queries(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_export, "PAGE", 3)
    for number in range(1, 9):
        add_trace(alice, number)
    same = Trace.objects.get(id="trace_4").started_at
    Trace.objects.filter(id__in=["trace_3", "trace_5"]).update(started_at=same)
    with CaptureQueriesContext(connection) as queries:
        exported = [document["trace"]["id"] for document in export()]
    assert exported == [f"trace_{number}" for number in (8, 7, 6, 3, 4, 5, 2, 1)]
    assert len(queries) == 3 * 3
