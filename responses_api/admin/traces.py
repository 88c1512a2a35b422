"""What happened to each exchange: the live list, and the page of one trace."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from responses_api.access.visibility import sees_all
from responses_api.admin import filters
from responses_api.admin.keyset import Cursor, KeysetAdmin
from responses_api.admin.trace_page import trace_page
from responses_api.admin.wording import count, duration, kind_label, outcome_label
from responses_api.models import Item, Outcome, Trace, Usage
from responses_api.storage.text_search import responses_with

_ITEM_ID = re.compile(r"[a-z]{2,6}_[0-9A-Za-z_-]{4,}")


@admin.register(Trace)
class TraceAdmin(KeysetAdmin):
    """List and page of the exchanges, each with its usage."""

    keyset = ("started_at", "id")
    owner_lookup = "owner"
    list_display = (
        "trace",
        "started",
        "outcome_shown",
        "model",
        "took",
        "first_event",
        "tokens",
        "owner",
        "api_key",
    )
    list_display_links = ("trace",)
    list_select_related = ("owner", "api_key", "usage")
    list_filter = (
        filters.SinceFilter,
        filters.OutcomeFilter,
        filters.ModelFilter,
        filters.KeyFilter,
        filters.UserFilter,
        filters.ToolFilter,
        filters.DurationFilter,
        filters.KindFilter,
        filters.BetweenFilter,
    )
    search_fields = ("id",)
    search_help_text = (
        "An id (of a trace, response, item or request), or words that were said: all of them, "
        '"in a row", or -without.'
    )
    fields = ("id",)
    change_list_template = "admin/responses_api/trace/change_list.html"
    change_form_template = "admin/responses_api/trace/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Beside the usual ones that of the live list."""
        live = path("live/", self.admin_site.admin_view(self.live_view), name="responses_api_trace_live")
        return [live, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trace]:
        """With owner, key and usage, in the same query."""
        return super().get_queryset(request).select_related("owner", "api_key", "usage")

    def has_delete_permission(self, request: HttpRequest, obj: Trace | None = None) -> bool:
        """Nobody: the books stay complete."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Trace], search_term: str
    ) -> tuple[QuerySet[Trace], bool]:
        """By one index; an OR of several could use none."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        if term.startswith("trace_"):
            return queryset.filter(pk=term), False
        if term.startswith("resp_"):
            return queryset.filter(response_id=term), False
        if Trace.objects.filter(client_request__request_id=term).exists():
            return queryset.filter(client_request__request_id=term), False
        if _ITEM_ID.fullmatch(term) and (found := Item.objects.filter(id=term)).exists():
            return queryset.filter(response_id__in=found.values("response_id")), False
        owner = None if sees_all(request.user) else request.user.pk
        return queryset.filter(response_id__in=responses_with(term, owner)), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; its newest page asks for what is new."""
        return super().changelist_view(request, {"title": "Traces", **(extra_context or {})})

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """Rows that are newer than ``newer``, and those named by ``open`` as they are now.

        204 if there are none. The filters of the list hold here too.
        """
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        changes: Any = self.get_changelist_instance(request)
        if not changes.result_list:
            return HttpResponse(status=204)
        context = {"cl": changes, "opts": self.opts}
        return TemplateResponse(request, "admin/responses_api/trace/live_rows.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The page of one trace; its template has no use for a form."""
        page = {"page": trace_page(request, context["original"]), "title": "Trace"}
        return super().render_change_form(request, {**context, **page}, *args, **kwargs)

    @admin.display(description="trace")
    def trace(self, trace: Trace) -> SafeString:
        """Its id, with what the live list wants to know about the row."""
        return format_html(
            '<span class="zg-id" title="{}" data-row="{}" data-cursor="{}"{}>{}</span>',
            trace.pk,
            trace.pk,
            str(Cursor.of(trace, self.keyset)),
            SafeString(" data-open") if trace.outcome == Outcome.IN_PROGRESS else "",
            f"…{trace.pk[-8:]}" if len(trace.pk) > 16 else trace.pk,
        )

    @admin.display(description="started")
    def started(self, trace: Trace) -> SafeString:
        """When, to the second."""
        local = timezone.localtime(trace.started_at)
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            local.isoformat(),
            local.isoformat(sep=" ", timespec="milliseconds"),
            local.strftime("%d %b %H:%M:%S"),
        )

    @admin.display(description="outcome")
    def outcome_shown(self, trace: Trace) -> SafeString:
        """How it ended, and whether it is no exchange of ours."""
        return format_html("{} {}", outcome_label(trace.outcome), kind_label(trace.kind, trace.upstream_host))

    @admin.display(description="first word")
    def first_event(self, trace: Trace) -> str:
        """How long until the model said something."""
        return duration(trace.first_event_ms)

    @admin.display(description="duration")
    def took(self, trace: Trace) -> str:
        """How long it took altogether."""
        return duration(trace.duration_ms)

    @admin.display
    def tokens(self, trace: Trace) -> str:
        """All tokens of the exchange, with a mark if they are not the upstream's own count."""
        usage: Usage | None = getattr(trace, "usage", None)
        if usage is None:
            return "–"
        total = count(usage.total_tokens)
        return total if usage.source == "intercepted" else f"{total} ({usage.source})"
