"""A real interceptor between a client and an upstream, with a gateway's desk at its other end."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from interceptor import addon, proxy, unmatched
from interceptor.hosts import HostRules
from interceptor.proxy_login import ProxyLogin, with_login
from responses_api.access.credentials import UpstreamAuth
from responses_api.core.generation_events import GenerationEvent
from responses_api.exchanges.exchange import Exchange, OverlayContent
from responses_api.exchanges.exchange_desk import ExchangeDesk
from responses_api.storage.unmatched_traces import UnmatchedTrace

from .language_server.certificates import Certificates
from .upstreams import Upstream

GENERATE = "/v1beta/models/placeholder:streamGenerateContent?alt=sse"
WHOLE = "/v1beta/models/placeholder:generateContent"
OVERLAY = b'{"contents":[{"role":"user","parts":[{"text":"the real request"}]}]}'


def event(**chunk: Any) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"


def said(text: str) -> bytes:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}}
    return event(candidates=[candidate], modelVersion="gemini-3.8-flash-001")


STOP = event(
    candidates=[{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}],
    usageMetadata={"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10},
    modelVersion="gemini-3.8-flash-001",
)


def marked(cascade_id: str) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": f".<cid:{cascade_id}>"}]}]}


def unmarked(text: str = "hello") -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}]}


class _Credentials:
    async def get(self, ref: str) -> UpstreamAuth:
        return UpstreamAuth("api_key", f"secret of {ref}")


@dataclass
class ProxiedPath:
    """Client, interceptor and upstream, joined."""

    upstream: Upstream
    running: proxy.RunningProxy
    desk: ExchangeDesk
    ca_file: Path
    login: ProxyLogin | None
    written: list[UnmatchedTrace] = field(default_factory=list)

    @property
    def proxy_url(self) -> str:
        return with_login(f"http://127.0.0.1:{self.running.port}", self.login)

    def addon(self, name: str) -> Any:
        """One of mitmproxy's addons, by the name of its class in lower case."""
        return self.running._master.addons.get(name)

    def client(
        self, *, http2: bool = False, ca_file: Path | None = None, **options: Any
    ) -> httpx2.AsyncClient:
        """Goes through the interceptor and trusts it, or whoever ``ca_file`` is of."""
        options.setdefault("proxy", self.proxy_url)
        return httpx2.AsyncClient(
            base_url=self.upstream.url,
            verify=ssl.create_default_context(cafile=ca_file or self.ca_file),
            http2=http2,
            timeout=20,
            trust_env=False,
            **options,
        )

    def exchange(self, cascade_id: str) -> Exchange:
        return self.desk.register(
            f"exch-{cascade_id}", cascade_id, OverlayContent("credential:1", "gemini-3.8-flash", OVERLAY)
        )


@asynccontextmanager
async def running_path(
    upstream: Upstream,
    certificates: Certificates,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    login: ProxyLogin | None,
) -> AsyncIterator[ProxiedPath]:
    written: list[UnmatchedTrace] = []
    monkeypatch.setattr(addon, "CredentialCache", _Credentials)
    monkeypatch.setattr("interceptor.unmatched.database.run_patiently", _at_once)
    monkeypatch.setattr(unmatched, "record_unmatched", written.extend)
    monkeypatch.setattr(unmatched, "_GATHERING", 0.01)
    running = await proxy.start(
        proxy.ProxyConfig(
            host="127.0.0.1",
            port=0,
            folder=folder,
            upstream_ca=certificates.ca,
            claim_patience=2,
            hosts=HostRules.parse([upstream.address]),
            login=login,
        )
    )
    desk = ExchangeDesk()
    await desk.open()
    try:
        yield ProxiedPath(upstream, running, desk, folder / proxy.CA_CERTIFICATE, login, written)
    finally:
        await desk.close()
        await running.close()


async def _at_once(function: Any, *args: Any) -> Any:
    return function(*args)


async def all_events(exchange: Exchange) -> list[GenerationEvent]:
    """Everything until the last word."""
    events: list[GenerationEvent] = []
    while not events or type(events[-1]).__name__ not in ("Finished", "UpstreamFailed"):
        arrived = await exchange.next_events(5)
        assert arrived, f"only {events}"
        events += arrived
    return events
