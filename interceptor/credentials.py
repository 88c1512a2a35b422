"""Upstream credentials by reference, kept for a few seconds so that an exchange costs no query."""

import time

from responses_api.access.credentials import UpstreamAuth, load_auth
from responses_api.runtime import database

_KEPT_FOR = 5.0


class CredentialCache:
    """Loads credentials off the event loop. Raises what ``load_auth`` raises."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, UpstreamAuth]] = {}

    async def get(self, ref: str) -> UpstreamAuth:
        """The credential behind ``ref``."""
        kept = self._kept.get(ref)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        auth = await database.run(load_auth, ref)
        self._kept[ref] = (time.monotonic() + _KEPT_FOR, auth)
        return auth
