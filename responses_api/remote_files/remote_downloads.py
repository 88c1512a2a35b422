"""The download of one image or file that a client names by web address.

The client decides where the gateway goes, so every step is distrusted: the URL, each
redirect, the addresses, the length, the time and the content. What went wrong on the way to
a host is for the log alone: a client reads the same words about a host that it may not reach
and one that is not there.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

import aiohttp
from yarl import URL

from responses_api.core.errors import InvalidRequest
from responses_api.core.media_types import UnreadableType, accepted_type
from responses_api.core.public_addresses import is_public
from responses_api.core.remote_files import FetchedFile, RemoteFile, RemoteKind
from responses_api.core.validation import quoted
from responses_api.remote_files.public_connections import Allows, guarded_connector
from responses_api.remote_files.remote_cache import LONGEST_LIFETIME
from responses_api.remote_files.remote_urls import DownloadRules, UrlRefused, checked_url, host_of, is_trusted

logger = logging.getLogger("zg.remote_files")

MAX_BYTES: Final[Mapping[RemoteKind, int]] = {"image": 20 * 1024 * 1024, "file": 50 * 1024 * 1024}
MAX_REDIRECTS = 3
_CONNECT_TIMEOUT = 5.0
"""Seconds for look-up, connection and TLS handshake of one hop."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": "zerogravity-gateway/1",
    "Accept": "*/*",
    # A compressed body could unfold to any size.
    "Accept-Encoding": "identity",
}

type Problem = Literal["url", "download", "size", "type", "empty"]

_CODES: Final[Mapping[tuple[RemoteKind, Problem], str]] = {
    ("image", "url"): "invalid_image_url",
    ("image", "download"): "failed_to_download_image",
    ("image", "size"): "image_file_too_large",
    ("image", "type"): "unsupported_image_media_type",
    ("image", "empty"): "empty_image_file",
    ("file", "url"): "invalid_file_url",
    ("file", "download"): "failed_to_download_file",
    ("file", "size"): "file_too_large",
    ("file", "type"): "unsupported_file_media_type",
    ("file", "empty"): "empty_file",
}
"""OpenAI's codes for images; it documents none for files, whose codes are formed like them."""


@dataclass(slots=True)
class ByteBudget:
    """Bytes that the files of one request may still take together."""

    limit: int
    spent: int = 0

    def spend(self, count: int, remote: RemoteFile) -> None:
        """Take ``count`` bytes.

        Raises:
            InvalidRequest: so many are not left; names ``remote``.
        """
        self.spent += count
        if self.spent > self.limit:
            raise failure(
                remote, "size", f"The images and files named by URL exceed {_size(self.limit)} together."
            )


@dataclass(frozen=True, slots=True)
class Download:
    """A file, and for how many seconds it may be used again."""

    file: FetchedFile
    lifetime: float


def failure(remote: RemoteFile, problem: Problem, message: str) -> InvalidRequest:
    """The error for ``remote``."""
    return InvalidRequest(message, param=remote.param, code=_CODES[remote.kind, problem])


class Downloader:
    """The downloads of one request; an asynchronous context manager."""

    def __init__(self, rules: DownloadRules, budget: ByteBudget) -> None:
        self._rules = rules
        self._budget = budget
        self._sessions = AsyncExitStack()

    async def __aenter__(self) -> Self:
        tls = _tls(self._rules.ca_bundle)
        self._public = await self._sessions.enter_async_context(_session(is_public, tls))
        self._trusted = await self._sessions.enter_async_context(_session(lambda address: True, tls))
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._sessions.aclose()

    async def download(self, remote: RemoteFile) -> Download:
        """Get what ``remote`` names.

        Raises:
            InvalidRequest: it cannot be had, or is not what it should be.
        """
        try:
            url = checked_url(remote.url, self._rules)
        except UrlRefused as refused:
            message = f"This {remote.kind} URL cannot be downloaded: {refused}."
            raise failure(remote, "url", message) from None
        try:
            async with asyncio.timeout(self._rules.timeout) as limit:
                return await self._follow(remote, url)
        except (aiohttp.ClientError, OSError, UrlRefused) as error:
            logger.info("no download from %s: %s", quoted(host_of(remote.url)), _reason(error))
            if limit.expired():
                raise _failed(remote, f" within {self._rules.timeout:g} seconds") from None
            raise _failed(remote) from None

    async def _follow(self, remote: RemoteFile, url: URL) -> Download:
        for _ in range(MAX_REDIRECTS + 1):
            session = self._trusted if is_trusted(url, self._rules) else self._public
            async with session.get(url, allow_redirects=False) as answer:
                location = answer.headers.get("Location") if answer.status in _REDIRECTS else None
                if location is None:
                    return await self._receive(remote, answer)
                url = checked_url(location, self._rules, base=url)
        raise _failed(remote, f": more than {MAX_REDIRECTS} redirects")

    async def _receive(self, remote: RemoteFile, answer: aiohttp.ClientResponse) -> Download:
        if answer.status != 200:
            raise _failed(remote, f": the server answered with status {answer.status}")
        if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise _failed(remote, ": the server sent it compressed, which it was not asked for")
        data = await self._read(remote, answer)
        if not data:
            raise failure(remote, "empty", f"{_named(remote)} is empty.")
        try:
            media_type = accepted_type(remote.kind, answer.content_type.lower(), data)
        except UnreadableType as unreadable:
            raise failure(remote, "type", f"{_named(remote)} {unreadable}.") from None
        return Download(FetchedFile(media_type, data), _lifetime(answer.headers.get("Cache-Control", "")))

    async def _read(self, remote: RemoteFile, answer: aiohttp.ClientResponse) -> bytes:
        limit = MAX_BYTES[remote.kind]
        size = 0
        chunks = []
        if (answer.content_length or 0) > limit:
            raise _too_large(remote)
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            if size > limit:
                raise _too_large(remote)
            self._budget.spend(len(chunk), remote)
            chunks.append(chunk)
        return b"".join(chunks)


def _session(allows: Allows, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=guarded_connector(allows, tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_TIMEOUT),
        auto_decompress=False,
        trust_env=False,
    )


@cache
def _tls(ca_bundle: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_bundle is not None:
        context.load_verify_locations(ca_bundle)
    return context


def _lifetime(cache_control: str) -> float:
    """Seconds for which the content may be used again, as far as the server says anything."""
    directives = dict(_directive(text) for text in cache_control.lower().split(","))
    if directives.keys() & {"no-store", "no-cache"}:
        return 0.0
    age = directives.get("max-age", "")
    return float(age) if age.isdecimal() else LONGEST_LIFETIME


def _directive(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip(' "')


def _reason(error: Exception) -> str:
    """What the log may know: other errors of aiohttp hold the URL, and with it perhaps a secret."""
    match error:
        case aiohttp.ClientConnectorError():
            return str(error.os_error)
        case UrlRefused():
            return f"redirected to a URL that is not followed: {error}"
        case _:
            return type(error).__name__


def _named(remote: RemoteFile) -> str:
    """The thing and its host; more of a URL may be a secret, such as a signature."""
    return f"The {remote.kind} at {quoted(host_of(remote.url))}"


def _failed(remote: RemoteFile, why: str = "") -> InvalidRequest:
    return failure(remote, "download", f"{_named(remote)} could not be downloaded{why}.")


def _too_large(remote: RemoteFile) -> InvalidRequest:
    return failure(remote, "size", f"{_named(remote)} is larger than {_size(MAX_BYTES[remote.kind])}.")


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:g} MiB"
