"""Conversations: what several responses share."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from responses_api.admin.records import RecordAdmin, pretty_json
from responses_api.models import Conversation, ConversationEntry

SHOWN_ENTRIES = 200


@admin.register(Conversation)
class ConversationAdmin(RecordAdmin):
    """List and page of the conversations. Deleting one leaves its responses."""

    list_display = ("id", "created_at", "owner", "metadata")
    list_select_related = ("owner",)
    list_filter = ("created_at", "owner")
    search_fields = ("=id",)
    search_help_text = "The whole id of a conversation or of an item."
    ordering = ("-created_at",)
    fields = ("id", "owner", "created_at", "metadata", "entries")
    readonly_fields = ("entries",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """With the owner, in the same query."""
        return super().get_queryset(request).select_related("owner")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        """By one index or the other; an OR of both could use neither."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        if term.startswith("conv_"):
            return queryset.filter(pk=term), False
        found = ConversationEntry.objects.filter(id=term).values("conversation_id")
        return queryset.filter(pk__in=found), False

    @admin.display(description="items")
    def entries(self, conversation: Conversation) -> SafeString:
        """The newest items, the last of them at the end."""
        newest = conversation.entries.order_by("-position")[: SHOWN_ENTRIES + 1]
        shown = format_html_join(
            "",
            "<details><summary>{} <code>{}</code> {}</summary>{}</details>",
            (
                (entry.type, entry.id, entry.response_id, pretty_json(entry.wire))
                for entry in reversed(newest[:SHOWN_ENTRIES])
            ),
        )
        if len(newest) > SHOWN_ENTRIES:
            return format_html("<p>Only the newest {} items are shown.</p>{}", SHOWN_ENTRIES, shown)
        return shown or format_html("{}", "-")
