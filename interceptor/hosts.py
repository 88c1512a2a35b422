"""Which hosts the interceptor serves, and how: the rest is refused. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit


class Passage(Enum):
    """What becomes of a request for a host."""

    INTERCEPTED = "intercepted"
    """TLS ends here, so that model calls can be seen."""
    PASSED_THROUGH = "passed through"
    """Bytes go to and fro unseen."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host and port, or with ``*.`` in front all hosts below a name."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "HostPattern":
        """Read ``host``, ``host:port``, ``*.domain`` or ``*.domain:port``; 443 where there is no port.

        Raises:
            ValueError: it is none of these.
        """
        bare = text.strip().lower().removeprefix("*.")
        parts = urlsplit(f"//{bare}")
        port = 443 if parts.port is None else parts.port
        if not parts.hostname or parts.netloc != bare or "@" in bare or "*" in bare or not port:
            raise ValueError(f"{text!r} is neither host[:port] nor *.domain[:port]")
        return cls(f"*.{parts.hostname}" if text.strip().startswith("*.") else parts.hostname, port)

    def matches(self, host: str, port: int) -> bool:
        """Whether ``host:port`` is meant; a name is the same with and without its last dot."""
        if port != self.port:
            return False
        name = host.lower().removesuffix(".")
        return name.endswith(self.host[1:]) if self.host.startswith("*") else name == self.host


@dataclass(frozen=True, slots=True)
class HostRules:
    """Where requests may go."""

    intercepted: tuple[HostPattern, ...]
    """They win where both match."""
    passed_through: tuple[HostPattern, ...] = ()

    @classmethod
    def parse(cls, intercepted: Iterable[str], passed_through: Iterable[str] = ()) -> "HostRules":
        """Rules of patterns as ``HostPattern.parse`` reads them.

        Raises:
            ValueError: a pattern is none.
        """
        return cls(tuple(map(HostPattern.parse, intercepted)), tuple(map(HostPattern.parse, passed_through)))

    def passage(self, host: str, port: int) -> Passage:
        """What becomes of a request for ``host:port``."""
        if any(pattern.matches(host, port) for pattern in self.intercepted):
            return Passage.INTERCEPTED
        if any(pattern.matches(host, port) for pattern in self.passed_through):
            return Passage.PASSED_THROUGH
        return Passage.REFUSED


def address_of(url: str) -> str:
    """The ``host:port`` that requests for ``url`` go to."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (80 if parts.scheme == 'http' else 443)}"
