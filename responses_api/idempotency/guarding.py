"""Idempotency keys: a request that is sent twice is answered once.

``begin`` gives the answer that there was, or a ``Guard`` that watches the answer being made and
must be told how it ends: ``finish`` before its last piece leaves, ``free`` before an error is
told, ``leave`` in any case at last. ``consumers.idempotent`` does that for HTTP.

A key that a dead gateway held is free once its lease has run out; this process renews the
leases of what it holds.
"""

import asyncio
import re
import zlib
from collections.abc import Coroutine
from functools import cached_property
from typing import Any, assert_never

from django.conf import settings

from responses_api.core.errors import InvalidRequest
from responses_api.idempotency import idempotency_keys
from responses_api.idempotency.idempotency_keys import Held, Refusal, Replay
from responses_api.runtime import database, process_tasks
from responses_api.runtime.tasks import spawn

RENEW_INTERVAL = idempotency_keys.LEASE.total_seconds() / 3
_RETRY_AFTER = 1.0
_FASTEST = 1
_KEY = re.compile(r"[\x20-\x7e]{1,255}")

_holding: "set[Guard]" = set()
"""The guards of this process that hold a key."""


class Guard:
    """The right to answer under a key, and the answer so far. Without a key it does nothing."""

    def __init__(self, held: Held | None = None) -> None:
        self.held = held
        """The key; None once the request is answered or left."""
        self.keeps_answer = True
        """Whether the answer may be stored. If not, the key guards all the same, but nothing is replayed."""
        self.goes_on = False
        """Whether the request goes on without its client: then its key is used up even if that leaves."""
        self.response_id = ""
        """What is being made."""
        self._pieces: list[bytes] = []
        self._size = 0
        if held is not None:
            _holding.add(self)

    @cached_property
    def _compressor(self) -> "zlib._Compress":
        """Made for the first piece that is kept: its state takes a quarter of a megabyte."""
        return zlib.compressobj(_FASTEST)

    def write(self, data: bytes) -> None:
        """Take note of a piece of the answer's body."""
        if self.held is None or not self.keeps_answer:
            return
        self._size += len(data)
        if self._size > settings.IDEMPOTENCY_MAX_BYTES:
            self.keeps_answer = False
            self._pieces.clear()
        else:
            self._pieces.append(self._compressor.compress(data))

    async def finish(self, status: int, content_type: str) -> None:
        """The answer is complete: from now on the key stands for it, even if the client does not wait.

        Args:
            status: the answer's.
            content_type: the answer's.
        """
        if (held := self._let_go()) is None:
            return
        answer = None
        if self.keeps_answer:
            answer = Replay(status, content_type, b"".join([*self._pieces, self._compressor.flush()]))
        await asyncio.shield(self._keep(held, answer))

    async def free(self) -> None:
        """The request failed: the key can be used again, for another attempt."""
        if (held := self._let_go()) is not None:
            await asyncio.shield(self._free(held))

    def leave(self) -> None:
        """Nothing more is answered. If it was not settled, the key is free, unless the request goes on."""
        if (held := self._let_go()) is None:
            return
        if self.goes_on:
            self._keep(held, None)
        else:
            self._free(held)

    def _keep(self, held: Held, answer: Replay | None) -> asyncio.Task[None]:
        return _in_background(database.run_patiently(idempotency_keys.keep, held, self.response_id, answer))

    def _free(self, held: Held) -> asyncio.Task[None]:
        return _in_background(database.run_patiently(idempotency_keys.free, held))

    def _let_go(self) -> Held | None:
        held, self.held = self.held, None
        _holding.discard(self)
        return held


async def begin(owner_id: int, key: str | None, body: bytes) -> Guard | Replay:
    """Take the key for a request, or find the answer that it has got before.

    Args:
        owner_id: whose keys they are.
        key: the request's ``Idempotency-Key``; None if it has none.
        body: the request's, exactly as received.

    Raises:
        InvalidRequest: 400, the key is none; 409, it was used with another body, its request is
            still being answered, or the answer was not kept.
    """
    if key is None:
        return Guard()
    if not _KEY.fullmatch(key):
        raise InvalidRequest(
            "The Idempotency-Key header must be 1 to 255 printable ASCII characters.",
            code="invalid_idempotency_key",
        )
    taking = spawn(database.run(idempotency_keys.take, owner_id, key, body), name="take idempotency key")
    try:
        found = await asyncio.shield(taking)
    except asyncio.CancelledError:
        taking.add_done_callback(_give_back)
        raise
    match found:
        case Held():
            return Guard(found)
        case Replay():
            return found
        case Refusal():
            raise _conflict(found)
        case _:
            assert_never(found)


def _give_back(taking: asyncio.Task[Held | Replay | Refusal]) -> None:
    """The client left while its key was being taken."""
    if not taking.cancelled() and taking.exception() is None and isinstance(found := taking.result(), Held):
        Guard(found).leave()


def _conflict(refusal: Refusal) -> InvalidRequest:
    match refusal:
        case Refusal.OTHER_BODY:
            message = "This Idempotency-Key has been used before, with another request body."
            return InvalidRequest(message, code="idempotency_key_reused", http_status=409)
        case Refusal.IN_FLIGHT:
            message = "The request with this Idempotency-Key is still being answered."
            return InvalidRequest(
                message, code="idempotency_key_in_use", http_status=409, retry_after=_RETRY_AFTER
            )
        case Refusal.NOT_KEPT:
            message = "The request with this Idempotency-Key has been answered, and its answer was not kept."
            return InvalidRequest(message, code="idempotency_answer_not_kept", http_status=409)
        case _:
            assert_never(refusal)


def _in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return spawn(work, name="settle idempotency key")


async def keep_up() -> None:
    """Renew this process's leases until cancelled."""
    while True:
        if held := [guard.held for guard in _holding if guard.held is not None]:
            await database.run(idempotency_keys.renew, held)
        await asyncio.sleep(RENEW_INTERVAL)


process_tasks.register("idempotency keys", keep_up)
