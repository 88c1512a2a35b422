from datetime import timedelta
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from responses_api.captures.panes import CapturedPane, Pane, pack
from responses_api.models import Trace
from responses_api.storage import captures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def traces(alice: User) -> None:
    """One, two and three days old; the last one failed, the first was captured."""
    for days, model, outcome in ((1, "a", "completed"), (2, "b", "completed"), (3, "a", "failed")):
        Trace.objects.create(
            id=f"trace_{days}",
            owner=alice,
            started_at=timezone.now() - timedelta(days=days),
            outcome=outcome,
            model=model,
            stream=True,
            client_request={},
        )
    captures.insert("trace_1", [CapturedPane(Pane.SENT, 0, "full", {}, pack(b""), size=0)])


def exported(tmp_path: Path, *options: str) -> list[str]:
    output, said = tmp_path / "traces.jsonl", StringIO()
    call_command("exporttraces", *options, "--output", str(output), stderr=said)
    lines = output.read_bytes().splitlines()
    assert said.getvalue().strip() == f"{len(lines)} traces"
    return [msgspec.json.decode(line)["trace"]["id"] for line in lines]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--since", "7d"], ["trace_3", "trace_2", "trace_1"]),
        (["--since", "36h"], ["trace_1"]),
        (["--since", "10m"], []),
        (["--since", "7d", "--until", "36h"], ["trace_3", "trace_2"]),
        (["--since", "2020-01-01", "--model", "a"], ["trace_3", "trace_1"]),
        (["--since", "2020-01-01T00:00:00+01:00", "--outcome", "failed"], ["trace_3"]),
        (["--since", "7d", "--captured"], ["trace_1"]),
    ],
)
def test_it_exports_what_is_asked_for(tmp_path: Path, options: list[str], wanted: list[str]) -> None:
    assert exported(tmp_path, *options) == wanted


def test_without_a_file_it_goes_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    call_command("exporttraces", "--since", "7d", stderr=StringIO())
    assert capfdbinary.readouterr().out.count(b"\n") == 3


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "2026-02-30", ""])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(CommandError, match="--since"):
        call_command("exporttraces", f"--since={since}")


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("exporttraces", "--since", "7d", "--output", str(tmp_path / "none" / "traces.jsonl"))
