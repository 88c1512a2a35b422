import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from responses_api.statistics.usage_files import FileForm, encode, head
from responses_api.statistics.usage_rows import COLUMNS, UsageRow

ROW = UsageRow(
    ended_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    started_at=None,
    trace_id="trace_1",
    response_id="resp_1",
    user="alice",
    api_key="laptop",
    api_key_prefix="zg-1a2b3c4d",
    model="gemini-3.8-flash",
    outcome="completed",
    source="intercepted",
    input_tokens=10,
    cached_tokens=4,
    output_tokens=5,
    reasoning_tokens=2,
    total_tokens=15,
    cost_usd=Decimal("0.0000000030"),
    first_event_ms=400.5,
    duration_ms=None,
)


def with_values(**values: Any) -> UsageRow:
    return UsageRow(**({name: getattr(ROW, name) for name in COLUMNS} | values))


def as_csv(rows: list[UsageRow]) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO((head(FileForm.CSV) + encode(rows, FileForm.CSV)).decode(), newline=""))
    )


def test_csv() -> None:
    (row,) = as_csv([ROW])
    assert tuple(row) == COLUMNS
    assert row["ended_at"] == "2026-11-22T12:00:00+00:00"
    assert row["started_at"] == row["duration_ms"] == ""
    assert (row["input_tokens"], row["cost_usd"], row["first_event_ms"]) == ("10", "0.0000000030", "400.5")


def test_json_lines() -> None:
    text = head(FileForm.JSONL) + encode([ROW, with_values(cost_usd=None)], FileForm.JSONL)
    first, second = map(json.loads, text.splitlines())
    assert tuple(first) == COLUMNS
    assert (first["ended_at"], first["started_at"]) == ("2026-11-22T12:00:00+00:00", None)
    assert (first["cost_usd"], first["input_tokens"], second["cost_usd"]) == ("0.0000000030", 10, None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")'])
def test_nothing_in_a_csv_file_is_a_formula(text: str) -> None:
    (row,) = as_csv([with_values(model=text, api_key=text, user=text)])
    assert row["model"] == row["api_key"] == row["user"] == f"'{text}"


@pytest.mark.parametrize("text", ['"quoted"', "a,b", "line\nbreak", "ümläut"])
def test_text_stays_as_it_is(text: str) -> None:
    (row,) = as_csv([with_values(model=text)])
    assert row["model"] == text


@pytest.mark.parametrize("form", FileForm)
def test_no_rows_are_a_file_without_rows(form: FileForm) -> None:
    assert encode([], form) == b""
