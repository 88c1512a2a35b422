"""The gateway's side of a capture, without a database."""

import logging
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from responses_api.access.callers import Caller
from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import CapturedPane, Pane, Piece, unpack, unpack_stream
from responses_api.generation.capturing import ExchangeRecord, record_for

LINE = {"method": "POST", "path": "/v1/responses"}
HEADERS = [(b"authorization", b"Bearer whatever"), (b"user-agent", b"tester")]


def record(capture: str = "full", document: object = None) -> ExchangeRecord | None:
    caller = Caller(1, 1, "simulator", capture=capture)
    return record_for(caller, time.monotonic() - 3, LINE, HEADERS, document or {"input": "hello"})


def made(capture: str = "full") -> ExchangeRecord:
    begun = record(capture)
    assert begun is not None
    return begun


def event(number: int) -> Any:
    return {"type": "response.in_progress", "sequence_number": number}


def by_name(panes: list[CapturedPane]) -> dict[Pane, CapturedPane]:
    return {pane.pane: pane for pane in panes}


@pytest.mark.parametrize(
    ("of_key", "of_installation", "kept"),
    [("inherit", "off", False), ("off", "full", False), ("inherit", "preview", True), ("full", "off", True)],
)
async def test_the_key_says_what_is_kept_else_the_installation(
    settings: Settings, of_key: str, of_installation: str, kept: bool
) -> None:
    settings.CONTENT_CAPTURE = of_installation
    begun = record(of_key)
    assert (begun is not None) is kept
    if begun is not None:
        await begun.panes(None)


async def test_request_and_events_are_kept() -> None:
    begun = made()
    begun.sent([event(0), event(1)])
    begun.sent([event(2)])
    panes = by_name(await begun.panes({"not": "told"}))

    request = panes[Pane.CLIENT_REQUEST]
    assert request.head == {**LINE, "headers": [("authorization", "[redacted]"), ("user-agent", "tester")]}
    assert unpack(request.body) == '{"input":"hello"}'
    sent = [piece for piece in unpack_stream(panes[Pane.SENT].body) if isinstance(piece, Piece)]
    assert [piece.data for piece in sent] == [event(0), event(1), event(2)]
    assert 3000 <= sent[0].at == sent[1].at <= sent[2].at


@pytest.mark.parametrize(("answer", "kept"), [({"object": "response"}, [{"object": "response"}]), (None, [])])
async def test_where_no_events_are_sent_the_answer_is_kept(answer: object, kept: list[object]) -> None:
    panes = by_name(await made().panes(answer))
    pieces = unpack_stream(panes[Pane.SENT].body)
    assert [piece.data for piece in pieces if isinstance(piece, Piece)] == kept


async def test_an_order_says_where_a_call_belongs_and_how_late_it_is() -> None:
    begun = made("preview")
    order = begun.order("trace_1", 2)
    assert (order.trace_id, order.call, order.mode) == ("trace_1", 2, "preview")
    assert 3000 <= order.elapsed_ms < 60_000
    await begun.panes(None)


async def test_a_capture_that_fails_costs_the_response_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(cleaner: Cleaner, document: object) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Cleaner, "document", fail)
    assert await made().panes({}) == []
    assert "content could not be captured" in [
        each.getMessage() for each in caplog.records if each.levelno == logging.ERROR
    ]
