"""The search for secrets that each session of end-to-end tests ends with finds what it shall find."""

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.e2e.canaries import in_database, in_logs, in_text, without_what_is_shown_once
from tests.e2e.stacks import CANARY

KEY = "zg-aB3dE6gH-" + "s" * 43
BANNER = f"""  Base URL   http://127.0.0.1:1/v1
             login admin, password p   (shown once)
  API key    {KEY}   (shown once)
curl -N http://127.0.0.1:1/v1/responses -H 'Authorization: Bearer {KEY}'
python3 -c 'print("{KEY}")'
OpenAI(base_url="http://127.0.0.1:1/v1", api_key="{KEY}")
"""
LEAKS: list[tuple[str, str]] = [
    (f"401 for {CANARY}!", "the upstream credential"),
    (f'{{"authorization": "Bearer {KEY}"}}', "an API key"),
    ("Token 1//canary-refresh-0a has been expired or revoked.", "an OAuth token"),
    ("bearer ya29.canary-access-0a", "an OAuth token"),
    ("client_secret=GOCSPX-canary-client-secret", "an OAuth client's secret"),
]


@pytest.mark.parametrize(("text", "what"), LEAKS)
def test_each_kind_is_known(text: str, what: str) -> None:
    (found,) = in_text(text, "a log")
    assert found == f"{what} in a log"


def test_what_is_harmless_is_not_found() -> None:
    assert in_text("zg-aB3dE6gH, zg-e2e-abc, zg-***ssss, canary", "a log") == []


def test_only_what_the_first_run_shows_is_passed_over(tmp_path: Path) -> None:
    for number, output in enumerate([BANNER, BANNER + BANNER, BANNER + f"key {KEY}\n", f"{KEY}\n" + BANNER]):
        assert bool(in_text(without_what_is_shown_once(output), "")) == bool(number)
        (tmp_path / f"{number}.log").write_text(output)
    assert in_logs(tmp_path) == [f"an API key in {number}.log" for number in (1, 2, 3)]


@pytest.fixture
def plant(transactional_db: None) -> Iterator[Callable[[str, Any], str]]:
    """Writes a value into a column of that type; how to reach the database."""
    parameters = connection.get_connection_params()
    conninfo = make_conninfo(
        **{
            name: parameters[name]
            for name in ("host", "port", "user", "password", "dbname")
            if parameters.get(name)
        }
    )

    def write(kind: str, value: Any) -> str:
        with psycopg.connect(conninfo) as opened:
            opened.execute(f"CREATE TABLE leaky (id serial, spoilt {kind})")
            opened.execute("INSERT INTO leaky (spoilt) VALUES (%s), (NULL)", [value])
        return conninfo

    yield write
    with psycopg.connect(conninfo) as opened:
        opened.execute("DROP TABLE leaky")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", f"said {KEY}"),
        ("jsonb", json.dumps({"headers": [{"authorization": f"Bearer {KEY}"}]})),
        ("text[]", ["a", KEY]),
        ("bytea", f"data: {KEY}".encode()),
        ("bytea", zlib.compress(f"data: {KEY}".encode())),
    ],
)
def test_a_secret_in_a_row_is_found_in_its_column(
    plant: Callable[[str, Any], str], kind: str, value: object
) -> None:
    assert in_database(plant(kind, value)) == ["an API key in leaky.spoilt"]


def test_a_database_without_secrets_passes(plant: Callable[[str, Any], str]) -> None:
    assert in_database(plant("text", "zg-aB3dE6gH")) == []
