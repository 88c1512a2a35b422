"""``/v1/organization/usage/completions`` and ``/v1/organization/costs``, in OpenAI's form.

Operators' keys see everybody's usage, those of others their own.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
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
from responses_api.statistics.exchange_sums import Asked
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import Row

_COLUMNS = {"user_id": "owner_id", "api_key_id": "api_key_id", "model": "model", "line_item": "model"}
"""Our column by OpenAI's name; by what else they group, everything here is one group."""
_PREFIXES = {"user_id": "user_", "api_key_id": "key_"}


class _FastJson(JSONRenderer):
    """For pages of some megabytes."""

    def render(self, data: Any, *args: Any, **options: Any) -> bytes:
        """As UTF-8."""
        return msgspec.json.encode(data)


class CompletionsUsage(APIView):
    """Tokens and requests over time."""

    renderer_classes = (_FastJson,)

    def get(self, request: Request) -> Response:
        """A page of buckets, oldest first; empty ones have no results."""
        query = read_usage_query(UsageQuery, request.query_params)
        page = page_of(query, timezone.now())
        rows = _read(request, query, page)
        return Response(_page_body(page, rows, _UsageResults(query.group_by)))


class Costs(APIView):
    """Money over time, as far as prices are known."""

    renderer_classes = (_FastJson,)

    def get(self, request: Request) -> Response:
        """A page of days, oldest first; empty ones have no results."""
        query = read_usage_query(CostsQuery, request.query_params)
        page = page_of(query, timezone.now())
        rows = _read(request, query, page)
        return Response(_page_body(page, rows, _CostResults(query.group_by)))


def _read(request: Request, query: UsageQuery | CostsQuery, page: Page) -> list[Row]:
    caller = cast("Caller", request.auth)
    everybody = sees_all(User.objects.get(pk=caller.owner_id))
    selection = selection_of(query, None if everybody else caller.owner_id)
    return read(page.period, selection, by=_columns(query.group_by), step=page.step, asked=Asked.COUNTERS)


def _columns(group_by: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(_COLUMNS[name] for name in group_by if name in _COLUMNS))


def _page_body(page: Page, rows: list[Row], result: Callable[[Row], object]) -> dict[str, Any]:
    results = defaultdict[datetime | None, list[object]](list)
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


class _UsageResult(msgspec.Struct, gc=False):
    """Members that tell kinds of input apart are null: the upstream's counts are not kept by kind."""

    input_tokens: int
    input_cached_tokens: int
    input_uncached_tokens: int
    output_tokens: int
    num_model_requests: int
    user_id: str | None
    api_key_id: str | None
    model: str | None
    batch: bool | None
    api_source: str | None
    object: str = "organization.usage.completions.result"
    input_audio_tokens: None = None
    output_audio_tokens: None = None
    project_id: None = None
    service_tier: None = None


class _UsageResults:
    """Makes results of rows; a page may have thousands."""

    def __init__(self, group_by: Sequence[str]) -> None:
        self._group = _Group(group_by)
        self._batch = False if "batch" in group_by else None
        self._source = _source(group_by)

    def __call__(self, row: Row) -> _UsageResult:
        """Tokens and requests of one group."""
        figures, group = row.figures, self._group.names(row)
        return _UsageResult(
            figures.input_tokens,
            figures.cached_tokens,
            figures.input_tokens - figures.cached_tokens,
            figures.output_tokens,
            figures.requests,
            group.get("user_id"),
            group.get("api_key_id"),
            group.get("model"),
            self._batch,
            self._source,
        )


class _CostResults:
    """Makes results of rows."""

    def __init__(self, group_by: Sequence[str]) -> None:
        self._group = _Group(group_by)
        self._source = _source(group_by)

    def __call__(self, row: Row) -> dict[str, Any]:
        """Money of one group."""
        group = self._group.names(row)
        return {
            "object": "organization.costs.result",
            "amount": {"value": float(row.figures.cost), "currency": "usd"},
            "line_item": group.get("line_item"),
            "project_id": None,
            "user_id": group.get("user_id"),
            "api_key_id": group.get("api_key_id"),
            "quantity": None,
            "quantity_unit": None,
            "api_source": self._source,
        }


class _Group:
    """What rows are grouped by, in OpenAI's names; null for exchanges that are nobody's."""

    def __init__(self, group_by: Sequence[str]) -> None:
        columns = _columns(group_by)
        self._named = [
            (name, columns.index(_COLUMNS[name]), _PREFIXES.get(name, ""))
            for name in dict.fromkeys(group_by)
            if name in _COLUMNS
        ]

    def names(self, row: Row) -> dict[str, str | None]:
        """Of one row."""
        group = row.group
        return {
            name: f"{prefix}{group[place]}" if group[place] else None for name, place, prefix in self._named
        }


def _source(group_by: Sequence[str]) -> str | None:
    return "unlabeled" if "api_source" in group_by else None
