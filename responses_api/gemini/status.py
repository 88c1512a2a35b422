"""``google.rpc.Status``, the upstream's error, as typed values. Pure.

Source: Gemini API error reference and ``google.rpc`` error details, November 2026.
"""

from typing import Any

import msgspec

from responses_api.gemini.wire import WireStruct, lenient


class ErrorStatus(WireStruct, frozen=True):
    """``google.rpc.Status`` in its REST form; ``code`` is the HTTP status, seldom gRPC's number."""

    code: int | str = 0
    message: str = ""
    status: str = ""
    details: tuple[msgspec.Raw, ...] | None = None


class QuotaViolation(WireStruct, frozen=True):
    """One exceeded quota of a ``QuotaFailure``."""

    quota_id: str = ""
    quota_metric: str = ""
    quota_value: int | str | None = None


class FieldViolation(WireStruct, frozen=True):
    """One refused field of a ``BadRequest``."""

    field: str = ""
    description: str = ""


class HelpLink(WireStruct, frozen=True):
    """One link of a ``Help``."""

    url: str = ""


class ErrorDetail(WireStruct, frozen=True):
    """Any entry of ``details``: the members of all ``google.rpc`` kinds that are read."""

    kind: str = msgspec.field(name="@type", default="")
    reason: str = ""
    metadata: dict[str, Any] | None = None
    retry_delay: str = ""
    violations: tuple[QuotaViolation, ...] = ()
    field_violations: tuple[FieldViolation, ...] = ()
    links: tuple[HelpLink, ...] = ()


_read_detail = lenient(ErrorDetail)


def decode_details(status: ErrorStatus) -> tuple[ErrorDetail, ...]:
    """The details of ``status`` that can be read; others are left out."""
    return tuple(detail for raw in status.details or () if (detail := _read_detail(raw)) is not None)
