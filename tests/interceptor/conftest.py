"""A gateway's desk and an interceptor's relay, joined by an observed wire over the in-memory layer."""

import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from interceptor import relay as relay_module
from interceptor.proxy_login import ProxyLogin
from interceptor.relay import Relay
from responses_api.exchanges import channel_messages, exchange_desk
from responses_api.exchanges.exchange import Exchange
from responses_api.exchanges.exchange_desk import ExchangeDesk
from tests.interceptor.exchange_rig import CASCADE, CONTENT, Wire
from tests.interceptor.language_server.certificates import Certificates, make_certificates
from tests.interceptor.upstreams import Upstream, running_upstream

if TYPE_CHECKING:
    from tests.interceptor.proxies import ProxiedPath

with warnings.catch_warnings():
    # Two of mitmproxy's dependencies use names that a third has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.master  # noqa: F401


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Both sides on one observed wire, with heartbeats many times a second."""
    wire = Wire()
    monkeypatch.setattr(channel_messages, "send", wire.send)
    monkeypatch.setattr(relay_module, "send", wire.send)
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


# --- a real interceptor between a client and an upstream; see proxies.py and upstreams.py ---


@pytest.fixture(scope="session")
def upstream_certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("upstream"))


@pytest.fixture
def protocols() -> list[str]:
    """What the upstream offers, best first."""
    return ["h2", "http/1.1"]


@pytest.fixture
async def upstream(upstream_certificates: Certificates, protocols: list[str]) -> AsyncIterator[Upstream]:
    async with running_upstream(upstream_certificates, protocols) as running:
        yield running


@pytest.fixture
def login() -> ProxyLogin | None:
    """What the proxy asks its clients for."""
    return None


@pytest.fixture
async def path(
    upstream: Upstream,
    upstream_certificates: Certificates,
    login: ProxyLogin | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> "AsyncIterator[ProxiedPath]":
    from tests.interceptor.proxies import running_path

    async with running_path(upstream, upstream_certificates, tmp_path, monkeypatch, login) as joined:
        yield joined
