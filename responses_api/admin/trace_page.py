"""What the page of one trace shows, gathered with a fixed number of queries."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from responses_api.access.visibility import visible_to
from responses_api.admin.keyset import Cursor
from responses_api.admin.panes import ExchangePanes, exchange_panes
from responses_api.admin.repeating import curl, laid_out, request_of
from responses_api.admin.waterfall import Row, waterfall
from responses_api.admin.wording import duration, kind_label, outcome_label
from responses_api.models import ItemSide, Response, Trace, TraceKind, Usage
from responses_api.storage import captures, response_tree
from responses_api.storage.captures import CapturedExchange
from responses_api.storage.response_tree import Turn

_KEYSET = ("started_at", "id")


@dataclass(frozen=True, slots=True)
class TracePage:
    """The page's parts beside the trace itself.

    Attributes:
        rows: the waterfall; empty while the exchange runs.
        usage_row: the token counts; None while it runs.
        response: the stored response; None if it was not stored or is deleted.
        ancestors: what the response goes on from.
        branches: what goes on from it.
        earlier: the exchange before this one with the same key.
        later: the one after it.
        captured: its panes; None if none were captured.
        curl: a command that sends the request again; None where its content is not known.
        request: the trace's ``client_request``, laid out.
        summary: its ``response_summary``, laid out.
    """

    trace: Trace
    rows: tuple[Row, ...]
    usage_row: Usage | None
    response: Response | None
    ancestors: list[Turn]
    branches: list[Turn]
    earlier: Trace | None
    later: Trace | None
    captured: ExchangePanes | None
    curl: str | None
    request: str
    summary: str

    @property
    def outcome(self) -> SafeString:
        """How it ended, coloured."""
        return outcome_label(self.trace.outcome)

    @property
    def unmatched(self) -> bool:
        """Whether it is no exchange of ours, but a call that passed the interceptor."""
        return self.trace.kind == TraceKind.UNMATCHED

    @property
    def beside(self) -> str:
        """What the traces before and after have in common with this one."""
        if self.unmatched:
            return "unmatched"
        return "with this key" if self.trace.api_key_id is not None else "without a key"

    @property
    def kind(self) -> SafeString:
        """A mark of those that are no exchange."""
        return kind_label(self.trace.kind)

    @property
    def duration(self) -> str:
        """How long it took."""
        return duration(self.trace.duration_ms)

    @property
    def first_event(self) -> str:
        """How long until the model said something."""
        return duration(self.trace.first_event_ms)

    @property
    def usage(self) -> str:
        """The token counts with their source, in words."""
        used = self.usage_row
        if used is None:
            return "Not counted yet."
        return (
            f"{used.input_tokens} in ({used.cached_tokens} cached), {used.output_tokens} out "
            f"({used.reasoning_tokens} reasoning), {used.total_tokens} in all; "
            f"source: {used.get_source_display()}"
        )


def trace_page(request: HttpRequest, trace: Trace) -> TracePage:
    """Gather the page of a trace that this person may see."""
    response = visible_to(request.user, Response.objects.filter(pk=trace.response_id)).first()
    captured = captures.read(trace.pk)
    earlier, later = _neighbours(trace)
    return TracePage(
        trace=trace,
        rows=waterfall(
            trace.marks,
            gate_wait=trace.gate_wait_ms,
            first_event=trace.first_event_ms,
            total=trace.duration_ms,
        ),
        usage_row=getattr(trace, "usage", None),
        response=response,
        ancestors=response_tree.ancestors(trace.response_id) if response is not None else [],
        branches=response_tree.branches(trace.response_id) if response is not None else [],
        earlier=earlier,
        later=later,
        captured=exchange_panes(captured) if captured is not None else None,
        curl=_repeated(request, trace, response, captured),
        request=_pretty(trace.client_request),
        summary=_pretty(trace.response_summary) if trace.response_summary else "",
    )


def _neighbours(trace: Trace) -> tuple[Trace | None, Trace | None]:
    """Those of the same kind and key, or of none, just before and just after."""
    here = Cursor.of(trace, _KEYSET)
    beside = Trace.objects.filter(kind=trace.kind, api_key=trace.api_key_id, owner=trace.owner_id)
    earlier = beside.filter(here.older(_KEYSET)).order_by("-started_at", "-id").first()
    later = beside.filter(here.newer(_KEYSET)).order_by("started_at", "id").first()
    return earlier, later


def _repeated(
    request: HttpRequest, trace: Trace, response: Response | None, captured: CapturedExchange | None
) -> str | None:
    url = request.build_absolute_uri("/v1/responses")
    key = f"{trace.api_key.prefix}…" if trace.api_key is not None else "of your choice"
    pane = captured.client_request if captured is not None else None
    if pane is not None and pane.mode == "full" and not pane.cut:
        return curl(url, pane.pretty, key=key, stream=trace.stream)
    if response is None:
        return None
    inputs = list(
        response.items.filter(side=ItemSide.INPUT).order_by("position").values_list("wire", flat=True)
    )
    body = request_of({**response.body, "model": response.model}, inputs, stream=trace.stream)
    return curl(url, laid_out(body), key=key, stream=trace.stream)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
