import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.conftest import MakeApiKey
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db


@pytest.fixture
def prefixes(alice: User, bob: User, make_api_key: MakeApiKey) -> dict[str, str]:
    """The keys' prefixes by owner; each was used once."""
    keys = {"alice": make_api_key(alice)[0], "bob": make_api_key(bob)[0]}
    book(keys["alice"], NOON, model="a", duration_ms=0)
    book(keys["bob"], NOON + timedelta(days=1), model="b", duration_ms=0)
    return {name: key.prefix for name, key in keys.items()}


def users(tmp_path: Path, *options: Any) -> list[str]:
    target = tmp_path / "usage.jsonl"
    call_command("exportusage", "--format", "jsonl", "--until", "2027-01-01", "--output", target, *options)
    return [json.loads(line)["user"] for line in target.read_bytes().splitlines()]


def test_all_of_it(tmp_path: Path, prefixes: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert users(tmp_path) == ["alice", "bob"]
    assert "2 rows exported." in capsys.readouterr().err


def test_some_of_it(tmp_path: Path, prefixes: dict[str, str]) -> None:
    assert users(tmp_path, "--user", "bob") == ["bob"]
    assert users(tmp_path, "--key", prefixes["alice"]) == ["alice"]
    assert users(tmp_path, "--model", "b") == ["bob"]
    assert users(tmp_path, "--since", "2026-11-23") == ["bob"]
    assert users(tmp_path, "--since", "2026-11-22T12:00:01") == ["bob"]
    assert users(tmp_path, "--until", "2026-11-23T00:00:00Z") == ["alice"]


def test_to_the_standard_output(prefixes: dict[str, str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    call_command("exportusage", "--until", "2027-01-01")
    rows = list(csv.DictReader(capfdbinary.readouterr().out.decode().splitlines()))
    assert [row["model"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize("options", [["--user", "nobody"], ["--key", "zg-none"]])
def test_what_does_not_exist_is_said_to(tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(CommandError, match="There is no"):
        users(tmp_path, *options)


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01"])
def test_what_is_no_time_is_refused(tmp_path: Path, time: str) -> None:
    with pytest.raises(CommandError, match="--since"):
        users(tmp_path, "--since", time)
