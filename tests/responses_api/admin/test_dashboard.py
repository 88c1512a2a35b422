import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from responses_api.access.roles import MEMBERS
from responses_api.models import ApiKey, Credential, Outcome, Trace
from responses_api.statistics import rolling
from tests.conftest import MakeApiKey, MakeUser
from tests.responses_api.statistics.exchanges import book

RANGES = ("1h", "24h", "7d", "30d")
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
TAGS = re.compile(r"<[^>]+>")

type Look = Callable[..., str]


@pytest.fixture
def member(alice: User) -> Client:
    """A browser in which alice has logged in, who sees what is hers."""
    alice.is_staff = True
    alice.save()
    alice.groups.add(Group.objects.get(name=MEMBERS))
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def keys(alice: User, bob: User, make_api_key: MakeApiKey) -> tuple[ApiKey, ApiKey]:
    """One of alice's, one of bob's."""
    return make_api_key(alice, name="hers")[0], make_api_key(bob, name="his")[0]


def look(client: Client, **params: Any) -> str:
    answer = client.get("/admin/", params)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def card(html: str, title: str) -> tuple[str, str]:
    """The value of a figure, and where it leads."""
    found = re.search(rf'href="([^"]*)"><span>{title}</span><strong>(.*?)</strong>', html)
    assert found is not None, title
    return found[2], found[1]


