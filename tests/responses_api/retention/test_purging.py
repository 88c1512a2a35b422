import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from responses_api.models import Trace
from responses_api.retention import purging
from tests.responses_api.retention.conftest import MakeTrace

pytestmark = pytest.mark.django_db


def test_a_purge_deletes_what_is_counted(make_trace: MakeTrace) -> None:
    for days in (100, 91, 5):
        make_trace(days)
    counted = purging.count()
    assert counted["traces"] == 2
    assert Trace.objects.count() == 3
    assert purging.purge(batch=1, rest=0) == counted
    assert Trace.objects.count() == 1
    assert set(purging.count().values()) == {0}


def test_a_purge_that_is_stopped_ends_after_its_batch(make_trace: MakeTrace) -> None:
    for _ in range(3):
        make_trace(100)
    stopped = threading.Event()
    stopped.set()
    deleted = purging.purge(batch=1, stopped=stopped)
    assert deleted is not None
    assert set(deleted.values()) == {0}
    assert Trace.objects.count() == 3


def test_a_purge_rests_after_each_batch(make_trace: MakeTrace, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        make_trace(100)
    rests: list[float] = []

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0)
            return False

    purging.purge(batch=2, rest=10, stopped=Stopped())
    assert len(rests) >= 2
    assert all(rest > 0 for rest in rests)


@pytest.mark.django_db(transaction=True)
def test_only_one_purges_at_a_time(
    make_trace: MakeTrace, in_other_session: Callable[..., AbstractContextManager[None]]
) -> None:
    make_trace(100)
    with in_other_session("SELECT pg_advisory_xact_lock(%s)", purging._LOCK):
        assert purging.purge() is None
        assert Trace.objects.count() == 1
    assert purging.purge() is not None
    assert purging.purge() is not None
    assert Trace.objects.count() == 0
