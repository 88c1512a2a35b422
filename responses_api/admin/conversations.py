"""Conversations: what several responses share."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from responses_api.admin import filters
from responses_api.admin.keyset import KeysetAdmin
from responses_api.admin.records import pretty_json
from responses_api.admin.threads import Entry, thread
from responses_api.models import Conversation, ConversationEntry

SHOWN_ENTRIES = 400


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """What the page of a conversation shows beside the conversation itself."""

    conversation: Conversation
    entries: list[Entry]
    cut: bool
    metadata: SafeString


def conversation_page(conversation: Conversation) -> ConversationPage:
    """Gather it: the newest items, the last of them at the end."""
    entries = conversation.entries.order_by("-position").values_list("wire", flat=True)
    newest = list(entries[: SHOWN_ENTRIES + 1])
    return ConversationPage(
        conversation=conversation,
        entries=thread(reversed(newest[:SHOWN_ENTRIES])),
        cut=len(newest) > SHOWN_ENTRIES,
        metadata=pretty_json(conversation.metadata),
    )


@admin.register(Conversation)
class ConversationAdmin(KeysetAdmin):
    """List and page of the conversations. Deleting one leaves its responses."""

    keyset = ("created_at", "id")
    owner_lookup = "owner"
    list_display = ("id", "created_at", "owner", "metadata")
    list_select_related = ("owner",)
    list_filter = (
        filters.of_column(filters.SinceFilter, "created_at"),
        filters.UserFilter,
        filters.of_column(filters.BetweenFilter, "created_at"),
    )
    search_fields = ("id",)
    search_help_text = "The whole id of a conversation or of an item."
    fields = ("id",)
    change_form_template = "admin/responses_api/conversation/change_form.html"

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

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The page of one conversation; its template has no use for a form."""
        page = {"page": conversation_page(context["original"]), "title": "Conversation"}
        return super().render_change_form(request, {**context, **page}, *args, **kwargs)
