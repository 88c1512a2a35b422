"""What happened to each exchange, and what it cost."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from responses_api.admin.records import RecordAdmin, pretty_json
from responses_api.models import Trace, Usage


@admin.register(Trace)
class TraceAdmin(RecordAdmin):
    """List and page of the exchanges, each with its usage."""

    list_display = (
        "id",
        "started_at",
        "owner",
        "api_key",
        "model",
        "outcome",
        "first_event_ms",
        "duration_ms",
        "tokens",
    )
    list_select_related = ("owner", "api_key", "usage")
    list_filter = ("outcome", "started_at", "stream", "simulated", "owner")
    search_fields = ("=id", "=response_id")
    search_help_text = "The whole id of a trace or of its response."
    ordering = ("-started_at", "-id")
    fieldsets = (
        (None, {"fields": ("id", "response_id", "owner", "api_key", "outcome", "error_shown")}),
        (
            "Course",
            {"fields": ("started_at", "ended_at", "gate_wait_ms", "first_event_ms", "duration_ms", "turns")},
        ),
        (
            "Model",
            {"fields": ("model", "upstream_model", "stream", "simulated", "cascade_id", "usage_shown")},
        ),
        ("Content, in numbers", {"fields": ("request_shown", "summary_shown", "adaptations_shown")}),
    )
    readonly_fields = ("error_shown", "usage_shown", "request_shown", "summary_shown", "adaptations_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trace]:
        """With owner, key and usage, in the same query."""
        return super().get_queryset(request).select_related("owner", "api_key", "usage")

    def has_delete_permission(self, request: HttpRequest, obj: Trace | None = None) -> bool:
        """Nobody: the books stay complete."""
        return False

    @admin.display
    def tokens(self, trace: Trace) -> str:
        """All tokens of the exchange, with a mark if they are not the upstream's own count."""
        usage = _usage(trace)
        if usage is None:
            return "-"
        return (
            f"{usage.total_tokens}"
            if usage.source == "intercepted"
            else f"{usage.total_tokens} ({usage.source})"
        )

    @admin.display(description="usage")
    def usage_shown(self, trace: Trace) -> SafeString:
        """The counts with their source."""
        usage = _usage(trace)
        if usage is None:
            return format_html("{}", "-")
        return format_html(
            "{} in ({} cached), {} out ({} reasoning), {} in all; source: {}",
            usage.input_tokens,
            usage.cached_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            usage.total_tokens,
            usage.get_source_display(),
        )

    @admin.display(description="error")
    def error_shown(self, trace: Trace) -> SafeString:
        """The error that the client was given."""
        return pretty_json(trace.error)

    @admin.display(description="client's request")
    def request_shown(self, trace: Trace) -> SafeString:
        """Counts, sizes and parameters."""
        return pretty_json(trace.client_request)

    @admin.display(description="response")
    def summary_shown(self, trace: Trace) -> SafeString:
        """Counts and sizes."""
        return pretty_json(trace.response_summary)

    @admin.display(description="adaptations")
    def adaptations_shown(self, trace: Trace) -> SafeString:
        """What was dropped or approximated for this model."""
        return pretty_json(trace.adaptations or None)


@admin.register(Usage)
class UsageAdmin(RecordAdmin):
    """List and page of the token counts."""

    list_display = (
        "trace_id",
        "at",
        "owner",
        "api_key",
        "model",
        "source",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "reasoning_tokens",
        "total_tokens",
    )
    list_select_related = ("owner", "api_key")
    list_filter = ("source", "at", "owner", "api_key")
    search_fields = ("=trace__id",)
    search_help_text = "The whole id of a trace."
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        """With what it belongs to, in the same query."""
        return super().get_queryset(request).select_related("owner", "api_key", "trace")

    def has_delete_permission(self, request: HttpRequest, obj: Usage | None = None) -> bool:
        """Nobody: the books stay complete."""
        return False


def _usage(trace: Trace) -> Usage | None:
    """The trace's usage; none while it is in progress."""
    return getattr(trace, "usage", None)
