"""Lists cost the same whatever their length; records can be read and not edited."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from responses_api.admin import records
from responses_api.models import Trace
from tests.responses_api.admin.conftest import Book

LISTS = ["response", "trace", "usage"]


def queries_of(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in captured]


@pytest.mark.parametrize("model", LISTS)
def test_a_list_costs_the_same_number_of_queries_whatever_its_length(
    model: str, operator: Client, book: Book
) -> None:
    path = f"/admin/responses_api/{model}/"
    book(0)
    queries_of(operator, path)
    short = queries_of(operator, path)
    for number in range(1, 12):
        book(number)
    long = queries_of(operator, path)
    assert len(short) == len(long)


@pytest.mark.parametrize("model", LISTS)
def test_no_query_counts_or_skips_rows(model: str, operator: Client, book: Book) -> None:
    for number in range(60):
        book(number)
    path = f"/admin/responses_api/{model}/"
    answer = operator.get(path)
    further = path + answer.context["cl"].older_page
    for page in (path, further, f"{path}?_facets=True"):
        queries = " ".join(queries_of(operator, page))
        assert "COUNT(" not in queries
        assert "OFFSET" not in queries


@pytest.mark.parametrize("model", LISTS)
def test_nothing_can_be_added_or_changed(model: str, operator: Client, book: Book) -> None:
    response = book(0)
    pk = response.pk if model == "response" else "trace_0"
    assert operator.get(f"/admin/responses_api/{model}/add/").status_code == 403
    page = operator.get(f"/admin/responses_api/{model}/{pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert operator.post(f"/admin/responses_api/{model}/{pk}/change/", {"model": "x"}).status_code == 403


@pytest.mark.parametrize("model", ["trace", "usage"])
def test_the_books_stay_complete(model: str, operator: Client, book: Book) -> None:
    book(0)
    assert operator.post(f"/admin/responses_api/{model}/trace_0/delete/", {"post": "yes"}).status_code == 403
    assert Trace.objects.count() == 1


def test_long_json_is_cut() -> None:
    shown = records.pretty_json({"data": "x" * 2 * records.SHOWN_CHARACTERS})
    assert len(shown) < records.SHOWN_CHARACTERS + 200
    assert "more characters" in shown
