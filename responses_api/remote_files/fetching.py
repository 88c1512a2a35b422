"""Images and files by web address: what a request names is fetched here, before it is translated.

The model's side gets them inline. What the gateway lets a client make it request is decided
below: ``remote_urls`` (URLs), ``public_connections`` (addresses), ``remote_downloads`` (content).
"""

import asyncio
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from django.conf import settings

from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import FetchedFile, RemoteFile, RemoteKind
from responses_api.remote_files.remote_cache import RemoteCache
from responses_api.remote_files.remote_downloads import ByteBudget, Downloader, failure
from responses_api.remote_files.remote_urls import rules_from_settings

MAX_FILES = 250
"""Different URLs of one request."""
_AT_ONCE_PER_REQUEST = 8
_AT_ONCE = 32
_CACHE_BYTES = 64 * 1024 * 1024

_cache = RemoteCache(_CACHE_BYTES)
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""Downloads at once in this process, which has one event loop."""


async def fetch_all(wanted: Iterable[RemoteFile], owner_id: int | None = None) -> dict[str, FetchedFile]:
    """Fetch everything in ``wanted``, each URL once.

    Args:
        wanted: may be empty, and may name a URL repeatedly.
        owner_id: whose request it is: what was fetched for the same owner a few minutes ago is
            used again. None: nothing is taken from memory or left there.

    Returns:
        The file of each URL. No URL can be an image and a file in one: their types are apart.

    Raises:
        InvalidRequest: one of them cannot be had; the rest is given up.
    """
    distinct: dict[tuple[str, RemoteKind], RemoteFile] = {}
    for remote in wanted:
        distinct.setdefault((remote.url, remote.kind), remote)
    if not distinct:
        return {}
    first = next(iter(distinct.values()))
    if not settings.REMOTE_FILES:
        raise failure(
            first, "url", f"This gateway downloads nothing; send the {first.kind} as a data URL instead."
        )
    if len(distinct) > MAX_FILES:
        raise InvalidRequest(
            f"A request can name at most {MAX_FILES} images and files by URL.", param="input"
        )
    return await _Fetch(owner_id).run(distinct.values())


class _Fetch:
    """The fetching for one request."""

    def __init__(self, owner_id: int | None) -> None:
        self._owner_id = owner_id
        self._budget = ByteBudget(settings.REMOTE_FILES_MAX_BYTES)
        self._slots = asyncio.Semaphore(_AT_ONCE_PER_REQUEST)
        self._fetched: dict[str, FetchedFile] = {}

    async def run(self, wanted: Iterable[RemoteFile]) -> dict[str, FetchedFile]:
        missing = [remote for remote in wanted if not self._is_remembered(remote)]
        if missing:
            async with Downloader(rules_from_settings(), self._budget) as downloader:
                await self._download(downloader, missing)
        return self._fetched

    def _is_remembered(self, remote: RemoteFile) -> bool:
        if self._owner_id is None:
            return False
        file = _cache.get((self._owner_id, remote.url, remote.kind))
        if file is None:
            return False
        self._budget.spend(len(file.data), remote)
        self._fetched[remote.url] = file
        return True

    async def _download(self, downloader: Downloader, missing: Iterable[RemoteFile]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for remote in missing:
                    group.create_task(self._download_one(downloader, remote), name="fetch remote file")
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _download_one(self, downloader: Downloader, remote: RemoteFile) -> None:
        async with self._slots, _process_slots():
            download = await downloader.download(remote)
        self._fetched[remote.url] = download.file
        if self._owner_id is not None:
            _cache.put((self._owner_id, remote.url, remote.kind), download.file, download.lifetime)


def _process_slots() -> asyncio.Semaphore:
    return _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
