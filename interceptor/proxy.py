"""The intercepting proxy itself: mitmproxy with our addon and nothing it does not need."""

import asyncio
import contextlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from mitmproxy import options
from mitmproxy.addons import core, next_layer, proxyserver
from mitmproxy.master import Master

from interceptor.addon import LARGEST_REQUEST, InterceptorAddon
from interceptor.authority import ensure_authority
from interceptor.capture import CaptureWriter
from interceptor.doorkeeper import Doorkeeper
from interceptor.hosts import HostRules
from interceptor.joined_chunks import join_chunks
from interceptor.layer_queues import shrink_layer_queues
from interceptor.proxy_login import ProxyLogin, reaches_only_this_machine
from interceptor.relay import Relay
from interceptor.tls import TlsConfig
from interceptor.unmatched import UnmatchedTraces
from interceptor.upstream_ends import EndableStreams
from responses_api.runtime.tasks import spawn

CA_CERTIFICATE = "mitmproxy-ca-cert.pem"
"""Name, in the configuration folder, of the certificate that clients of the proxy must trust."""

_DRAIN = 2.0
"""Seconds in which the gateways are told that this interceptor stops."""


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """Where the proxy listens and whom it trusts."""

    host: str
    port: int
    folder: Path
    """Holds the certificate authority; made on first start, its key readable by the owner only."""
    upstream_ca: Path | None
    """Bundle that upstream certificates are verified against; None: the well-known authorities."""
    claim_patience: float
    """Seconds to look for a marker's owner."""
    hosts: HostRules
    login: ProxyLogin | None = None
    """What clients have to send; None admits everybody on this machine."""


class ProxyFailed(Exception):
    """The proxy could not be started."""


class RunningProxy:
    """A started interceptor."""

    def __init__(
        self,
        master: Master,
        relay: Relay,
        unmatched: UnmatchedTraces,
        captures: CaptureWriter,
        runner: asyncio.Task[None],
    ) -> None:
        self._master = master
        self._relay = relay
        self._unmatched = unmatched
        self._captures = captures
        self._runner = runner

    @property
    def port(self) -> int:
        """The port it listens on."""
        server: proxyserver.Proxyserver = self._master.addons.get("proxyserver")
        return int(server.listen_addrs()[0][1])

    async def wait(self) -> None:
        """Return when the proxy has stopped by itself."""
        await asyncio.wait([self._runner])

    async def close(self) -> None:
        """Fail what is running, stop listening and drop all connections."""
        await self._relay.finish_all(_DRAIN)
        server: proxyserver.Proxyserver = self._master.addons.get("proxyserver")
        for handler in list(server.connections.values()):
            client = handler.transports.get(handler.client)
            if client is not None and client.handler is not None:
                client.handler.cancel("shutdown")
        await _stop(self._master, self._runner)
        await self._relay.close()
        await self._unmatched.close()
        await self._captures.close()


async def start(config: ProxyConfig) -> RunningProxy:
    """Start the interceptor; returns once it accepts connections.

    Raises:
        ProxyFailed: it cannot listen there, would be open to others without a login, or has no
            certificate authority that can be used.
    """
    if config.login is None and not reaches_only_this_machine(config.host):
        raise ProxyFailed(
            f"The interceptor would be an open proxy on {config.host}: set INTERCEPTOR_PROXY_USER and "
            "INTERCEPTOR_PROXY_PASSWORD."
        )
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its per-connection chatter is of no use to operators and costs time on every request.
    logging.getLogger("mitmproxy").setLevel(logging.ERROR)
    shrink_layer_queues()
    join_chunks()
    with contextlib.suppress(OSError):  # which mitmproxy comes across as well, and says below
        ensure_authority(config.folder)
    relay, unmatched = Relay(), UnmatchedTraces()
    await relay.open()
    addon = InterceptorAddon(relay, unmatched, hosts=config.hosts, claim_patience=config.claim_patience)
    master, running = _assemble(config, addon)
    runner = spawn(master.run(), name="mitmproxy")
    try:
        await _until_it_serves(config, master, running, runner)
    except ProxyFailed:
        await _stop(master, runner)
        await relay.close()
        raise
    return RunningProxy(master, relay, unmatched, addon.captures, runner)


async def _stop(master: Master, runner: asyncio.Task[None]) -> None:
    server: proxyserver.Proxyserver = master.addons.get("proxyserver")
    await server.servers.update([])
    master.shutdown()
    await asyncio.gather(runner, return_exceptions=True)


class _Running:
    """mitmproxy's addon that learns, as the last of them all, that the others have started."""

    def __init__(self) -> None:
        self.started = False

    def running(self) -> None:
        """The others stand; the certificate authority is made or read by then, if that is possible."""
        self.started = True


def _assemble(config: ProxyConfig, addon: InterceptorAddon) -> tuple[Master, _Running]:
    opts = options.Options(
        listen_host=config.host,
        listen_port=config.port,
        confdir=str(config.folder),
        ssl_verify_upstream_trusted_ca=str(config.upstream_ca) if config.upstream_ca else None,
    )
    master, running = Master(opts), _Running()
    master.addons.add(
        core.Core(),
        proxyserver.Proxyserver(),
        Doorkeeper(config.hosts, config.login),
        next_layer.NextLayer(),
        EndableStreams(),
        TlsConfig(),
        addon,
        running,
    )
    opts.update(
        # Nothing is fetched before the request is known; certificates are made from the name alone.
        connection_strategy="lazy",
        upstream_cert=False,
        http3=False,
        # What is longer passes in pieces; answers do so in any case.
        stream_large_bodies=str(LARGEST_REQUEST),
        # A model may think in silence for long; the gateway has its own deadline.
        tcp_timeout=4 * 3600,
    )
    return master, running


async def _until_it_serves(
    config: ProxyConfig, master: Master, running: _Running, runner: asyncio.Task[None]
) -> None:
    server: proxyserver.Proxyserver = master.addons.get("proxyserver")
    while not (server.listen_addrs() and running.started):
        failures = [instance.last_exception for instance in server.servers if instance.last_exception]
        if failures or runner.done():
            reason = f" ({_short(failures[0])})" if failures else ""
            raise ProxyFailed(f"The interceptor cannot listen on {config.host}:{config.port}{reason}.")
        await asyncio.sleep(0.01)
    if master.addons.get("tlsconfig").certstore is None:
        raise ProxyFailed(f"The interceptor's certificate authority in {config.folder} cannot be used.")


def _short(error: Exception) -> str:
    """Without mitmproxy's advice, which names options of its own."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number is not None else str(error).partition("\n")[0]
