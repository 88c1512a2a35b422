from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from responses_api.models import Trace, Usage
from responses_api.statistics import usage_rows
from responses_api.statistics.figures import EVERYTHING, Selection
from responses_api.statistics.periods import Period
from responses_api.statistics.usage_rows import read_pages
from tests.conftest import MakeApiKey
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db

DAY = Period(NOON - timedelta(hours=12), NOON + timedelta(hours=12))


def ids(selection: Selection = EVERYTHING, period: Period = DAY) -> list[str]:
    return [row.trace_id for page in read_pages(period, selection) for row in page]


def test_rows_come_page_by_page_in_order_of_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_rows, "PAGE_ROWS", 2)
    for minute in (3, 1, 1, 1, 2):
        book(None, NOON + timedelta(minutes=minute))
    pages = list(read_pages(DAY))
    assert [len(page) for page in pages] == [2, 2, 1]
    expected = Usage.objects.order_by("at", "trace_id").values_list("trace_id", flat=True)
    assert [row.trace_id for page in pages for row in page] == list(expected)


def test_only_what_ended_in_the_period() -> None:
    book(None, NOON, duration_ms=0)
    later = book(None, NOON, duration_ms=60_000)
    assert ids(period=Period(NOON + timedelta(minutes=1), NOON + timedelta(minutes=2))) == [later.pk]
    assert ids(period=Period(NOON + timedelta(seconds=1), NOON + timedelta(minutes=1))) == []


def test_a_selection_leaves_the_others_out(alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    hers, his = make_api_key(alice)[0], make_api_key(bob)[0]
    one, two = book(hers, model="a"), book(his, model="b")
    assert ids(Selection(owner_ids=(alice.pk,))) == [one.pk]
    assert ids(Selection(api_key_ids=(his.pk,))) == [two.pk]
    assert ids(Selection(models=("a",))) == [one.pk]
    assert ids(Selection(models=())) == []


def test_a_row_says_whose_it_was(alice: User, make_api_key: MakeApiKey) -> None:
    key = make_api_key(alice, name="laptop")[0]
    trace = book(key)
    ((row,),) = read_pages(DAY)
    assert (row.user, row.api_key, row.api_key_prefix) == ("alice", "laptop", key.prefix)
    assert (row.started_at, row.outcome, row.response_id) == (NOON, "completed", trace.response_id)
    assert (row.total_tokens, row.first_event_ms, row.cost_usd) == (15, 400, None)


def test_usage_stays_when_its_trace_is_gone() -> None:
    Trace.objects.filter(pk=book(None).pk).delete()
    ((row,),) = read_pages(DAY)
    assert (row.outcome, row.started_at, row.duration_ms, row.input_tokens) == (None, None, None, 10)
