import pytest
from django.test import Client

from responses_api.models import Item, Response, Trace
from tests.responses_api.admin.conftest import Book


def page(client: Client, path: str) -> str:
    answer = client.get(f"/admin/responses_api/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_what_was_said_in_order_and_as_text(operator: Client, book: Book) -> None:
    response = book(0)
    html = page(operator, f"response/{response.pk}/change/")
    assert "&lt;b&gt;How&lt;/b&gt; are you?" in html
    assert html.index("How&lt;") < html.index("look_up") < html.index("Fine.")
    assert "/admin/responses_api/response/resp_5F1/change/" in html
    assert "/admin/responses_api/trace/trace_5F0/change/" in html
    assert "temperature" in html


@pytest.mark.parametrize("term", ["resp_3", "item_3_1"])
def test_a_response_is_found_by_its_id_and_by_an_items(term: str, operator: Client, book: Book) -> None:
    for number in range(5):
        book(number)
    html = page(operator, f"response/?q={term}")
    assert ">resp_3</a>" in html
    assert ">resp_2</a>" not in html


def test_the_status_filter(operator: Client, book: Book) -> None:
    book(0)
    failed = book(1)
    failed.status = "failed"
    failed.save()
    html = page(operator, "response/?status=failed")
    assert ">resp_1</a>" in html
    assert ">resp_0</a>" not in html


def test_deleting_a_response_deletes_its_items_and_keeps_its_trace(operator: Client, book: Book) -> None:
    response = book(0)
    assert "resp_0" in page(operator, f"response/{response.pk}/delete/")
    operator.post(f"/admin/responses_api/response/{response.pk}/delete/", {"post": "yes"})
    assert not Response.objects.exists()
    assert not Item.objects.exists()
    assert Trace.objects.exists()
