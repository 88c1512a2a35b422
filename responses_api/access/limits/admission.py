"""One response's place within its caller's limits, for the event loop: reserved once, settled once.

A caller without limits costs nothing here: no query, and no trip to Redis.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

from responses_api.access.limits import reservations
from responses_api.access.limits.ledger import LedgerUnavailable, current_ledger
from responses_api.access.limits.reservations import Refusal, Reservation, held_in
from responses_api.access.limits.rules import Allowance, Amount
from responses_api.core.errors import InternalError
from responses_api.runtime import database, process_tasks
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.limits")

LEASE = 30.0
"""Seconds after which what a gateway had reserved counts no more, unless it has said otherwise."""
RENEWAL = 10.0
BACKGROUND_LEASE = 24 * 3600.0
"""For responses in the background, which wait in a queue and belong to no gateway while they do.

They get it with the first renewal: a gateway that dies before it has queued one must not leave its
place taken for a day.
"""
_PAUSES = (0.2, 1.0, 5.0, 20.0)
"""Seconds between attempts to settle on a ledger that does not answer."""

_UNREACHABLE = (LedgerUnavailable, InterfaceError, OperationalError)

_renewed: dict[str, Reservation] = {}
"""What this process holds and renews, by id."""
_queued: dict[str, Reservation] = {}
"""What it has taken for responses in the background and not yet renewed, by id."""


class Admission:
    """The reservation of one response.

    Args:
        allowances: its caller's limits; empty = none.
        id: the response's.
        background: whether it may wait, and may end in another process.
    """

    def __init__(self, allowances: Sequence[Allowance], id: str, *, background: bool = False) -> None:
        self._allowances = allowances
        self._id = id
        self._background = background
        self._reservation: Reservation | None = None
        self.headers: dict[str, str] = {}
        """For every answer to the request: what is left of its caller's limits."""

    @property
    def is_limited(self) -> bool:
        """Whether there are limits to fit into."""
        return bool(self._allowances)

    async def reserve(self, estimate: Amount) -> None:
        """Take what the response may come to.

        Raises:
            LimitReached: it does not fit into its caller's limits.
            InternalError: these cannot be looked up.
        """
        if not self._allowances:
            return
        # A task of its own: what is taken for a client that leaves now has to be given back.
        taking = spawn(_take(self._allowances, estimate, self._id), name="reserve")
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(_give_back)
            raise
        if taken is None:
            raise InternalError(
                "The gateway cannot look up the limits of this API key now. Please try again.",
                http_status=503,
                retry_after=1.0,
            )
        self.headers = taken.headers
        if isinstance(taken, Refusal):
            if not taken.error.worth_retrying:
                # OpenAI's clients send what got a 429 again, however long it would take to help.
                self.headers = {**taken.headers, "x-should-retry": "false"}
            raise taken.error
        self._reservation = taken
        if taken.allowances:
            (_queued if self._background else _renewed)[self._id] = taken

    def resume(self) -> None:
        """The reservation was made when the response was queued, maybe by another process."""
        self._reservation = Reservation(self._id, held_in(self._allowances))

    async def settle(self, used: Amount, ended_at: datetime) -> None:
        """Put what the response used, and what is booked already, in place of the reservation."""
        reservation, self._reservation = self._reservation, None
        if reservation is None or not reservation.allowances:
            return
        for held in (_renewed, _queued):
            held.pop(reservation.id, None)
        if not await _settled(reservation, used, ended_at):
            # If that is in vain too, the hold runs out, and the ledger reads the books.
            spawn(_settle_later(reservation, used, ended_at), name="settle later")

    def release(self) -> None:
        """The response did not begin: give everything back, soon; without effect once it is settled."""
        if self._reservation is not None:
            spawn(self.settle(Amount(), datetime.now(UTC)), name="release")


async def _take(allowances: Sequence[Allowance], estimate: Amount, id: str) -> Reservation | Refusal | None:
    """None if the ledger does not answer."""
    try:
        return await database.run(reservations.reserve, allowances, estimate, id, LEASE)
    except _UNREACHABLE as error:
        logger.error("limits cannot be looked up: %s", error)
        return None


def _give_back(taking: asyncio.Task[Reservation | Refusal | None]) -> None:
    if taking.cancelled() or taking.exception() is not None:
        return
    if isinstance(taken := taking.result(), Reservation):
        spawn(_settled(taken, Amount(), datetime.now(UTC)), name="release")


async def _settled(reservation: Reservation, used: Amount, ended_at: datetime) -> bool:
    try:
        await database.run(reservations.settle, reservation, used, ended_at)
    except _UNREACHABLE as error:
        logger.error("response %s cannot be settled now: %s", reservation.id, error)
        return False
    return True


async def _settle_later(reservation: Reservation, used: Amount, ended_at: datetime) -> None:
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        if await _settled(reservation, used, ended_at):
            return


async def _renew() -> None:
    try:
        while True:
            await asyncio.sleep(RENEWAL)
            await _hold(_renewed, LEASE)
            await _hold_queued()
    finally:
        await _hold_queued()


async def _hold_queued() -> None:
    """Let them be held without this process."""
    held = dict(_queued)
    if await _hold(held, BACKGROUND_LEASE):
        for id in held:
            _queued.pop(id, None)


async def _hold(taken: Mapping[str, Reservation], lease: float) -> bool:
    """Hold them for ``lease`` seconds from now; False if the ledger does not answer."""
    held = [
        (id, [allowance.scope for allowance in reservation.allowances]) for id, reservation in taken.items()
    ]
    if not held:
        return True
    try:
        await database.run(current_ledger().renew, held, lease)
    except _UNREACHABLE as error:
        logger.error("reservations cannot be renewed now: %s", error)
        return False
    return True


process_tasks.register("limits", _renew)
