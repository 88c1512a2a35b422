import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.utils import timezone

from responses_api.access.roles import MEMBERS
from responses_api.admin.usage_export import UsageExportView
from responses_api.statistics import usage_rows
from tests.conftest import MakeApiKey, MakeUser
from tests.responses_api.statistics.exchanges import book

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]

URL = "/admin/export/usage/"


def download(person: User, **params: Any) -> tuple[str, bytes]:
    """The file's name and what is in it. The view is called as the gateway does, its parts are read on a loop."""
    request = RequestFactory().get(URL, params)
    request.user = person
    answer: Any = UsageExportView.as_view()(request)

    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return answer.headers["Content-Disposition"], asyncio.run(read())


@pytest.fixture
def operator_user(make_user: MakeUser) -> User:
    return make_user("operator", is_staff=True, is_superuser=True)


@pytest.fixture
def booked(alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    """Five exchanges of alice's and one of bob's, of now."""
    hers, his = make_api_key(alice)[0], make_api_key(bob)[0]
    now = timezone.now()
    for number in range(5):
        book(hers, now - timedelta(seconds=10 + number))
    book(his, now - timedelta(seconds=5), model="=1+1")


@pytest.mark.usefixtures("booked")
def test_a_file_holds_all_rows_whatever_their_number(
    operator_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_rows, "PAGE_ROWS", 2)
    name, text = download(operator_user, form="jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    assert name.startswith('attachment; filename="usage-')
    assert name.endswith('.jsonl"')
    assert [row["user"] for row in rows] == ["alice"] * 5 + ["bob"]
    assert len({row["trace_id"] for row in rows}) == 6


@pytest.mark.usefixtures("booked")
def test_formulas_are_text(operator_user: User) -> None:
    _, text = download(operator_user, form="csv", model="=1+1")
    head, row = text.decode().splitlines()
    assert head.startswith("ended_at,started_at,trace_id")
    assert ",'=1+1," in row


@pytest.mark.usefixtures("booked")
def test_the_dashboards_range_and_filters_hold(operator_user: User, bob: User) -> None:
    _, text = download(operator_user, form="jsonl", owner__id__exact=bob.pk)
    assert [json.loads(line)["user"] for line in text.splitlines()] == ["bob"]
    past = {"range": "custom", "from": "2020-01-01T00:00", "to": "2020-02-01T00:00"}
    assert download(operator_user, form="jsonl", **past)[1] == b""


@pytest.mark.usefixtures("booked")
def test_members_get_their_own(alice: User, bob: User) -> None:
    alice.is_staff = True
    alice.save()
    alice.groups.add(Group.objects.get(name=MEMBERS))
    _, text = download(alice, form="jsonl")
    assert {json.loads(line)["user"] for line in text.splitlines()} == {"alice"}
    assert download(alice, form="jsonl", owner__id__exact=bob.pk)[1] == b""


def test_who_may_not_see_usage_gets_no_file(make_user: MakeUser) -> None:
    guest = Client()
    assert guest.get(URL).status_code == 302
    guest.force_login(make_user("guest", is_staff=True))
    assert guest.get(URL).status_code == 403


def test_there_are_two_forms(operator: Client) -> None:
    assert operator.get(URL, {"form": "xlsx"}).status_code == 404
