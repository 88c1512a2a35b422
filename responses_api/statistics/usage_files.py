"""Usage rows as CSV and as JSON lines. Pure."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from responses_api.statistics.usage_rows import COLUMNS, UsageRow


class FileForm(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def content_type(self) -> str:
        """The media type."""
        return "text/csv; charset=utf-8" if self is FileForm.CSV else "application/jsonl"


def head(form: FileForm) -> bytes:
    """What the file begins with."""
    return _csv([COLUMNS]) if form is FileForm.CSV else b""


def encode(rows: Iterable[UsageRow], form: FileForm) -> bytes:
    """Rows of the file, each with its line end."""
    if form is FileForm.CSV:
        return _csv([_cell(value) for value in asdict(row).values()] for row in rows)
    return b"".join(
        msgspec.json.encode({name: _plain(value) for name, value in asdict(row).items()}) + b"\n"
        for row in rows
    )


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Spreadsheets run text that begins like a formula: an apostrophe makes it text again."""
    plain = _plain(value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return plain


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            # In full, never with an exponent.
            return f"{value:f}"
        case _:
            return value