def rows_of(html: str, title: str) -> dict[str, list[str]]:
    """The cells of a table by the names in front of them."""
    table = html.partition(f">{title}</h2>")[2].partition("</section>")[0].partition("<tbody>")[2]
    cells = [
        [" ".join(TAGS.sub(" ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in ROW.findall(table)
    ]
    return {row[0]: row[1:] for row in cells}


def listed(client: Client, link: str) -> int:
    """How many traces the list at ``link`` shows."""
    answer = client.get(link)
    assert answer.status_code == 200
    # The admin writes _ as _5F in addresses.
    return len(set(re.findall(r"/trace/trace_5F([0-9a-f]+)/change/", answer.content.decode())))


def test_figures_and_their_traces_agree(operator: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    now = timezone.now()
    hers, his = keys
    for number in range(4):
        book(hers, now - timedelta(minutes=10 * number), cost=Decimal("0.5"))
    rolling.roll_up(3)
    book(his, now, outcome=Outcome.FAILED, model="other")
    book(his, now, outcome=Outcome.CANCELLED)
    book(his, now - timedelta(days=60))
    html = look(operator)
    value, link = card(html, "Requests")
    assert (value, listed(operator, link)) == ("6", 6)
    value, link = card(html, "Error rate")
    assert (value, listed(operator, link)) == ("16.7%", 1)
    assert card(html, "Cost")[0] == "$2.00"
    assert card(html, "Input tokens")[0] == "60"
    assert "24 of them cached" in html
    assert rows_of(html, "By outcome") == {
        "Completed": ["4", "66.7%"],
        "Failed": ["1", "16.7%"],
        "Cancelled": ["1", "16.7%"],
    }
    assert [cells[0] for cells in rows_of(html, "By model").values()] == ["5", "1"]
    assert rows_of(html, "By user")["bob"][:2] == ["2", "50.0%"]
    links = re.findall(r'<a class="zg-link" href="(/admin/responses_api/trace/\?[^"]*)">(\d+)</a>', html)
    assert len(links) >= 8
    for link, count in links:
        assert listed(operator, link) == int(count), link


def test_what_is_nobodys_has_a_name(operator: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    """Such as unmatched calls."""
    book(None, timezone.now())
    book(keys[0], timezone.now())
    html = look(operator)
    assert rows_of(html, "By user")["nobody's"][0] == "1"
    assert rows_of(html, "By API key")["none"][0] == "1"


@pytest.mark.parametrize("name", RANGES)
def test_a_page_costs_the_same_queries_whatever_there_is(
    operator: Client, keys: tuple[ApiKey, ApiKey], name: str
) -> None:
    book(keys[0], timezone.now())
    Credential.objects.create(name="one", kind="api_key", secret=b"")
    look(operator)
    with CaptureQueriesContext(connection) as few:
        look(operator, range=name)
    for number in range(30):
        book(keys[number % 2], timezone.now() - timedelta(hours=number), model=f"model-{number % 5}")
        Credential.objects.create(name=f"c{number}", kind="api_key", secret=b"")
        if number == 20:
            rolling.roll_up(100)
    with CaptureQueriesContext(connection) as full:
        look(operator, range=name)
    assert len(full) == len(few) <= 12


def test_members_see_their_own(member: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    hers, his = keys
    book(hers, timezone.now() - timedelta(days=3))
    book(hers, timezone.now())
    book(his, timezone.now(), model="secret-model")
    Credential.objects.create(name="everybodys", kind="api_key", secret=b"")
    html = look(member)
    assert card(html, "Requests")[0] == "1"
    assert "secret-model" not in html
    assert "everybodys" not in html
    assert "By user" not in html
    for name, value in (("owner__id__exact", his.owner_id), ("api_key__id__exact", his.pk)):
        html = look(member, **{name: value})
        assert card(html, "Requests")[0] == "0"
        assert "bob" not in html
        assert "his (" not in html


def test_filters_are_shown_can_be_taken_off_and_hold_in_every_link(
    operator: Client, keys: tuple[ApiKey, ApiKey]
) -> None:
    hers, his = keys
    book(hers, timezone.now())
    book(his, timezone.now(), model="other")
    html = look(operator, range="7d", api_key__id__exact=his.pk)
    value, link = card(html, "Requests")
    assert (value, listed(operator, link)) == ("1", 1)
    assert f"API key: his ({his.prefix}…)" in html
    assert 'href="/admin/?range=7d">API key' in html
    assert f"range=30d&api_key__id__exact={his.pk}" in html
    assert list(rows_of(html, "By model")) == ["other"]


@pytest.mark.parametrize("value", ["x", "²", "9" * 30, "-1"])
def test_a_filter_that_names_nothing_finds_nothing(
    operator: Client, keys: tuple[ApiKey, ApiKey], value: str
) -> None:
    book(keys[0], timezone.now())
    assert card(look(operator, owner__id__exact=value), "Requests")[0] == "0"


def test_a_range_of_ones_own(operator: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    at = timezone.now().replace(hour=10, minute=17, second=30) - timedelta(days=3)
    book(keys[0], at)
    wanted = {"range": "custom", "from": at.strftime("%Y-%m-%dT10:17"), "to": at.strftime("%Y-%m-%dT10:18")}
    value, link = card(look(operator, **wanted), "Requests")
    assert (value, listed(operator, link)) == ("1", 1)
    assert card(look(operator, **(wanted | {"to": at.strftime("%Y-%m-%dT10:17:30")})), "Requests")[0] == "0"


@pytest.mark.parametrize(
    "params",
    [
        {"from": "yesterday"},
        {"from": "2026-11-22T10:00", "to": "2026-11-22T10:00"},
        {"from": "1990-01-01", "to": "2026-01-01T00:00"},
        {},
    ],
)
def test_a_range_that_makes_no_sense_is_said_to(operator: Client, params: dict[str, str]) -> None:
    assert 'role="alert">The range' in look(operator, range="custom", **params)


def test_what_is_in_flight(operator: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    trace = book(keys[0], timezone.now() - timedelta(days=2))
    Trace.objects.filter(pk=trace.pk).update(outcome=Outcome.IN_PROGRESS)
    html = look(operator, range="1h")
    value, link = card(html, "In flight now")
    assert (value, listed(operator, link)) == ("1", 1)
    assert "the oldest for 2\xa0days" in html


def test_credentials_in_need_come_first(operator: Client) -> None:
    Credential.objects.create(name="good", kind="api_key", secret=b"")
    Credential.objects.create(
        name="bad",
        kind="oauth",
        secret=b"",
        refused_at=timezone.now(),
        renewal_error="invalid_grant",
    )
    rows = rows_of(look(operator), "Credentials")
    assert list(rows) == ["bad", "good"]
    assert rows["bad"][0] == "refused: invalid_grant"


def test_deleted_keys_keep_their_numbers(operator: Client, keys: tuple[ApiKey, ApiKey]) -> None:
    hers, _ = keys
    book(hers, timezone.now())
    rolling.roll_up(10)
    number = hers.pk
    hers.delete()
    assert rows_of(look(operator), "By API key")[f"deleted API key {number}"][0] == "1"


def test_names_cannot_break_out_of_the_page(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key = make_api_key(alice, name="<script>alert(1)</script>")[0]
    book(key, timezone.now(), model="</script><script>alert(2)</script>")
    html = operator.get("/admin/").content.decode()
    assert "<script>alert" not in html


def test_staff_without_the_permission_see_no_figures(make_user: MakeUser) -> None:
    client = Client()
    client.force_login(make_user("guest", is_staff=True))
    assert "In flight" not in look(client)
