"""The intercepting proxy itself: mitmproxy with our addon and nothing it does not need."""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from mitmproxy import options
from mitmproxy.addons import core, next_layer, proxyserver
from mitmproxy.master import Master

from interceptor.addon import InterceptorAddon
from interceptor.layer_queues import shrink_layer_queues
from interceptor.relay import Relay
from interceptor.tls import TlsConfig
from responses_api.runtime.tasks import spawn

CA_CERTIFICATE = "mitmproxy-ca-cert.pem"
"""Name, in the configuration folder, of the certificate that clients of the proxy must trust."""


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


class ProxyFailed(Exception):
    """The proxy could not be started."""


class RunningProxy:
    """A started interceptor."""

    def __init__(self, master: Master, relay: Relay, runner: asyncio.Task[None]) -> None:
        self._master = master
        self._relay = relay
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
        """Stop listening and drop all connections."""
        server: proxyserver.Proxyserver = self._master.addons.get("proxyserver")
        for handler in list(server.connections.values()):
            client = handler.transports.get(handler.client)
            if client is not None and client.handler is not None:
                client.handler.cancel("shutdown")
        await server.servers.update([])
        self._master.shutdown()
        await asyncio.gather(self._runner, return_exceptions=True)
        await self._relay.close()


async def start(config: ProxyConfig) -> RunningProxy:
    """Start the interceptor; returns once it accepts connections.

    Raises:
        ProxyFailed: it cannot listen there, or a certificate file is unusable.
    """
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its per-connection chatter is of no use to operators and costs time on every request.
    logging.getLogger("mitmproxy").setLevel(logging.ERROR)
    shrink_layer_queues()
    relay = Relay()
    await relay.open()
    opts = options.Options(
        listen_host=config.host,
        listen_port=config.port,
        confdir=str(config.folder),
        ssl_verify_upstream_trusted_ca=str(config.upstream_ca) if config.upstream_ca else None,
    )
    master = Master(opts)
    master.addons.add(
        core.Core(),
        proxyserver.Proxyserver(),
        next_layer.NextLayer(),
        TlsConfig(),
        InterceptorAddon(relay, claim_patience=config.claim_patience),
    )
    opts.update(
        # Nothing is fetched before the request is known; certificates are made from the name alone.
        connection_strategy="lazy",
        upstream_cert=False,
        http2=False,
        http3=False,
        # A model may think in silence for long; the gateway has its own deadline.
        tcp_timeout=4 * 3600,
    )
    runner = spawn(master.run(), name="mitmproxy")
    server: proxyserver.Proxyserver = master.addons.get("proxyserver")
    while not server.listen_addrs():
        failures = [instance.last_exception for instance in server.servers if instance.last_exception]
        if failures or runner.done():
            runner.cancel()
            await relay.close()
            reason = f" ({_short(failures[0])})" if failures else ""
            raise ProxyFailed(f"The interceptor cannot listen on {config.host}:{config.port}{reason}.")
        await asyncio.sleep(0.01)
    return RunningProxy(master, relay, runner)


def _short(error: Exception) -> str:
    """Without mitmproxy's advice, which names options of its own."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number is not None else str(error).partition("\n")[0]
