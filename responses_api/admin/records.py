"""Pages of what only the gateway writes: lists that stay fast, pages that cannot be edited."""

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from django.db.models import QuerySet

    # Generic for the type checker only.
    AnyModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator

LISTED_ROWS = 10_000
SHOWN_CHARACTERS = 20_000


class BoundedPaginator(AnyPaginator):
    """Counts no further than ``LISTED_ROWS``, however large the table; filters and ids find the rest."""

    object_list: "QuerySet[Any]"

    @cached_property
    def count(self) -> int:
        """Rows to page through."""
        return self.object_list[:LISTED_ROWS].count()


class RecordAdmin(AnyModelAdmin):
    """A model that people read and the gateway writes."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: records are not made by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a record says what was."""
        return False


def pretty_json(value: Any) -> SafeString:
    """A JSON value as indented text, cut where it gets too long to read."""
    if value is None:
        return format_html("{}", "-")
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:SHOWN_CHARACTERS]}\n… {len(text) - SHOWN_CHARACTERS} more characters"
    return format_html('<pre style="white-space: pre-wrap; margin: 0">{}</pre>', text)
