"""Access tokens that are always valid: renewed ahead of their expiry, once, whoever asks.

A token that is about to run out is renewed while it goes on being used; one that has run out,
or that the upstream refused, is waited for. In a process all who wait share one renewal;
across processes the lease in the row sees to it (``renewals``). The authorization server is
asked on threads of its own: a slow one holds up neither the event loop nor the database.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from weakref import WeakKeyDictionary

from django.conf import settings

from responses_api.access.credentials import TokenTooOld, UpstreamAuth, load_auth, read_ref
from responses_api.access.renewals import Renewal, Standing, claim, conclude
from responses_api.access.token_endpoints import ask_for_token
from responses_api.runtime import database
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.credentials")

_THREADS = 4
_LOOK_AGAIN = 0.1
"""Seconds after which a process looks again whether another one has renewed the token."""

type _Running = dict[int, asyncio.Task[None]]

_running: WeakKeyDictionary[asyncio.AbstractEventLoop, _Running] = WeakKeyDictionary()


async def upstream_auth(credential_ref: str) -> UpstreamAuth:
    """The credential behind a reference, with an access token that is valid and as new as asked for.

    Raises:
        CredentialUnavailable: there is none; see ``credentials.load_auth``.
    """
    try:
        auth = await database.run(load_auth, credential_ref)
    except TokenTooOld as old:
        # Longer than the request itself: the claim of a process that died has to run out first.
        await asyncio.wait([_renewal_of(old.credential_id, old.number)], timeout=settings.OAUTH_TIMEOUT + 2)
        return await database.run(load_auth, credential_ref)
    if auth.renewal_due and (reference := read_ref(credential_ref)) is not None:
        _renewal_of(reference.credential_id, auth.number + 1)
    return auth


def renew_now(credential_id: int, number: int) -> None:
    """Renew a token here and now, if it is older than ``number`` and nobody else is at it; for commands."""
    renewal = claim(credential_id, number)
    if isinstance(renewal, Renewal):
        conclude(renewal, ask_for_token(renewal.secret))


def _renewal_of(credential_id: int, number: int) -> asyncio.Task[None]:
    """This process's one renewal of a credential, begun if none is under way.

    A task of its own: it stores what it got although nobody may wait for it any more.
    """
    running = _running.setdefault(asyncio.get_running_loop(), {})
    task = running.get(credential_id)
    if task is None or task.done():
        task = running[credential_id] = spawn(_renew(credential_id, number), name="renew credential")
    return task


async def _renew(credential_id: int, number: int) -> None:
    while True:
        renewal = await database.run(claim, credential_id, number)
        if isinstance(renewal, Renewal):
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(_threads(), ask_for_token, renewal.secret)
            # A refresh token may have been replaced: what came must not be lost.
            await database.run_patiently(conclude, renewal, answer)
            return
        if renewal is Standing.SETTLED:
            return
        await asyncio.sleep(_LOOK_AGAIN)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="token endpoint")
