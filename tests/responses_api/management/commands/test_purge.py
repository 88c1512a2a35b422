from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from responses_api.models import Trace
from responses_api.retention import purging
from tests.responses_api.retention.conftest import MakeTrace, make_trace

__all__ = ["make_trace"]  # a fixture

pytestmark = pytest.mark.django_db


def said(*options: str) -> dict[str, int]:
    out = StringIO()
    call_command("purge", *options, stdout=out)
    lines = [line.strip().partition("  ") for line in out.getvalue().splitlines()]
    return {name: int(number) for number, _, name in lines}


def test_it_says_what_it_would_delete_and_deletes_it(make_trace: MakeTrace) -> None:
    make_trace(100)
    make_trace(1)
    assert said("--dry-run")["traces"] == 1
    assert Trace.objects.count() == 2
    assert said("--batch", "1", "--rest", "0")["traces"] == 1
    assert Trace.objects.count() == 1


def test_it_does_not_work_beside_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "purge", lambda **options: None)
    with pytest.raises(CommandError, match="Another process is purging"):
        call_command("purge")


@pytest.mark.parametrize("options", [("--batch", "0"), ("--rest", "-1")])
def test_nonsense_is_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="at least"):
        call_command("purge", *options)
