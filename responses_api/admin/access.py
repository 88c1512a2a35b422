"""API keys: handed out here, their texts never shown again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from responses_api.access.api_keys import new_key, rotate
from responses_api.access.callers import allowances_of
from responses_api.access.limits.rules import Allowance
from responses_api.admin.confirming import confirmed
from responses_api.admin.limits import FIELDSETS, READONLY, LimitsShown
from responses_api.admin.ownership import OwnedAdmin
from responses_api.admin.records import save_each
from responses_api.models import ApiKey
from responses_api.models.access import check_model_patterns

if TYPE_CHECKING:
    ApiKeyModelForm = forms.ModelForm[ApiKey]
else:
    ApiKeyModelForm = forms.ModelForm

OVERLAP = timedelta(hours=24)
"""How long a key is still accepted after its rotation here."""


class PatternsField(forms.CharField):
    """Names of models in a line of text, separated by blanks or commas; the value is a list."""

    def prepare_value(self, value: Any) -> Any:
        """The text for a list."""
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The list in a text."""
        return (super().to_python(value) or "").replace(",", " ").split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it is another list."""
        return bool((initial or []) != self.to_python(data))


class ApiKeyForm(ApiKeyModelForm):
    """A key with its models as a line of text."""

    allowed_models = PatternsField(
        required=False,
        validators=[check_model_patterns],
        widget=AdminTextInputWidget,
        help_text="The models that it may use, by name or alias, * stands for anything: gemini-3* gemma-4. "
        "Empty: all.",
    )


@admin.register(ApiKey)
class ApiKeyAdmin(LimitsShown, OwnedAdmin):
    """Makes keys, shows each once, rotates and revokes them."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "owner", "credential", "state", "last_used_at", "created_at")
    list_select_related = ("owner", "credential")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "owner")
    search_fields = ("name", "prefix", "owner__username")
    ordering = ("-created_at",)
    autocomplete_fields = ("owner", "credential")
    fieldsets = [
        (
            None,
            {"fields": ("name", "owner", "credential", "expires_at", "allowed_models", "capture", "note")},
        ),
        *FIELDSETS,
        ("Record", {"fields": ("prefix", "created_at", "last_used_at", "revoked_at")}),
    ]
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at", *READONLY)
    member_fields = ("name", "expires_at", "note")
    actions = ("rotate", "revoke")

    def allowances(self, row: ApiKey) -> Sequence[Allowance]:
        """Those of the key and of its user."""
        return allowances_of(row.owner_id, row.pk)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key gets its text here; it is shown on the next page and kept nowhere."""
        if change:
            super().save_model(request, obj, form, change)
            return
        plain, obj.prefix, obj.hash = new_key()
        super().save_model(request, obj, form, change)
        self._show_once(request, obj, plain)

    def _show_once(self, request: HttpRequest, key: ApiKey, plain: str) -> None:
        text = format_html("The API key {}, shown only this once: <code>{}</code>", key.name, plain)
        self.message_user(request, text, messages.WARNING)

    @admin.display
    def state(self, key: ApiKey) -> str:
        """Whether it is accepted."""
        if key.revoked_at is not None:
            return "revoked"
        if key.expires_at is not None and key.expires_at <= timezone.now():
            return "expired"
        return "active"

    @admin.action(
        description="Rotate selected API keys: make successors, accept the old ones for 24 hours",
        permissions=["change"],
    )
    @confirmed("Each gets a successor. Its clients need the new text within 24 hours.")
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Each gets a successor with the same settings, whose text is shown once."""
        for key in queryset:
            try:
                made, plain = rotate(key, OVERLAP)
            except ValueError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self._show_once(request, made, plain)

    @admin.action(description="Revoke selected API keys", permissions=["change"])
    @confirmed("Requests with these keys are refused from now on. This cannot be taken back.")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """From now on they are refused; what they made stays."""
        revoked = save_each(queryset.filter(revoked_at=None), revoked_at=timezone.now())
        self.message_user(request, f"{revoked} API key(s) revoked.", messages.SUCCESS)
