from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from django.test import Client

from responses_api.admin.keyset import Cursor
from responses_api.models import Trace
from tests.responses_api.admin.conftest import Book

LIST = "/admin/responses_api/trace/"


def ids(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return [trace.pk for trace in answer.context["cl"].result_list]


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "trace_1~2")
    assert Cursor.read(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "~", "x~y", "2026-01-02T03:04:05~t", "2026-13-40T00:00Z~t", "2026-01-02T03:04Z~", "\x00~\x00"],
)
def test_what_is_no_cursor(text: str) -> None:
    assert Cursor.read(text) is None


def test_pages_hold_every_row_once_in_order_both_ways(operator: Client, book: Book) -> None:
    for number in range(120):
        book(number)
    # Rows of the same moment are told apart by their id.
    Trace.objects.update(started_at=datetime(2026, 1, 1, tzinfo=UTC))
    expected = list(Trace.objects.order_by("-started_at", "-id").values_list("pk", flat=True))
    pages, query = [], ""
    for _ in range(3):
        answer = operator.get(f"{LIST}{query}")
        pages.append([trace.pk for trace in answer.context["cl"].result_list])
        changes = answer.context["cl"]
        query = changes.older_page
    assert sum(pages, []) == expected
    assert (changes.has_newer, changes.has_older) == (True, False)
    assert ids(operator, changes.newer_page) == pages[1]
    assert ids(operator, changes.first_page) == pages[0]


def test_filters_and_search_stay_while_paging(operator: Client, book: Book) -> None:
    for number in range(60):
        book(number)
    changes = operator.get(f"{LIST}?outcome__exact=completed&model=").context["cl"]
    assert "outcome__exact=completed" in changes.older_page
    assert len(ids(operator, changes.older_page)) == 10


def test_nonsense_for_a_cursor_is_the_first_page(operator: Client, book: Book) -> None:
    book(0)
    assert ids(operator, "?before=nonsense&newer=%00") == ["trace_0"]


def test_the_key_of_a_cursor_is_checked(operator: Client, book: Book) -> None:
    """A list whose ids are numbers is not asked about text."""
    path = "/admin/auditlog/logentry/?" + urlencode({"before": "2030-01-01T00:00:00Z~text"})
    assert operator.get(path).status_code == 200
