"""mitmproxy's layers with the smaller queue: events that come while a layer waits are replayed in order."""

import collections
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.test import taddons, tflow

from interceptor.layer_queues import EventQueue, shrink_layer_queues


@pytest.fixture(autouse=True)
def unchanged_mitmproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "collections", collections)


@pytest.fixture
def layer_context() -> Iterator[context.Context]:
    with taddons.context() as addons:
        yield context.Context(tflow.tclient_conn(), addons.options)


class _WaitsFirst(layer.Layer):
    """Waits for a connection when it starts; notes what it gets."""

    def __init__(self, context: context.Context) -> None:
        super().__init__(context)
        self.seen: list[bytes] = []

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.OpenConnection(self.context.server)
        elif isinstance(event, events.DataReceived):
            self.seen.append(event.data)


def test_a_waiting_layer_replays_its_events_in_order(layer_context: context.Context) -> None:
    shrink_layer_queues()
    waiting = _WaitsFirst(layer_context)
    assert isinstance(waiting._paused_event_queue, EventQueue)

    (command,) = waiting.handle_event(events.Start())
    for data in (b"1", b"2", b"3"):
        assert list(waiting.handle_event(events.DataReceived(layer_context.client, data))) == []
    assert waiting.seen == []
    assert isinstance(command, commands.OpenConnection)
    list(waiting.handle_event(events.OpenConnectionCompleted(command, None)))

    assert waiting.seen == [b"1", b"2", b"3"]
    assert not waiting._paused_event_queue


def test_a_mitmproxy_without_such_queues_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    other = SimpleNamespace(deque=list)
    monkeypatch.setattr(layer, "collections", other)
    shrink_layer_queues()
    assert layer.__dict__["collections"] is other
