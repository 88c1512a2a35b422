"""Pages of what only the gateway writes: lists that stay fast, pages that cannot be edited."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import ActionLocation
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from responses_api.access.visibility import sees_all, visible_to

if TYPE_CHECKING:
    from django.db.models import QuerySet

    # Generic for the type checker only, which does not know the theme.
    ThemedModelAdmin = admin.ModelAdmin[Any]
    AnyTabularInline = admin.TabularInline[Any, Any]
else:
    from unfold import admin as themed

    ThemedModelAdmin = themed.ModelAdmin
    AnyTabularInline = themed.TabularInline

SHOWN_CHARACTERS = 20_000


class AnyModelAdmin(ThemedModelAdmin):
    """What all pages of the admin derive from."""

    list_filter_sheet = False
    list_filter_submit = True
    show_full_result_count = False
    owner_lookup = ""
    """Leads from a row to its owner, who may see it. Empty: nobody's, seen by whoever may see the list."""

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """The rows that this person may see."""
        rows = super().get_queryset(request)
        return visible_to(request.user, rows, self.owner_lookup) if self.owner_lookup else rows

    def get_list_filter(self, request: HttpRequest) -> Any:
        """For members none that lists other people or what is theirs."""
        filters = super().get_list_filter(request)
        if sees_all(request.user):
            return filters
        return [chosen for chosen in filters if not self._names_relation(chosen)]

    def _names_relation(self, chosen: Any) -> bool:
        return isinstance(chosen, str) and bool(self.opts.get_field(chosen).is_relation)

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: Any = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        """Django's own choices: the theme's method has the signature of an older Django."""
        return admin.ModelAdmin.get_action_choices(
            self, request, [("", "Select action")], action_location=action_location
        )


class RecordAdmin(AnyModelAdmin):
    """A model that people read and the gateway writes."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: records are not made by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a record says what was."""
        return False


def save_each(rows: "QuerySet[Any]", **values: Any) -> int:
    """Set ``values`` on every row, one by one, so that the audit log has each; the number of rows."""
    changed = list(rows)
    for row in changed:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
    return len(changed)


def pretty_json(value: Any) -> SafeString:
    """A JSON value as indented text, cut where it gets too long to read."""
    if value is None:
        return format_html("{}", "-")
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:SHOWN_CHARACTERS]}\n… {len(text) - SHOWN_CHARACTERS} more characters"
    return format_html('<pre style="white-space: pre-wrap; margin: 0">{}</pre>', text)
