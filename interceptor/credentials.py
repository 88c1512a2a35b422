"""Upstream credentials by reference, kept for a moment so that an exchange costs no query."""

import asyncio
import time

from responses_api.access.credentials import CredentialUnavailable, UpstreamAuth, read_ref
from responses_api.access.renewing import upstream_auth
from responses_api.runtime.tasks import spawn

KEPT_FOR = 2.0
"""Seconds: as long as a caller is remembered, so a changed mapping or credential is seen as soon."""


class CredentialCache:
    """Loads credentials off the event loop, each once however many exchanges ask for it.

    An entry belongs to one credential, and serves references that its token is new enough for.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, UpstreamAuth]] = {}
        self._loading: dict[str, asyncio.Task[UpstreamAuth | CredentialUnavailable]] = {}

    async def get(self, ref: str) -> UpstreamAuth:
        """The credential behind ``ref``.

        Raises:
            CredentialUnavailable: see ``upstream_auth``.
        """
        read = read_ref(ref)
        name, number = (ref, 0) if read is None else (str(read.credential_id), read.number or 0)
        kept = self._kept.get(name)
        if kept is not None and kept[0] > time.monotonic() and kept[1].number >= number:
            return kept[1]
        loading = self._loading.get(ref)
        if loading is None:
            loading = self._loading[ref] = spawn(self._load(name, ref), name="load credential")
        # One who is cancelled must not cancel it for the others.
        loaded = await asyncio.shield(loading)
        if isinstance(loaded, CredentialUnavailable):
            raise loaded
        return loaded

    async def _load(self, name: str, ref: str) -> UpstreamAuth | CredentialUnavailable:
        try:
            auth = await upstream_auth(ref)
        except CredentialUnavailable as unavailable:
            return unavailable
        finally:
            del self._loading[ref]
        self._forget_old()
        self._kept[name] = (time.monotonic() + KEPT_FOR, auth)
        return auth

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._kept = {name: kept for name, kept in self._kept.items() if kept[0] > now}
