"""What the interceptor keeps of a call, into the real PostgreSQL."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from mitmproxy import http
from pytest_django.fixtures import Settings

from interceptor import capture
from interceptor.capture import CallCapture, CaptureWriter
from responses_api.captures.panes import CapturedPane, Gap, Pane, Piece
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.models import Capture, Trace
from responses_api.storage import captures
from responses_api.storage.captures import CapturedCall
from tests.responses_api.conftest import database_threads

__all__ = ["database_threads"]  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]

ORDER = CaptureOrder("trace_1", 1, "full", elapsed_ms=5000)
THEIRS, OURS = "theirs-0123456789", "canary-0123456789"
PLACEHOLDER = b'{"contents":[{"parts":[{"text":".<cid:12345678>"}]}]}'


@pytest.fixture(autouse=True)
def trace(alice: User) -> None:
    Trace.objects.create(
        id="trace_1", owner=alice, started_at=timezone.now(), model="m", stream=True, client_request={}
    )


def request(credential: str, body: bytes = b"{}") -> http.Request:
    headers = [(b"authorization", f"Bearer {credential}".encode()), (b"x-note", b"kept")]
    return http.Request.make("POST", f"https://upstream.example/v1beta?key={credential}", body, headers)


def begin(writer: CaptureWriter, order: CaptureOrder = ORDER) -> CallCapture:
    begun = writer.begin(order, request(THEIRS, PLACEHOLDER))
    assert begun is not None
    begun.rewritten(request(OURS, b'{"contents":[{"parts":[{"text":"hello"}]}]}'))
    return begun


async def written(writer: CaptureWriter) -> CapturedCall:
    await writer.close()
    found = await asyncio.to_thread(_read)
    assert found is not None
    return found


def _read() -> CapturedCall | None:
    try:
        found = captures.read("trace_1")
    finally:
        connection.close()
    return found.calls[0] if found is not None else None


async def test_a_call_is_kept_before_and_after_and_with_its_answer() -> None:
    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(200, headers={"content-type": "text/event-stream"}), streaming=True)
    for piece in (b'data: {"n":1}\r\n\r\nda', b'ta: {"n":2}\r\n', b"\r\n", b""):
        call.chunk(piece)
    kept = await written(writer)

    assert kept.before is not None
    assert kept.after is not None
    assert kept.answer is not None
    assert ".<cid:12345678>" in kept.before.text
    assert kept.after.text == '{"contents":[{"parts":[{"text":"hello"}]}]}'
    assert kept.after.head["url"] == "https://upstream.example/v1beta?key=[redacted]"
    assert ["x-note", "kept"] in kept.after.head["headers"]
    assert kept.answer.head == {
        "status": 200,
        "headers": [["content-type", "text/event-stream"], ["content-length", "0"]],
        "streaming": True,
    }
    first, second = kept.answer.pieces
    assert isinstance(first, Piece)
    assert isinstance(second, Piece)
    assert (first.data, second.data) == ({"n": 1}, {"n": 2})
    assert 5000 <= first.at <= second.at < 65_000


async def test_no_credential_is_kept_wherever_the_upstream_repeats_it() -> None:
    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(401, headers={"x-echo": OURS}), streaming=True)
    call.chunk(f'{{"error": {{"message": "{OURS} is bad, {THEIRS} too"}}}}'.encode())
    call.chunk(b"")
    kept = await written(writer)

    assert OURS not in str(kept)
    assert THEIRS not in str(kept)
    assert "is bad" in str(kept)


async def test_an_answer_that_is_not_streamed_is_one_piece() -> None:
    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(200), streaming=False)
    for piece in (b'{"text":', b'"hi"}', b""):
        call.chunk(piece)
    kept = await written(writer)

    assert kept.answer is not None
    assert [piece.data for piece in kept.answer.pieces if isinstance(piece, Piece)] == [{"text": "hi"}]


@pytest.mark.parametrize("answered", [True, False])
async def test_an_answer_that_breaks_off_is_kept_as_far_as_it_came(answered: bool) -> None:
    writer = CaptureWriter()
    call = begin(writer)
    if answered:
        call.answered(http.Response.make(200), streaming=True)
        call.chunk(b'data: {"n":1}\r\n\r\n')
    call.broke_off("connection reset")
    call.chunk(b"more")
    call.broke_off("again")
    kept = await written(writer)

    assert kept.answer is not None
    assert kept.answer.head["broke_off"] == "connection reset"
    assert len(kept.answer.pieces) == answered


async def test_a_pane_has_its_bound(settings: Settings) -> None:
    settings.CAPTURE_MAX_BYTES = 100
    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(200), streaming=True)
    for number in range(100):
        call.chunk(b'data: {"n":%d}\n\n' % number)
    call.chunk(b"")
    kept = await written(writer)

    assert kept.answer is not None
    assert kept.answer.cut
    assert Gap(100 - len(kept.answer.pieces) + 1) in kept.answer.pieces
    assert len(kept.answer.pieces) < 20


async def test_of_a_large_body_that_is_not_streamed_a_bounded_part_is_held(settings: Settings) -> None:
    settings.CAPTURE_MAX_BYTES = 100
    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(200), streaming=False)
    for _ in range(1000):
        call.chunk(b"x" * 1000)
    assert len(b"".join(call._frames._pieces)) == 800  # type: ignore[union-attr] # of this kind here
    call.chunk(b"")
    kept = await written(writer)
    assert kept.answer is not None
    assert kept.answer.cut


def test_without_an_order_nothing_is_kept() -> None:
    assert CaptureWriter().begin(None, request(THEIRS)) is None


def captured_rows() -> int:
    try:
        return Capture.objects.count()
    finally:
        connection.close()


def pane() -> list[CapturedPane]:
    return [CapturedPane(Pane.ANSWER, 1, "full", {}, b"", size=0)]


async def test_what_does_not_fit_into_the_queue_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(capture, "QUEUE_BYTES", 100)
    writer = CaptureWriter()
    made: list[str] = []

    def making(name: str) -> Callable[[], list[CapturedPane]]:
        def make() -> list[CapturedPane]:
            made.append(name)
            return []

        return make

    for name, size in (("large", 1000), ("second", 1), ("third", 100)):
        writer.submit("trace_1", making(name), size)
    await writer.close()
    writer.submit("trace_1", making("later"), 100)
    await writer.close()
    assert made == ["large", "later"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


async def test_one_that_fails_does_not_keep_the_next_from_being_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> list[CapturedPane]:
        raise RuntimeError("a bug")

    writer = CaptureWriter()
    writer.submit("trace_1", fail, 10)
    writer.submit("trace_that_is_gone", pane, 10)
    writer.submit("trace_1", pane, 10)
    await writer.close()
    assert await asyncio.to_thread(captured_rows) == 1
    assert len(caplog.records) == 1


async def test_a_bug_in_the_capture_does_not_reach_the_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: CallCapture, data: bytes) -> None:
        raise RuntimeError("a bug")

    writer = CaptureWriter()
    call = begin(writer)
    call.answered(http.Response.make(200), streaming=True)
    monkeypatch.setattr(CallCapture, "_add", fail)
    call.chunk(b"data: {}\n\n")
    call.chunk(b"")
    kept = await written(writer)
    assert kept.answer is not None
    assert len(caplog.records) == 1
