"""The audit log: who changed what, and what it was before."""

from collections.abc import Iterable

from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from responses_api.admin.keyset import KeysetAdmin

# The library registers a page of its own, without the theme and its paging.
admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class AuditLogAdmin(KeysetAdmin):
    """Read by those who may see it, written by nobody."""

    keyset = ("timestamp", "id")
    list_display = ("timestamp", "who", "action", "what", "changed_fields")
    list_select_related = ("actor", "content_type")
    list_filter = ("action", "content_type", "actor")
    search_fields = ("=object_pk", "object_repr")
    search_help_text = "A part of the object's name, or its whole id."
    fieldsets = (
        (None, {"fields": ("timestamp", "who", "remote_addr", "action", "what")}),
        ("Before and after", {"fields": ("changes_shown",)}),
    )
    readonly_fields = ("who", "what", "changes_shown")

    def has_delete_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """Nobody: what happened has happened."""
        return False

    @admin.display(description="who")
    def who(self, entry: LogEntry) -> str:
        """A person, with the API key if one was used; or a command on the server."""
        extra = entry.additional_data or {}
        if entry.actor is not None:
            return f"{entry.actor} (key {extra['api_key']}…)" if "api_key" in extra else str(entry.actor)
        if entry.actor_email:
            return f"{entry.actor_email} (deleted since)"
        return f"{extra.get('command', '?')}, run by {extra.get('system_user') or 'an unnamed user'}"

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> SafeString:
        """The object, with a link if it is still there to be seen."""
        kind, name = entry.content_type.name, entry.object_repr
        try:
            model = entry.content_type
            url = reverse(f"admin:{model.app_label}_{model.model}_change", args=[quote(entry.object_pk)])
        except NoReverseMatch:
            return format_html("{}: {}", kind, name)
        return format_html('{}: <a href="{}">{}</a>', kind, url, name)

    @admin.display(description="changed")
    def changed_fields(self, entry: LogEntry) -> str:
        """The names of the changed fields."""
        return ", ".join(sorted(entry.changes or {}))

    @admin.display(description="changes")
    def changes_shown(self, entry: LogEntry) -> SafeString:
        """Each changed field, before and after."""
        rows = format_html_join(
            "", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', _rows(entry.changes or {})
        )
        return format_html(
            '<table><thead><tr><th scope="col">field</th><th scope="col">before</th>'
            '<th scope="col">after</th></tr></thead><tbody>{}</tbody></table>',
            rows,
        )


def _rows(changes: dict[str, object]) -> Iterable[tuple[str, str, str]]:
    for field, change in sorted(changes.items()):
        match change:
            case [before, after]:
                yield field, _shown(before), _shown(after)
            case {"operation": operation, "objects": [*objects]}:
                yield field, "", f"{operation}: {', '.join(map(str, objects))}"


def _shown(value: object) -> str:
    return "-" if value in (None, "None", "") else str(value)
