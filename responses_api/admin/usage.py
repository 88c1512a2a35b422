"""What each exchange cost."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from responses_api.admin import filters
from responses_api.admin.keyset import KeysetAdmin
from responses_api.admin.wording import link_to
from responses_api.models import Usage


@admin.register(Usage)
class UsageAdmin(KeysetAdmin):
    """List and page of the token counts."""

    keyset = ("at", "trace_id")
    owner_lookup = "owner"
    list_display = (
        "at",
        "trace_link",
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
    list_filter = (
        filters.of_column(filters.SinceFilter, "at"),
        filters.SourceFilter,
        filters.ModelFilter,
        filters.KeyFilter,
        filters.UserFilter,
        filters.of_column(filters.BetweenFilter, "at"),
    )
    search_fields = ("trace_id",)
    search_help_text = "The whole id of a trace."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        """With what it belongs to, in the same query; its trace may be gone."""
        return super().get_queryset(request).select_related("owner", "api_key")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Usage], search_term: str
    ) -> tuple[QuerySet[Usage], bool]:
        """By the trace."""
        term = search_term.strip().replace("\x00", "")
        return (queryset.filter(trace_id=term) if term else queryset), False

    def has_delete_permission(self, request: HttpRequest, obj: Usage | None = None) -> bool:
        """Nobody: the books stay complete."""
        return False

    @admin.display(description="trace")
    def trace_link(self, usage: Usage) -> SafeString:
        """The exchange that was counted."""
        return link_to("trace", usage.trace_id, f"…{usage.trace_id[-8:]}")
