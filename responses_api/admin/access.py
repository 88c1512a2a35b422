"""API keys and upstream credentials: handed out here, their secrets never shown again."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from responses_api.access.api_keys import new_key
from responses_api.access.credentials import set_secret
from responses_api.admin.records import AnyModelAdmin
from responses_api.models import ApiKey, Credential

if TYPE_CHECKING:
    CredentialModelForm = forms.ModelForm[Credential]
else:
    CredentialModelForm = forms.ModelForm


@admin.register(ApiKey)
class ApiKeyAdmin(AnyModelAdmin):
    """Makes keys, shows each once, revokes them."""

    list_display = ("name", "prefix", "owner", "credential", "state", "last_used_at", "created_at")
    list_select_related = ("owner", "credential")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "owner")
    search_fields = ("name", "prefix", "owner__username")
    ordering = ("-created_at",)
    show_full_result_count = False
    autocomplete_fields = ("owner", "credential")
    fields = (
        "name",
        "owner",
        "credential",
        "expires_at",
        "prefix",
        "created_at",
        "last_used_at",
        "revoked_at",
    )
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key gets its text here; it is shown on the next page and kept nowhere."""
        if change:
            super().save_model(request, obj, form, change)
            return
        plain, obj.prefix, obj.hash = new_key()
        super().save_model(request, obj, form, change)
        self.message_user(
            request,
            format_html("The API key, shown only this once: <code>{}</code>", plain),
            messages.WARNING,
        )

    @admin.display
    def state(self, key: ApiKey) -> str:
        """Whether it is accepted."""
        if key.revoked_at is not None:
            return "revoked"
        if key.expires_at is not None and key.expires_at <= timezone.now():
            return "expired"
        return "active"

    @admin.action(description="Revoke selected API keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """From now on they are refused; what they made stays."""
        revoked = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{revoked} API key(s) revoked.", messages.SUCCESS)


class CredentialForm(CredentialModelForm):
    """A credential with its secret as a field that is written and never read."""

    new_secret = forms.CharField(
        label="Secret",
        required=False,
        strip=True,
        max_length=10_000,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
    )

    class Meta:
        model = Credential
        fields = ("name", "owner", "kind", "quota_project", "expires_at", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["new_secret"]
        field.required = self.instance.pk is None
        field.help_text = (
            "The upstream's API key or the OAuth access token. Stored encrypted, never shown."
            if field.required
            else "Stored: ••••. Leave empty to keep it."
        )

    def clean_new_secret(self) -> str:
        """The secret goes into an HTTP header: printable ASCII in one piece.

        Raises:
            ValidationError: it holds something else.
        """
        secret: str = self.cleaned_data["new_secret"]
        if not all("!" <= character <= "~" for character in secret):
            raise forms.ValidationError("A key or token has no spaces and no characters beyond ASCII.")
        return secret


@admin.register(Credential)
class CredentialAdmin(AnyModelAdmin):
    """Takes secrets in clear, stores them encrypted."""

    form = CredentialForm
    list_display = ("name", "kind", "owner", "is_default", "quota_project", "expires_at", "created_at")
    list_select_related = ("owner",)
    list_filter = ("kind", "is_default", "owner")
    search_fields = ("name", "owner__username")
    ordering = ("-created_at",)
    show_full_result_count = False
    autocomplete_fields = ("owner",)
    fields = ("name", "owner", "kind", "new_secret", "quota_project", "expires_at", "is_default")

    def save_model(self, request: HttpRequest, obj: Credential, form: CredentialForm, change: bool) -> None:
        """Encrypt a secret that was typed in; keep the stored one otherwise."""
        if secret := form.cleaned_data["new_secret"]:
            set_secret(obj, secret)
        super().save_model(request, obj, form, change)
