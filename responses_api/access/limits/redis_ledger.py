"""The ledger in Redis: see ``ledger``. Each method is one script, which Redis runs without interruption.

Of each scope there are, below ``PREFIX:limits:SCOPE``, two to four keys:

    ``meter``             hash: requests_until, tokens_until (Unix seconds), settled
    ``holds``             hash: reservation -> "until tokens cost"
    ``2026-11-22``        hash: tokens, cost (billionths of a US dollar); also for months, ``2026-11``
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import redis

from responses_api.access.limits.ledger import LedgerUnavailable, Standings, record_of
from responses_api.access.limits.redis_scripts import LEARN, RENEW, RESERVE, SETTLE
from responses_api.access.limits.rules import Allowance, Amount
from responses_api.access.limits.standings import Periods, Spent, Standing

_TIMEOUT = 2.0
"""Seconds that a request may be kept waiting by a Redis that does not answer."""


class RedisLedger:
    """Counters as hashes.

    Args:
        url: where Redis is.
        prefix: of all keys, for several installations on one server.
        now: Unix seconds for tests; None = the server's clock.
    """

    def __init__(self, url: str, prefix: str, now: float | None = None) -> None:
        self.now = now
        self._prefix = f"{prefix}:limits:"
        self._redis = redis.Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
        self._scripts = {
            script: self._redis.register_script(script) for script in (RESERVE, LEARN, SETTLE, RENEW)
        }

    def close(self) -> None:
        """End the connections."""
        self._redis.close()

    def reserve(
        self,
        allowances: Sequence[Allowance],
        asked: Amount,
        periods: Periods,
        reservation: str,
        lease: float,
    ) -> tuple[bool, Standings]:
        """As in ``Ledger``."""
        keys = self._keys_of_all(allowances, periods)
        values = {"scopes": [record_of(allowance) for allowance in allowances], **asdict(asked)}
        answer = json.loads(self._run(RESERVE, keys, reservation=reservation, lease=lease, **values))
        found = zip(allowances, answer["standings"], strict=True)
        return answer["admitted"], {
            allowance.scope: _standing(allowance.scope, **standing) for allowance, standing in found
        }

    def learn(self, scope: str, spent: Mapping[str, Spent], settled: int) -> None:
        """As in ``Ledger``. What was known of other periods expires by itself."""
        keys = [self._key(scope, "meter"), *(self._key(scope, period) for period in spent)]
        learnt = [{"tokens": known.tokens, "cost": known.cost} for known in spent.values()]
        self._run(LEARN, keys, learnt=learnt, settled=settled)

    def settle(
        self, allowances: Sequence[Allowance], used: Amount, periods: Periods, reservation: str
    ) -> None:
        """As in ``Ledger``."""
        keys = self._keys_of_all(allowances, periods)
        scopes = [record_of(allowance) for allowance in allowances]
        self._run(SETTLE, keys, scopes=scopes, reservation=reservation, **asdict(used))

    def renew(self, held: Sequence[tuple[str, Sequence[str]]], lease: float) -> None:
        """As in ``Ledger``."""
        pairs = [(reservation, scope) for reservation, scopes in held for scope in scopes]
        keys = [self._key(scope, "holds") for _, scope in pairs]
        self._run(RENEW, keys, reservations=[reservation for reservation, _ in pairs], lease=lease)

    def _run(self, script: str, keys: list[str], **values: Any) -> Any:
        if self.now is not None:
            values["now"] = self.now
        try:
            return self._scripts[script](keys, [json.dumps(values)])
        except redis.RedisError as error:
            raise LedgerUnavailable(f"Redis does not answer: {error}") from error

    def _key(self, scope: str, name: str) -> str:
        return f"{self._prefix}{scope}:{name}"

    def _keys_of_all(self, allowances: Sequence[Allowance], periods: Periods) -> list[str]:
        names = ("meter", "holds", periods.day, periods.month)
        return [self._key(allowance.scope, name) for allowance in allowances for name in names]


def _standing(
    scope: str,
    *,
    held: list[float],
    day: list[float] | None = None,
    month: list[float] | None = None,
    **rest: Any,
) -> Standing:
    return Standing(
        scope=scope,
        held=_spent(held),
        day=None if day is None else _spent(day),
        month=None if month is None else _spent(month),
        **rest,
    )


def _spent(counts: list[float]) -> Spent:
    tokens, cost = counts
    return Spent(int(tokens), int(cost))
