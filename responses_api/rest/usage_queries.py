"""What a client asks of the usage API: the query parameters, and the buckets of a page.

Source: openai-python 3.54, types/admin/organization/usage_completions_params.py and
usage_costs_params.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from django.http import QueryDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from responses_api.core.errors import InvalidRequest
from responses_api.core.validation import invalid_request
from responses_api.statistics.figures import Selection
from responses_api.statistics.periods import Period, Step

STEPS: Mapping[str, Step] = {"1m": Step.MINUTE, "1h": Step.HOUR, "1d": Step.DAY}
_LIMITS: Mapping[str, tuple[int, int]] = {"1m": (60, 1440), "1h": (24, 168), "1d": (7, 31)}
"""How many buckets a page has if nothing is said, and at most."""
_LATEST = 253_402_214_400
"""31 December 9999."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS = {"true": True, "false": False}
_PAGE = re.compile(r"page_([0-9]{1,12})")
_ID = re.compile(r"(user|key)_([0-9]{1,18})")

type Moment = Annotated[int, Field(ge=0, le=_LATEST)]
"""Unix seconds."""


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    repeated: ClassVar[frozenset[str]]
    """Parameters that are lists."""

    start_time: Moment
    end_time: Moment | None = None
    page: str | None = None
    project_ids: tuple[str, ...] = ()
    api_key_ids: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()


class UsageQuery(_Query):
    """Parameters of ``GET /v1/organization/usage/completions``."""

    repeated = frozenset({"project_ids", "api_key_ids", "user_ids", "models", "group_by"})
    bucket_width: Literal["1m", "1h", "1d"] = "1d"
    limit: Annotated[int, Field(ge=1)] | None = None
    models: tuple[str, ...] = ()
    batch: bool | None = None
    group_by: tuple[
        Literal["project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source"], ...
    ] = ()


class CostsQuery(_Query):
    """Parameters of ``GET /v1/organization/costs``."""

    repeated = frozenset({"project_ids", "api_key_ids", "user_ids", "line_items", "group_by"})
    bucket_width: Literal["1d"] = "1d"
    limit: Annotated[int, Field(ge=1, le=180)] = 7
    line_items: tuple[str, ...] = ()
    group_by: tuple[Literal["project_id", "user_id", "line_item", "api_key_id", "api_source"], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some buckets in a row."""

    period: Period
    """Whole buckets."""
    step: Step
    next_page: str | None
    """The cursor of what follows; None if nothing does."""


def read_usage_query[Q: _Query](query: type[Q], given: QueryDict) -> Q:
    """The query parameters in ``given``; unknown ones are ignored.

    Raises:
        InvalidRequest: one is missing or has a value that does not exist.
    """
    values: dict[str, Any] = {}
    for name in query.model_fields:
        if name in query.repeated:
            # The official clients write a list as name[]=…&name[]=…, others repeat the plain name.
            plain = (value for text in given.getlist(name) for value in text.split(","))
            values[name] = (*plain, *given.getlist(f"{name}[]"))
        elif name in given:
            values[name] = _typed(name, str(given[name]))
    try:
        return query.model_validate(values)
    except ValidationError as error:
        raise invalid_request(error) from None


def _typed(name: str, text: str) -> int | bool | str:
    if name in ("start_time", "end_time", "limit") and _INTEGER.fullmatch(text):
        return int(text)
    return _BOOLEANS.get(text, text) if name == "batch" else text


def page_of(query: UsageQuery | CostsQuery, now: datetime) -> Page:
    """The buckets that are asked for; they begin and end at whole minutes, hours or days of UTC.

    Raises:
        InvalidRequest: the limit, the cursor or the end makes no sense.
    """
    step = STEPS[query.bucket_width]
    limit = _limit(query)
    since = datetime.fromtimestamp(query.start_time, UTC)
    until = now if query.end_time is None else datetime.fromtimestamp(query.end_time, UTC)
    if query.end_time is not None and until <= since:
        raise InvalidRequest(
            "Invalid 'end_time': expected a time after 'start_time'.", param="end_time", code="invalid_value"
        )
    first = step.floor(since if query.page is None else _place(query.page))
    last = step.ceiling(until)
    end = min(first + limit * step.value, last) if first < last else first
    return Page(Period(first, end), step, f"page_{int(end.timestamp())}" if end < last else None)


def selection_of(query: UsageQuery | CostsQuery, only_owner: int | None) -> Selection:
    """Whose exchanges are asked for.

    Args:
        query: with ids as results have them; others match nothing.
        only_owner: the one user whose exchanges the caller may see; None: everybody's.
    """
    owners = _numbers("user", query.user_ids)
    if only_owner is not None:
        owners = (only_owner,) if owners is None or only_owner in owners else ()
    models = query.models if isinstance(query, UsageQuery) else query.line_items
    # There are no projects and no batches here.
    nothing = bool(query.project_ids) or (isinstance(query, UsageQuery) and query.batch is True)
    return Selection(
        owner_ids=() if nothing else owners,
        api_key_ids=_numbers("key", query.api_key_ids),
        models=models or None,
    )


def grouping_of(query: type[UsageQuery | CostsQuery]) -> list[str]:
    """What ``group_by`` may name."""
    names, _ = get_args(query.model_fields["group_by"].annotation)
    return list(get_args(names))


def _limit(query: UsageQuery | CostsQuery) -> int:
    if isinstance(query, CostsQuery):
        return query.limit
    usual, most = _LIMITS[query.bucket_width]
    limit = usual if query.limit is None else query.limit
    if limit > most:
        raise InvalidRequest(
            f"Invalid 'limit': integer above maximum value. Expected a value <= {most} with 'bucket_width' "
            f"'{query.bucket_width}', but got {limit} instead.",
            param="limit",
            code="integer_above_max_value",
        )
    return limit


def _place(page: str) -> datetime:
    found = _PAGE.fullmatch(page)
    if found is None or int(found[1]) > _LATEST:
        raise InvalidRequest(
            "Invalid 'page': expected the 'next_page' of an answer.", param="page", code="invalid_value"
        )
    return datetime.fromtimestamp(int(found[1]), UTC)


def _numbers(kind: str, ids: tuple[str, ...]) -> tuple[int, ...] | None:
    if not ids:
        return None
    found = (_ID.fullmatch(each) for each in ids)
    return tuple(int(each[2]) for each in found if each is not None and each[1] == kind)
