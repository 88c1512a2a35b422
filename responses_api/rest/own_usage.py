"""``GET /v1/usage``: what the caller has used, and what it may still use."""

from decimal import Decimal
from typing import Any, cast

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.access.callers import Caller
from responses_api.access.limits import reservations
from responses_api.access.limits.ledger import LedgerUnavailable
from responses_api.access.limits.rules import NANODOLLARS
from responses_api.access.limits.standings import Reading
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import Figures, Selection
from responses_api.statistics.periods import Period, Step


class OwnUsage(APIView):
    """What the caller has used, and may still use."""

    def get(self, request: Request) -> Response:
        """Today and this month (of UTC), by this key and by all keys of its user, and the limits."""
        caller = cast("Caller", request.auth)
        now = timezone.now()
        today = Period(Step.DAY.floor(now), now).widened(Step.DAY)
        month = Period(today.since.replace(day=1), today.until)
        by_key, by_user = _own_figures(caller, today, month)
        return Response(
            {
                "object": "usage",
                "api_key": {"id": f"key_{caller.api_key_id}", **by_key},
                "user": {"id": f"user_{caller.owner_id}", **by_user},
                "limits": _limits(caller),
            }
        )


def _own_figures(caller: Caller, today: Period, month: Period) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of the caller's key and of its user, by period."""
    mine = Selection(owner_ids=(caller.owner_id,))
    key, user = {}, {}
    for name, period in (("today", today), ("month", month)):
        by_key = {row.group[0]: row.figures for row in read(period, mine, by=["api_key_id"])}
        key[name] = _own_body(period, by_key.get(caller.api_key_id, Figures()))
        user[name] = _own_body(period, *by_key.values())
    return key, user


def _own_body(period: Period, *figures: Figures) -> dict[str, Any]:
    return {
        "start_time": int(period.since.timestamp()),
        "end_time": int(period.until.timestamp()),
        "requests": sum(each.requests for each in figures),
        "errors": sum(each.errors for each in figures),
        "input_tokens": sum(each.input_tokens for each in figures),
        "input_cached_tokens": sum(each.cached_tokens for each in figures),
        "output_tokens": sum(each.output_tokens for each in figures),
        "output_reasoning_tokens": sum(each.reasoning_tokens for each in figures),
        "cost": _dollars(sum((each.cost for each in figures), Decimal(0))),
        "unpriced_requests": sum(each.unpriced for each in figures),
    }


def _limits(caller: Caller) -> list[dict[str, Any]] | None:
    """Where each limit stands; None if the counters cannot be reached."""
    try:
        found = reservations.state(caller.allowances)
    except LedgerUnavailable:
        return None
    return [_limit(reading) for reading in found]


def _limit(reading: Reading) -> dict[str, Any]:
    money = reading.name.startswith("cost")
    unit = NANODOLLARS if money else 1
    return {
        "scope": reading.scope.partition(":")[0],
        "name": reading.name,
        "limit": reading.limit / unit if money else reading.limit,
        "remaining": reading.remaining / unit if money else reading.remaining,
        "reset_seconds": reading.back_in,
    }


def _dollars(amount: Decimal) -> dict[str, Any]:
    return {"value": float(amount), "currency": "usd"}
