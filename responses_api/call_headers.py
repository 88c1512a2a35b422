"""The headers that every answer below ``/v1`` has, and those of a request that are kept.

One place for the two ways into the API: ``consumers.owned_task`` and the middleware in front
of the REST views.

Sources: OpenAI's API reference, "Debugging requests", November 2026; W3C Trace Context,
level 1, section 3.2 (``traceparent``).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from responses_api.runtime.identifiers import new_id

_SANE_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
# Version ff is forbidden, and so are ids of zeros only. Later versions may append members.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?"
)


@dataclass(frozen=True, slots=True)
class CallMarks:
    """By what a request is found again."""

    request_id: str
    """The client's own ``X-Request-Id`` if it is printable and short, else a new one."""
    traceparent: str | None
    """The W3C trace that the request belongs to; None where none or a malformed one was given."""


def read_marks(header: Callable[[str], str | None]) -> CallMarks:
    """The marks of a request.

    Args:
        header: gives a request header's value by its name in lower case.
    """
    offered = header("x-request-id") or ""
    request_id = offered if _SANE_REQUEST_ID.fullmatch(offered) else new_id("req")
    traceparent = (header("traceparent") or "").strip()
    return CallMarks(request_id, traceparent if _is_traceparent(traceparent) else None)


def answer_headers(marks: CallMarks, began: float) -> dict[str, str]:
    """What every answer carries; names in lower case, values ASCII.

    Args:
        marks: of the request.
        began: when it came, on the monotonic clock, seconds.
    """
    headers = {
        "x-request-id": marks.request_id,
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(int((time.monotonic() - began) * 1000)),
    }
    if marks.traceparent is not None:
        headers["traceparent"] = marks.traceparent
    if settings.UPSTREAM_SIMULATED:
        headers["x-zg-simulated"] = "true"
    return headers


def _is_traceparent(value: str) -> bool:
    found = _TRACEPARENT.fullmatch(value)
    return found is not None and (found[1] is None or not value.startswith("00"))
