"""The live list: what is newer, and what was running, with the filters of the list."""

import re
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client

from responses_api.models import Outcome, Trace
from tests.responses_api.admin.conftest import Book

LIVE = "/admin/responses_api/trace/live/"
LIST = "/admin/responses_api/trace/"


def newest_of(operator: Client, query: str = "") -> str:
    html = operator.get(f"{LIST}{query}").content.decode()
    found = re.search(r'id="zg-live"[^>]* data-newest="([^"]*)"', html)
    assert found is not None
    return found[1]


def shown(operator: Client, newer: str, *still_open: str, **filters: str) -> list[str]:
    """The rows that a poll brings."""
    parameters = [("newer", newer), *(("open", pk) for pk in still_open), *filters.items()]
    answer = operator.get(f"{LIVE}?{urlencode(parameters)}")
    if answer.status_code == 204:
        assert not answer.content
        return []
    assert answer.status_code == 200
    return re.findall(r'data-row="(\w+)"', answer.content.decode())


def test_only_newer_rows_come_newest_first(operator: Client, book: Book) -> None:
    book(9)
    newest = newest_of(operator)
    assert shown(operator, newest) == []
    book(5)
    book(3)
    assert shown(operator, newest) == ["trace_3", "trace_5"]


def test_rows_that_were_running_come_as_they_are_now(operator: Client, book: Book) -> None:
    book(9)
    book(8)
    newest = newest_of(operator)
    assert shown(operator, newest, "trace_9") == ["trace_9"]


def test_the_lists_filters_hold(operator: Client, book: Book) -> None:
    book(9)
    newest = newest_of(operator)
    book(5)
    book(3)
    Trace.objects.filter(pk="trace_5").update(outcome=Outcome.FAILED)
    assert shown(operator, newest, outcome__exact="failed") == ["trace_5"]


def test_an_empty_list_waits_for_its_first_row(operator: Client, book: Book) -> None:
    assert newest_of(operator) == ""
    book(1)
    assert shown(operator, "1970-01-01T00:00:00.000Z~-") == ["trace_1"]


def test_a_further_page_is_not_live(operator: Client, book: Book) -> None:
    for number in range(60):
        book(number)
    page = operator.get(LIST)
    further = operator.get(LIST + page.context["cl"].older_page).content.decode()
    assert 'id="zg-live"' not in further
    assert 'data-row="trace_59"' in further


def test_it_is_for_those_who_may_see_traces(bob: User, book: Book) -> None:
    book(1)
    client = Client()
    assert client.get(LIVE).status_code == 302
    bob.is_staff = True
    bob.save()
    client.force_login(bob)
    assert client.get(LIVE).status_code == 403
