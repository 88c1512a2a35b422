"""Stored responses: the conversation as it was said."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from responses_api.admin.records import AnyModelAdmin, RecordAdmin, pretty_json
from responses_api.models import Item, ItemSide, Response, Trace

SHOWN_ITEMS = 200


class StatusFilter(admin.SimpleListFilter):
    """By status, from the fixed list: looking up which ones occur would read the whole table."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> list[tuple[str, str]]:
        """The statuses of a response that has ended."""
        return [(status, status) for status in ("completed", "incomplete", "failed", "cancelled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """The responses of the chosen status."""
        return queryset.filter(status=self.value()) if self.value() else queryset


@admin.register(Response)
class ResponseAdmin(RecordAdmin):
    """List and page of the responses. Deleting one deletes its items."""

    list_display = ("id", "created_at", "owner", "model", "status", "previous_id")
    list_select_related = ("owner",)
    list_filter = (StatusFilter, "created_at", "owner")
    search_fields = ("=id",)
    search_help_text = "The whole id of a response or of an item."
    ordering = ("-created_at",)
    fields = (
        "id",
        "owner",
        "created_at",
        "model",
        "status",
        "previous",
        "traces",
        "inputs",
        "outputs",
        "wire",
    )
    readonly_fields = ("previous", "traces", "inputs", "outputs", "wire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        """With the owner, in the same query."""
        return super().get_queryset(request).select_related("owner")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Response], search_term: str
    ) -> tuple[QuerySet[Response], bool]:
        """By one index or the other; an OR of both could use neither."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("resp_"):
            return queryset.filter(pk=term), False
        return queryset.filter(pk__in=Item.objects.filter(id=term).values("response_id")), False

    @admin.display(description="previous response")
    def previous(self, response: Response) -> str:
        """The one it continues, as a link."""
        return _link("response", response.previous_id) if response.previous_id else "-"

    @admin.display
    def traces(self, response: Response) -> str:
        """Its exchange, as a link."""
        ids = Trace.objects.filter(response_id=response.pk).values_list("pk", flat=True)[:10]
        return format_html_join(" ", "{}", ((_link("trace", pk),) for pk in ids)) or "-"

    @admin.display(description="input")
    def inputs(self, response: Response) -> SafeString:
        """What the client said."""
        return _shown_items(response, ItemSide.INPUT)

    @admin.display(description="output")
    def outputs(self, response: Response) -> SafeString:
        """What the model said."""
        return _shown_items(response, ItemSide.OUTPUT)

    @admin.display(description="parameters")
    def wire(self, response: Response) -> SafeString:
        """The response object without its output."""
        return pretty_json(response.body)


def _link(model: str, pk: str) -> SafeString:
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:responses_api_{model}_change", args=[quote(pk)]), pk
    )


def _shown_items(response: Response, side: ItemSide) -> SafeString:
    items = response.items.filter(side=side).order_by("position")[: SHOWN_ITEMS + 1]
    shown = format_html_join(
        "",
        "<details open><summary>{} <code>{}</code></summary>{}</details>",
        ((item.type, item.id, _said(item)) for item in items[:SHOWN_ITEMS]),
    )
    if len(items) > SHOWN_ITEMS:
        return format_html("{}<p>… and more: only {} items are shown.</p>", shown, SHOWN_ITEMS)
    return shown or format_html("{}", "-")


def _said(item: Item) -> SafeString:
    """The text of a message that is only text, else the whole item."""
    wire: dict[str, Any] = item.wire
    content = wire.get("content")
    if item.type == "message" and isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    if item.type == "message" and isinstance(content, list) and all("text" in part for part in content):
        text = "\n".join(part["text"] for part in content)
        return format_html(
            '<div style="white-space: pre-wrap"><strong>{}</strong>: {}</div>', wire.get("role", ""), text
        )
    return pretty_json(wire)
