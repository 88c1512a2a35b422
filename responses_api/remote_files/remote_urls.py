"""Which URLs of a client's the gateway follows at all, before any name is looked up.

No I/O. A URL is parsed once, by the library that then makes the request from it, so that
check and request cannot understand it differently.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from yarl import URL

MAX_URL_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """What the operator allows."""

    plain_http: bool
    """Whether ``http`` URLs are followed, too, on port 80."""
    ports: frozenset[int]
    trusted_hosts: frozenset[str]
    """``host:port`` in lower case; neither port nor addresses of these are checked."""
    ca_bundle: Path | None
    """Authorities trusted beside the well-known ones."""
    timeout: float
    """Seconds for one download, redirects included."""


class UrlRefused(ValueError):
    """A URL that is not followed; the text says why, and only what the URL itself says."""


def rules_from_settings() -> DownloadRules:
    """The rules of this installation."""
    return DownloadRules(
        plain_http=settings.REMOTE_FILES_HTTP,
        ports=frozenset(settings.REMOTE_FILES_PORTS),
        trusted_hosts=frozenset(settings.REMOTE_FILES_ALLOWED_HOSTS),
        ca_bundle=settings.REMOTE_FILES_CA_BUNDLE,
        timeout=settings.REMOTE_FILES_TIMEOUT,
    )


def checked_url(text: str, rules: DownloadRules, base: URL | None = None) -> URL:
    """The URL to request for ``text``.

    Args:
        text: as a client or a redirect gives it.
        rules: what is allowed.
        base: what a relative ``text`` is relative to; without it, ``text`` must be absolute.

    Raises:
        UrlRefused: malformed, or not allowed.
    """
    url = _parsed(text)
    if base is not None:
        url = base.join(url)
    if url.scheme not in ({"https", "http"} if rules.plain_http else {"https"}):
        raise UrlRefused("only http and https are" if rules.plain_http else "only https is")
    if not url.raw_host or url.port is None:
        raise UrlRefused("it names no host")
    if "@" in url.raw_authority:
        raise UrlRefused("it must not hold a user name or password")
    if not is_trusted(url, rules) and not _is_allowed_port(url.scheme, url.port, rules):
        raise UrlRefused(f"port {url.port} is not allowed")
    return url


def host_of(text: str) -> str:
    """The host of a URL that ``checked_url`` let pass, as it is asked for (international names in ASCII)."""
    return _parsed(text).raw_host or ""


def is_trusted(url: URL, rules: DownloadRules) -> bool:
    """Whether the operator allows this very host and port, wherever it is."""
    host = url.raw_host or ""
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{url.port}".lower() in rules.trusted_hosts


def _parsed(text: str) -> URL:
    if len(text) > MAX_URL_LENGTH:
        raise UrlRefused(f"it is longer than {MAX_URL_LENGTH} characters")
    # Requoting would break signatures over a URL's very text.
    is_exact = text.isascii() and text.isprintable() and " " not in text
    try:
        url = URL(text, encoded=is_exact)
        _ = url.raw_host, url.port  # parsed, and so found wrong, only when asked for
    except ValueError as error:
        raise UrlRefused("it is malformed") from error
    return url


def _is_allowed_port(scheme: str, port: int, rules: DownloadRules) -> bool:
    return port in rules.ports or (scheme == "http" and port == 80)
