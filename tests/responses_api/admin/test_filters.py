from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from responses_api.models import ApiKey, Outcome, Trace
from tests.conftest import MakeApiKey
from tests.responses_api.admin.conftest import Book

LIST = "/admin/responses_api/trace/"


def found(operator: Client, **query: str) -> list[str]:
    answer = operator.get(f"{LIST}?{urlencode(query)}")
    assert answer.status_code == 200
    return sorted(trace.pk for trace in answer.context["cl"].result_list)


@pytest.fixture
def three(book: Book) -> None:
    """trace_1 a minute ago, trace_90 and trace_3000 minutes ago."""
    for number in (1, 90, 3000):
        book(number)


@pytest.mark.usefixtures("three")
def test_by_outcome(operator: Client) -> None:
    Trace.objects.filter(pk="trace_90").update(outcome=Outcome.FAILED)
    Trace.objects.filter(pk="trace_3000").update(outcome=Outcome.TIMEOUT)
    assert found(operator, outcome__exact="failed") == ["trace_90"]
    assert found(operator, outcome__exact="error") == ["trace_3000", "trace_90"]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"since": "15m"}, ["trace_1"]),
        ({"since": "24h"}, ["trace_1", "trace_90"]),
        ({"since": "nonsense"}, ["trace_1", "trace_3000", "trace_90"]),
        ({"duration_ms__gte": "1000"}, ["trace_90"]),
        ({"duration_ms__gte": "nonsense"}, []),
        ({"tool": "look_up"}, ["trace_3000"]),
        ({"tool": "look"}, []),
        ({"model": "gemini-3.8-flash"}, ["trace_1", "trace_3000", "trace_90"]),
        ({"model": "other"}, []),
        ({"kind": "unmatched"}, []),
        ({"owner__id__exact": "nonsense"}, []),
        ({"started_at__gte": "nonsense"}, []),
        ({"since": "", "model": "", "tool": ""}, ["trace_1", "trace_3000", "trace_90"]),
    ],
)
def test_by_time_duration_tool_and_model(
    query: dict[str, str], expected: list[str], operator: Client
) -> None:
    Trace.objects.filter(pk="trace_90").update(duration_ms=1500.0)
    Trace.objects.filter(pk="trace_3000").update(tools=["look_up", "other"])
    assert found(operator, **query) == expected


@pytest.mark.usefixtures("three")
def test_between_moments(operator: Client) -> None:
    now = timezone.now()
    day, hour = (now - timedelta(days=1)).isoformat(), (now - timedelta(hours=1)).isoformat()
    assert found(operator, started_at__gte=day, started_at__lt=hour) == ["trace_90"]
    local = timezone.localtime(now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert found(operator, started_at__gte=local) == ["trace_1"]
    html = operator.get(f"{LIST}?{urlencode({'started_at__gte': hour})}").content.decode()
    assert f'value="{local}"' in html


@pytest.mark.usefixtures("three")
def test_by_key_and_user(operator: Client, alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    other, _ = make_api_key(bob)
    Trace.objects.filter(pk="trace_90").update(api_key=other, owner=bob)
    first = ApiKey.objects.get(owner=alice)
    assert found(operator, api_key__id__exact=str(other.pk)) == ["trace_90"]
    assert found(operator, api_key__id__exact=str(first.pk)) == ["trace_1", "trace_3000"]
    assert found(operator, owner__id__exact=str(bob.pk)) == ["trace_90"]
