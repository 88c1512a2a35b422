"""All parts of the path in one process and one event loop: simulator, interceptor, language server."""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from interceptor import proxy
from interceptor.hosts import HostRules, address_of
from interceptor.language_server import server as language_server
from interceptor.language_server.from_settings import language_server_config
from interceptor.proxy_login import ProxyLogin
from interceptor.simulator import server as simulator
from interceptor.simulator.tls import ensure_tls_files
from responses_api.exchanges import followed_cascade
from responses_api.exchanges.exchange_desk import close_current_desk, current_desk
from responses_api.exchanges.language_server import close_current_client, current_client
from responses_api.generation import token_counts
from responses_api.runtime import process_tasks
from responses_api.runtime.settling import drain

logger = logging.getLogger("zg.serve")

_DRAIN = 2.0
"""Seconds that running responses get to end at shutdown."""


@dataclass(slots=True)
class Components:
    """The started parts, in the order of the path."""

    simulator: simulator.RunningSimulator | None
    interceptor: proxy.RunningProxy | None
    """None where the settings switch it off."""
    language_server: language_server.RunningLanguageServer | None
    """None where the settings name another one."""

    async def close(self) -> None:
        """End running responses, each with its terminal event, then stop the parts."""
        await process_tasks.stop()
        await (await current_desk()).finish_all(_DRAIN)
        await followed_cascade.finish_all(_DRAIN)
        await drain(_DRAIN)
        await close_current_client()
        await token_counts.close_current_counter()
        if self.language_server is not None:
            await self.language_server.close()
        if self.interceptor is not None:
            await self.interceptor.close()
        if self.simulator is not None:
            await self.simulator.close()
        await close_current_desk()


async def start_components() -> Components:
    """Start what the settings ask for; with ``UPSTREAM_SIMULATED`` the simulator is the upstream.

    The settings that say where the parts are found are brought in line with where they
    really listen (port 0 takes a free one).

    Raises:
        OSError, proxy.ProxyFailed: an address is taken or a file cannot be used.
    """
    upstream_url, upstream_ca, simulated = settings.UPSTREAM_URL, settings.UPSTREAM_CA_FILE, None
    if settings.UPSTREAM_SIMULATED and upstream_url == settings.PUBLIC_GEMINI_URL:
        tls = ensure_tls_files(settings.DATA_DIR / "simulator")
        simulated = await simulator.start("127.0.0.1", 0, tls)
        upstream_url, upstream_ca = simulated.url, tls.ca
        token_counts.upstream_is_at(upstream_url, upstream_ca)
    interceptor = None
    if settings.INTERCEPTOR_ENABLED:
        interceptor = await proxy.start(proxy_config(upstream_url, upstream_ca))
        settings.INTERCEPTOR_URL = f"http://{settings.INTERCEPTOR_HOST}:{interceptor.port}"
    server = None
    if settings.OWN_LANGUAGE_SERVER:
        server = await language_server.start(language_server_config(upstream_url, upstream_ca))
        settings.LANGUAGE_SERVER_URL = server.url
    await current_desk()
    current_client()
    process_tasks.start_once()
    return Components(simulated, interceptor, server)


def proxy_config(upstream_url: str, upstream_ca: Path | None) -> proxy.ProxyConfig:
    """The interceptor as the settings want it, in front of ``upstream_url``."""
    return proxy.ProxyConfig(
        host=settings.INTERCEPTOR_HOST,
        port=settings.INTERCEPTOR_PORT,
        folder=settings.INTERCEPTOR_DIR,
        upstream_ca=upstream_ca,
        claim_patience=settings.GATE_TIMEOUT,
        hosts=HostRules.parse(
            settings.INTERCEPT_HOSTS or [address_of(upstream_url)], settings.PASS_THROUGH_HOSTS
        ),
        login=ProxyLogin.of(settings.INTERCEPTOR_PROXY_USER, settings.INTERCEPTOR_PROXY_PASSWORD),
    )
