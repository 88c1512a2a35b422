from datetime import UTC, datetime, timedelta
from typing import get_args, get_type_hints

import pytest
from django.http import QueryDict
from openai.types.admin.organization.usage_completions_params import UsageCompletionsParams
from openai.types.admin.organization.usage_costs_params import UsageCostsParams

from responses_api.core.errors import InvalidRequest
from responses_api.rest.usage_queries import (
    CostsQuery,
    Page,
    UsageQuery,
    grouping_of,
    page_of,
    read_usage_query,
    selection_of,
)
from responses_api.statistics.figures import Selection

NOW = datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)


def unix(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-{text}:00+00:00").timestamp())


def query(text: str) -> UsageQuery:
    return read_usage_query(UsageQuery, QueryDict(f"start_time={unix('20T10:30')}&{text}"))


def page(text: str) -> Page:
    return page_of(query(text), NOW)


def refused(text: str, costs: bool = False) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        given = QueryDict(text)
        page_of(read_usage_query(CostsQuery, given) if costs else read_usage_query(UsageQuery, given), NOW)
    return caught.value


def starts(found: Page) -> list[int]:
    return [int(start.timestamp()) for start in found.period.starts(found.step)]


def test_buckets_begin_and_end_at_whole_days_and_reach_until_now() -> None:
    found = page("")
    assert starts(found) == [unix("20T00:00"), unix("21T00:00"), unix("22T00:00")]
    assert found.period.until == datetime(2026, 11, 23, tzinfo=UTC)
    assert found.next_page is None


@pytest.mark.parametrize(
    ("text", "first", "count", "more"),
    [
        ("bucket_width=1h", "20T10:00", 24, True),
        ("bucket_width=1m", "20T10:30", 60, True),
        ("bucket_width=1h&limit=168", "20T10:00", 51, False),
        (f"end_time={unix('20T10:31')}", "20T00:00", 1, False),
        (f"bucket_width=1m&end_time={unix('20T10:31')}", "20T10:30", 1, False),
        ("limit=1", "20T00:00", 1, True),
    ],
)
def test_a_page_has_so_many_buckets(text: str, first: str, count: int, more: bool) -> None:
    found = page(text)
    assert (starts(found)[0], len(starts(found))) == (unix(first), count)
    assert (found.next_page is not None) is more


def test_pages_follow_each_other_without_gaps() -> None:
    found = page("bucket_width=1h&limit=10")
    seen = starts(found)
    while found.next_page is not None:
        found = page(f"bucket_width=1h&limit=10&page={found.next_page}")
        seen += starts(found)
    assert seen == list(range(unix("20T10:00"), unix("22T13:00"), 3600))


def test_what_has_not_begun_has_no_buckets() -> None:
    later = int((NOW + timedelta(days=3)).timestamp())
    found = page_of(read_usage_query(UsageQuery, QueryDict(f"start_time={later}")), NOW)
    assert (starts(found), found.next_page) == ([], None)


@pytest.mark.parametrize(
    ("text", "param", "code"),
    [
        ("", "start_time", "missing_required_parameter"),
        ("start_time=soon", "start_time", "invalid_type"),
        ("start_time=-1", "start_time", "integer_below_min_value"),
        ("start_time=999999999999999", "start_time", "integer_above_max_value"),
        ("start_time=0&end_time=0", "end_time", "invalid_value"),
        ("start_time=0&bucket_width=1w", "bucket_width", "invalid_value"),
        ("start_time=0&limit=0", "limit", "integer_below_min_value"),
        ("start_time=0&limit=32", "limit", "integer_above_max_value"),
        ("start_time=0&limit=1441&bucket_width=1m", "limit", "integer_above_max_value"),
        ("start_time=0&group_by=colour", "group_by[0]", "invalid_value"),
        ("start_time=0&page=2", "page", "invalid_value"),
        ("start_time=0&page=page_999999999999", "page", "invalid_value"),
        ("start_time=0&batch=maybe", "batch", "invalid_type"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(text: str, param: str, code: str) -> None:
    error = refused(text)
    assert (error.param, error.code) == (param, code)


@pytest.mark.parametrize(
    ("text", "param"), [("start_time=0&limit=181", "limit"), ("start_time=0&bucket_width=1h", "bucket_width")]
)
def test_costs_have_bounds_of_their_own(text: str, param: str) -> None:
    assert refused(text, costs=True).param == param


@pytest.mark.parametrize(
    "text", ["models=a&models=b", "models[]=a&models[]=b", "models=a,b", "models=a&models[]=b"]
)
def test_lists_are_written_in_every_way_that_clients_write_them(text: str) -> None:
    assert query(text).models == ("a", "b")


@pytest.mark.parametrize(
    ("text", "only", "selection"),
    [
        ("", None, Selection()),
        ("", 3, Selection(owner_ids=(3,))),
        ("user_ids=user_3,user_4", None, Selection(owner_ids=(3, 4))),
        ("user_ids=user_3,user_4", 3, Selection(owner_ids=(3,))),
        ("user_ids=user_4", 3, Selection(owner_ids=())),
        ("user_ids=key_3,nobody", None, Selection(owner_ids=())),
        ("api_key_ids=key_7", None, Selection(api_key_ids=(7,))),
        ("models=a", None, Selection(models=("a",))),
        ("project_ids=proj_1", None, Selection(owner_ids=())),
        ("batch=true", None, Selection(owner_ids=())),
        ("batch=false", None, Selection()),
    ],
)
def test_whose_usage_is_told(text: str, only: int | None, selection: Selection) -> None:
    assert selection_of(query(text), only) == selection


def test_groupings_are_those_of_the_official_client() -> None:
    theirs = get_type_hints(UsageCompletionsParams)["group_by"]
    assert grouping_of(UsageQuery) == list(get_args(get_args(theirs)[0]))
    theirs = get_type_hints(UsageCostsParams)["group_by"]
    assert grouping_of(CostsQuery) == list(get_args(get_args(theirs)[0]))
