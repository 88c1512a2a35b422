from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from responses_api.models import Rollup
from responses_api.statistics import rolling
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    out = StringIO()
    call_command("rebuildrollups", *options, stdout=out)
    return out.getvalue()


def counted() -> int:
    return sum(Rollup.objects.filter(grain="day", detail=7).values_list("requests", flat=True))


@pytest.fixture
def two_days() -> None:
    for day in (0, 1, 1):
        book(None, NOON + timedelta(days=day))
    rolling.roll_up(10)


@pytest.mark.usefixtures("two_days")
def test_all_days_are_made_anew() -> None:
    Rollup.objects.all().delete()
    assert run() == "2 days made anew.\n"
    assert counted() == 3


@pytest.mark.usefixtures("two_days")
def test_only_from_a_day_on() -> None:
    Rollup.objects.all().delete()
    assert run("--since", "2026-11-23") == "1 days made anew.\n"
    assert counted() == 2


@pytest.mark.usefixtures("two_days")
def test_days_with_deleted_traces_are_named_and_left_alone() -> None:
    Rollup.objects.update(requests=9)
    assert run().splitlines() == [
        "0 days made anew.",
        "Left alone, since some of their traces have been deleted: 2026-11-22, 2026-11-23.",
    ]
    assert counted() == 18
    assert run("--force") == "2 days made anew.\n"
    assert counted() == 3
