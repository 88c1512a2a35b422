"""The login of the proxy: who may use an interceptor that other machines can reach. Pure."""

import base64
import binascii
import hmac
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit


@dataclass(frozen=True, slots=True)
class ProxyLogin:
    """What a client of the proxy has to send."""

    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, user: str, password: str) -> "ProxyLogin | None":
        """The login of these settings; None if there is none."""
        return cls(user, password) if user and password else None

    def admits(self, authorization: str) -> bool:
        """Whether a ``Proxy-Authorization`` header is of this login; every wrong one takes as long."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            sent = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            sent = b""
        same = [hmac.compare_digest(sent, right) for right in self._encoded()]
        return any(same) and scheme.lower() == "basic"

    def _encoded(self) -> list[bytes]:
        """In both encodings that clients use for what is not ASCII."""
        login = f"{self.user}:{self.password}"
        try:
            return [login.encode(), login.encode("latin-1")]
        except UnicodeEncodeError:
            return [login.encode()]


def with_login(proxy_url: str, login: ProxyLogin | None) -> str:
    """``proxy_url`` as a client uses it, with the login unless it has one of its own."""
    parts = urlsplit(proxy_url)
    if login is None or "@" in parts.netloc or not parts.netloc:
        return proxy_url
    userinfo = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
    return parts._replace(netloc=f"{userinfo}@{parts.netloc}").geturl()


def reaches_only_this_machine(host: str) -> bool:
    """Whether nobody on another machine can connect to a server that listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
