"""``/v1/organization/usage/completions`` and ``/v1/organization/costs``, in OpenAI's form.

Operators' keys see everybody's usage, those of others their own.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.access.callers import Caller
from responses_api.access.visibility import sees_all
from responses_api.rest.usage_queries import (
    CostsQuery,
    Page,
    UsageQuery,
    page_of,
    read_usage_query,
    selection_of,
)
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import Row

_COLUMNS = {"user_id": "owner_id", "api_key_id": "api_key_id", "model": "model", "line_item": "model"}
"""Our column by OpenAI's name; by what else they group, everything here is one group."""


class CompletionsUsage(APIView):
    """Tokens and requests over time."""

    def get(self, request: Request) -> Response:
        """A page of buckets, oldest first; empty ones have no results."""
        query = read_usage_query(UsageQuery, request.query_params)
        page = page_of(query, timezone.now())
        rows = _read(request, query, page)
        return Response(_page_body(page, rows, lambda row: _usage_result(row, query.group_by)))


class Costs(APIView):
    """Money over time, as far as prices are known."""

    def get(self, request: Request) -> Response:
        """A page of days, oldest first; empty ones have no results."""
        query = read_usage_query(CostsQuery, request.query_params)
        page = page_of(query, timezone.now())
        rows = _read(request, query, page)
        return Response(_page_body(page, rows, lambda row: _cost_result(row, query.group_by)))


def _read(request: Request, query: UsageQuery | CostsQuery, page: Page) -> list[Row]:
    caller = cast("Caller", request.auth)
    everybody = sees_all(User.objects.get(pk=caller.owner_id))
    selection = selection_of(query, None if everybody else caller.owner_id)
    return read(page.period, selection, by=_columns(query.group_by), step=page.step)


def _columns(group_by: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(_COLUMNS[name] for name in group_by if name in _COLUMNS))


def _page_body(page: Page, rows: list[Row], result: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    results = defaultdict[datetime | None, list[dict[str, Any]]](list)
    for row in rows:
        results[row.at].append(result(row))
    buckets = [
        {
            "object": "bucket",
            "start_time": int(start.timestamp()),
            "end_time": int((start + page.step.value).timestamp()),
            "results": results[start],
        }
        for start in page.period.starts(page.step)
    ]
    return {
        "object": "page",
        "data": buckets,
        "has_more": page.next_page is not None,
        "next_page": page.next_page,
    }


def _usage_result(row: Row, group_by: Sequence[str]) -> dict[str, Any]:
    """Members that tell kinds of input apart are null: the upstream's counts are not kept by kind."""
    figures, group = row.figures, _group(row, group_by)
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": figures.input_tokens,
        "input_cached_tokens": figures.cached_tokens,
        "input_uncached_tokens": figures.input_tokens - figures.cached_tokens,
        "output_tokens": figures.output_tokens,
        "input_audio_tokens": None,
        "output_audio_tokens": None,
        "num_model_requests": figures.requests,
        "project_id": None,
        "user_id": group.get("user_id"),
        "api_key_id": group.get("api_key_id"),
        "model": group.get("model"),
        "batch": False if "batch" in group_by else None,
        "service_tier": None,
        "api_source": "unlabeled" if "api_source" in group_by else None,
    }


def _cost_result(row: Row, group_by: Sequence[str]) -> dict[str, Any]:
    group = _group(row, group_by)
    return {
        "object": "organization.costs.result",
        "amount": {"value": float(row.figures.cost), "currency": "usd"},
        "line_item": group.get("line_item"),
        "project_id": None,
        "user_id": group.get("user_id"),
        "api_key_id": group.get("api_key_id"),
        "quantity": None,
        "quantity_unit": None,
        "api_source": "unlabeled" if "api_source" in group_by else None,
    }


def _group(row: Row, group_by: Sequence[str]) -> dict[str, str | None]:
    """What the row was grouped by, in OpenAI's names; null for exchanges that are nobody's."""
    values = dict(zip(_columns(group_by), row.group, strict=True))
    return {name: _shown(name, values[_COLUMNS[name]]) for name in group_by if name in _COLUMNS}


def _shown(name: str, value: int | str) -> str | None:
    if not value:
        return None
    prefixes = {"user_id": "user_", "api_key_id": "key_"}
    return f"{prefixes.get(name, '')}{value}"
