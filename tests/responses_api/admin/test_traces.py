from django.test import Client

from responses_api.models import Trace, Usage, UsageSource
from tests.responses_api.admin.conftest import Book


def page(client: Client, path: str) -> str:
    answer = client.get(f"/admin/responses_api/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_the_usage(operator: Client, book: Book) -> None:
    book(0)
    assert "11 in (0 cached), 22 out (0 reasoning), 33 in all; source: Intercepted" in page(
        operator, "trace/trace_0/change/"
    )


def test_an_exchange_in_progress_has_none_yet(operator: Client, book: Book) -> None:
    book(0)
    Usage.objects.all().delete()
    Trace.objects.update(outcome="in_progress")
    assert "In Progress" in page(operator, "trace/trace_0/change/")
    page(operator, "trace/")


def test_an_estimate_is_marked(operator: Client, book: Book) -> None:
    book(0)
    assert "estimate" not in page(operator, "trace/?q=trace_0").partition("<tbody>")[2]
    Usage.objects.update(source=UsageSource.ESTIMATE)
    assert "33 (estimate)" in page(operator, "trace/?q=trace_0")


def test_a_trace_is_found_by_its_response(operator: Client, book: Book) -> None:
    book(0)
    book(1)
    html = page(operator, "trace/?q=resp_1")
    assert 'data-row="trace_1"' in html
    assert 'data-row="trace_0"' not in html
