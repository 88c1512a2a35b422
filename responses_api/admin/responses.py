"""Stored responses: the conversation as it was said."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from responses_api.access.visibility import sees_all, visible_to
from responses_api.admin import filters
from responses_api.admin.keyset import KeysetAdmin
from responses_api.admin.records import pretty_json
from responses_api.admin.threads import Entry, thread
from responses_api.admin.wording import link_to
from responses_api.models import Item, Response, Trace
from responses_api.storage import response_tree
from responses_api.storage.response_tree import Turn
from responses_api.storage.text_search import responses_with

SHOWN_ITEMS = 400
_SHOWN_TRACES = 10


@dataclass(frozen=True, slots=True)
class ResponsePage:
    """What the page of a response shows beside the response itself."""

    response: Response
    traces: list[str]
    entries: list[Entry]
    cut: bool
    ancestors: list[Turn]
    branches: list[Turn]
    body: SafeString


def response_page(request: HttpRequest, response: Response) -> ResponsePage:
    """Gather it with a fixed number of queries."""
    items = list(response.items.order_by("position").values_list("wire", flat=True)[: SHOWN_ITEMS + 1])
    traces = visible_to(request.user, Trace.objects.filter(response_id=response.pk))
    return ResponsePage(
        response=response,
        traces=list(traces.values_list("pk", flat=True)[:_SHOWN_TRACES]),
        entries=thread(items[:SHOWN_ITEMS]),
        cut=len(items) > SHOWN_ITEMS,
        ancestors=response_tree.ancestors(response.pk),
        branches=response_tree.branches(response.pk),
        body=pretty_json(response.body),
    )


@admin.register(Response)
class ResponseAdmin(KeysetAdmin):
    """List and page of the responses. Deleting one deletes its items."""

    keyset = ("created_at", "id")
    owner_lookup = "owner"
    list_display = ("id", "created_at", "owner", "model", "status", "previous")
    list_select_related = ("owner",)
    list_filter = (
        filters.of_column(filters.SinceFilter, "created_at"),
        filters.StatusFilter,
        filters.ModelFilter,
        filters.UserFilter,
        filters.of_column(filters.BetweenFilter, "created_at"),
    )
    search_fields = ("id",)
    search_help_text = (
        'The id of a response or of an item, or words that were said: all of them, "in a row", or -without.'
    )
    fields = ("id",)
    change_form_template = "admin/responses_api/response/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        """With the owner, in the same query."""
        return super().get_queryset(request).select_related("owner")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Response], search_term: str
    ) -> tuple[QuerySet[Response], bool]:
        """By one index; an OR of several could use none."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        if term.startswith("resp_"):
            return queryset.filter(pk=term), False
        if (found := Item.objects.filter(id=term)).exists():
            return queryset.filter(pk__in=found.values("response_id")), False
        owner = None if sees_all(request.user) else request.user.pk
        return queryset.filter(pk__in=responses_with(term, owner)), False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The page of one response; its template has no use for a form."""
        page = {"page": response_page(request, context["original"]), "title": "Response"}
        return super().render_change_form(request, {**context, **page}, *args, **kwargs)

    @admin.display(description="goes on from")
    def previous(self, response: Response) -> str:
        """The one it continues, as a link."""
        return link_to("response", response.previous_id) if response.previous_id else "–"
