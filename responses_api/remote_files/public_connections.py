"""Connections that lead only where they may: the guard at the level of addresses.

A name is looked up once; every address in the answer must be allowed, and each is checked
again where its socket is made. So there is no second look-up that could answer otherwise,
and an address that a URL spells out passes the same gate.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ssl import SSLContext

from aiohttp import AddrInfoType, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

type Allows = Callable[[str], bool]
"""Whether an address, in its canonical text, may be connected to."""

# Their own threads: names of strangers can take long to look up, and must not hold up anything else.
_look_ups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="look-up")


class AddressRefused(OSError):
    """An address that may not be connected to; the text names it and is for the log alone."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} may not be connected to")


def guarded_connector(allows: Allows, tls: SSLContext) -> TCPConnector:
    """A connector that makes no connection to an address that ``allows`` refuses.

    It pools and caches nothing: every request is looked up, checked and connected by itself.
    """

    def make_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allows(str(address[0])):
            raise AddressRefused(str(address[0]))
        return socket.socket(family, kind, protocol)

    return TCPConnector(
        limit=0,
        ssl=tls,
        resolver=_GuardedResolver(allows),
        use_dns_cache=False,
        force_close=True,
        socket_factory=make_socket,
    )


class _GuardedResolver(AbstractResolver):
    def __init__(self, allows: Allows) -> None:
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of ``host``.

        Raises:
            OSError: it has none, or one that is refused.
        """
        look_up = partial(
            socket.getaddrinfo,
            host,
            port,
            family=family,
            type=socket.SOCK_STREAM,
            flags=socket.AI_ADDRCONFIG,
        )
        try:
            answer = await asyncio.get_running_loop().run_in_executor(_look_ups, look_up)
        except ValueError as error:
            raise OSError(errno.EINVAL, f"no host name: {error}") from error
        return [self._result(host, port, *entry) for entry in answer]

    def _result(
        self,
        host: str,
        port: int,
        family: int,
        kind: int,
        protocol: int,
        name: str,
        address: tuple[str | int, ...],
    ) -> ResolveResult:
        numeric = str(address[0])
        if not self._allows(numeric):
            raise AddressRefused(numeric)
        return ResolveResult(
            hostname=host,
            host=numeric,
            port=port,
            family=family,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )

    async def close(self) -> None:
        """Nothing is held."""
