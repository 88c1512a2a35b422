"""Slows down who tries keys: after some that do not exist, an address waits between two attempts.

Kept by each process for itself, in memory: it spares the database the search for keys that do
not exist, and a key's 256 random bits do the rest. Keys that worked lately pass whoever else
shares their address.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from responses_api.core.errors import RateLimited

BURST = 20
"""Unknown keys that an address may send in one go."""
SECONDS_PER_KEY = 3.0
"""Then one in this time."""
REMEMBERED = 4096


class FailedKeys:
    """Safe across threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, remembered: int = REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._lock = threading.Lock()
        self._worked: OrderedDict[str, None] = OrderedDict()
        self._paid_until: OrderedDict[str, float] = OrderedDict()
        """By network: when all its failures so far will be forgotten."""

    def check(self, address: str, hashed: str) -> None:
        """Whether a key may be looked for at all.

        Args:
            address: where the request comes from; empty if nobody knows, then nothing is refused.
            hashed: the hash of the key.

        Raises:
            RateLimited: too many from there did not exist lately.
        """
        with self._lock:
            until = self._paid_until.get(_network(address))
            if until is None or hashed in self._worked:
                return
        wait = until - self._clock() - BURST * SECONDS_PER_KEY
        if wait > 0:
            raise RateLimited(
                "Too many requests with incorrect API keys came from your address. "
                f"Please try again in {wait:.0f} s.",
                retry_after=wait,
            )

    def note_failure(self, address: str) -> None:
        """A key from there does not exist."""
        if not address:
            return
        network = _network(address)
        with self._lock:
            now = self._clock()
            until = max(now, self._paid_until.pop(network, now)) + SECONDS_PER_KEY
            _remember(self._paid_until, network, until, self._remembered)

    def note_success(self, hashed: str) -> None:
        """This key works."""
        with self._lock:
            self._worked.pop(hashed, None)
            _remember(self._worked, hashed, None, self._remembered)


def _remember[T](kept: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    while len(kept) >= most:
        kept.popitem(last=False)
    kept[key] = value


def _network(address: str) -> str:
    """Whoever has one IPv6 address has the 2⁶⁴ of its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


failed_keys = FailedKeys()
