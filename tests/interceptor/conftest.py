"""A gateway's desk and an interceptor's relay, joined by an observed wire over the in-memory layer."""

import warnings
from collections.abc import AsyncIterator

import pytest

from interceptor import relay as relay_module
from interceptor.relay import Relay
from responses_api.exchanges import exchange as exchange_module
from responses_api.exchanges import exchange_desk
from responses_api.exchanges.exchange import Exchange
from responses_api.exchanges.exchange_desk import ExchangeDesk
from tests.interceptor.exchange_rig import CASCADE, CONTENT, Wire

with warnings.catch_warnings():
    # Two of mitmproxy's dependencies use names that a third has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.master  # noqa: F401


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Both sides on one observed wire, with heartbeats many times a second."""
    wire = Wire()
    monkeypatch.setattr(relay_module, "send", wire.send)
    monkeypatch.setattr(exchange_module, "send", wire.send)
    monkeypatch.setattr(exchange_desk, "send", wire.send)
    monkeypatch.setattr(relay_module, "_HEARTBEAT_INTERVAL", 0.02)
    monkeypatch.setattr(relay_module, "_CLAIM_REPEAT", 0.02)
    monkeypatch.setattr(exchange_desk, "_WATCH_INTERVAL", 0.02)
    return wire


@pytest.fixture
async def desk(wire: Wire) -> AsyncIterator[ExchangeDesk]:
    opened = ExchangeDesk()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def relay(wire: Wire) -> AsyncIterator[Relay]:
    opened = Relay()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def exchange(desk: ExchangeDesk) -> Exchange:
    return desk.register("exch_1", CASCADE, CONTENT)
