"""Traces with their usage and what was captured of them, as documents to work on elsewhere.

A trace that was captured in the mode "full" can be replayed: ``client_request.body`` is what
the client sent, ``calls[].answer`` what the upstream answered (``captures.panes.as_body`` makes a
body of it again), and ``sent`` what became of it.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from django.forms.models import model_to_dict

from responses_api.models import Trace, Usage
from responses_api.storage import captures
from responses_api.storage.captures import CapturedCall, CapturedExchange, DocumentPane, StreamPane

PAGE = 100
"""Traces that are read at once."""


def documents(traces: QuerySet[Trace]) -> Iterator[dict[str, Any]]:
    """One document per trace, oldest first, read page by page: memory does not grow with their number."""
    last: tuple[datetime, str] | None = None
    while True:
        page = list(_after(traces, last).order_by("started_at", "id")[:PAGE])
        ids = [trace.id for trace in page]
        usages = {usage.trace_id: usage for usage in Usage.objects.filter(trace_id__in=ids)}
        captured = captures.read_many(ids)
        for trace in page:
            yield _document(trace, usages.get(trace.id), captured.get(trace.id))
        if len(page) < PAGE:
            return
        last = (page[-1].started_at, page[-1].id)


def _after(traces: QuerySet[Trace], last: tuple[datetime, str] | None) -> QuerySet[Trace]:
    if last is None:
        return traces
    at, trace_id = last
    return traces.filter(Q(started_at__gt=at) | Q(started_at=at, id__gt=trace_id))


def _document(trace: Trace, usage: Usage | None, captured: CapturedExchange | None) -> dict[str, Any]:
    document: dict[str, Any] = {"trace": model_to_dict(trace), "usage": None}
    if usage is not None:
        document["usage"] = model_to_dict(usage, exclude=["trace"])
    if captured is not None:
        document["client_request"] = _request(captured.client_request)
        document["sent"] = _stream(captured.sent)
        document["calls"] = [_call(call) for call in captured.calls]
        document["replayable"] = _is_whole(captured)
    return document


def _call(call: CapturedCall) -> dict[str, Any]:
    return {
        "number": call.number,
        "before": _request(call.before),
        "after": _request(call.after),
        "answer": _stream(call.answer),
    }


def _request(pane: DocumentPane | None) -> dict[str, Any] | None:
    if pane is None:
        return None
    body: object = pane.text
    try:
        body = msgspec.json.decode(pane.text)
    except msgspec.DecodeError:
        pass  # cut, or no JSON: the text is all there is
    return {"head": pane.head, "body": body, "mode": pane.mode, "size": pane.size, "cut": pane.cut}


def _stream(pane: StreamPane | None) -> dict[str, Any] | None:
    return None if pane is None else asdict(pane)


def _is_whole(captured: CapturedExchange) -> bool:
    """Whether nothing is missing that a replay needs."""
    panes = [captured.client_request, captured.sent, *(call.answer for call in captured.calls)]
    return bool(captured.calls) and all(
        pane is not None and pane.mode == "full" and not pane.cut for pane in panes
    )
