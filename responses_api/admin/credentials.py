"""Upstream credentials: their secrets go in and are never shown, how they stand is."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminFileWidget
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from responses_api.access.credential_states import CredentialState, state_of
from responses_api.access.renewing import renew_now
from responses_api.access.service_accounts import KeyFileUnusable, read_key_file
from responses_api.access.stored_secrets import (
    SECRET_FIELDS,
    AccessTokenSecret,
    ApiKeySecret,
    StoredSecret,
    put_secret,
)
from responses_api.admin.credential_sign_in import SignInBack, SignInPage
from responses_api.admin.records import AnyModelAdmin
from responses_api.models import Credential

if TYPE_CHECKING:
    CredentialModelForm = forms.ModelForm[Credential]
else:
    CredentialModelForm = forms.ModelForm

Kind = Credential.Kind
_BY_HAND = [(kind.value, kind.label) for kind in (Kind.API_KEY, Kind.ACCESS_TOKEN, Kind.SERVICE_ACCOUNT)]
_LARGEST_KEY_FILE = 64 * 1024
_LOOKS = {
    CredentialState.VALID: "success",
    CredentialState.RENEWED_WHEN_USED: "success",
    CredentialState.FAILING: "warning",
}


class CredentialForm(CredentialModelForm):
    """A credential with its secret as fields that are written and never read."""

    new_secret = forms.CharField(
        label="Key or token",
        required=False,
        strip=True,
        max_length=10_000,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
    )
    key_file = forms.FileField(
        label="Key file",
        required=False,
        widget=AdminFileWidget,
        help_text="The JSON key file of a service account. Stored encrypted, never shown.",
    )

    class Meta:
        model = Credential
        fields = ("name", "owner", "kind", "quota_project", "expires_at", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret: StoredSecret | None = None
        """What was entered, read; None to keep what is stored."""
        if "new_secret" in self.fields:
            self.fields["new_secret"].help_text = (
                "The upstream's API key or the OAuth access token. Stored encrypted, never shown."
                if self.instance.pk is None
                else "Stored: ••••. Leave empty to keep it."
            )
        if "kind" in self.fields:
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)
            kind.choices = _BY_HAND
            kind.help_text = "An account that is signed in to is added by “Sign in with Google” instead."

    def clean_new_secret(self) -> str:
        """The secret goes into an HTTP header: printable ASCII in one piece.

        Raises:
            ValidationError: it holds something else.
        """
        secret: str = self.cleaned_data["new_secret"]
        if not all("!" <= character <= "~" for character in secret):
            raise forms.ValidationError("A key or token has no spaces and no characters beyond ASCII.")
        return secret

    def clean(self) -> dict[str, Any]:
        """A secret of the kind that was chosen; a new credential needs one.

        Raises:
            ValidationError: there is none, or it cannot be used.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = cleaned.get("kind", self.instance.kind)
        text, file = cleaned.get("new_secret"), cleaned.get("key_file")
        match kind:
            case Kind.API_KEY if text:
                self.secret = ApiKeySecret(text)
            case Kind.ACCESS_TOKEN if text:
                self.secret = AccessTokenSecret(text)
            case Kind.SERVICE_ACCOUNT if file:
                self.secret = _read(file)
            case _ if self.instance.pk is None and not self.errors:
                field = "key_file" if kind == Kind.SERVICE_ACCOUNT else "new_secret"
                raise forms.ValidationError({field: "This kind of credential needs it."})
        return cleaned


def _read(file: "UploadedFile[bytes]") -> StoredSecret:
    if file.size is None or file.size > _LARGEST_KEY_FILE:
        raise forms.ValidationError({"key_file": "The file is too large for a key file."})
    try:
        return read_key_file(file.read(), settings.OAUTH_SCOPES)
    except KeyFileUnusable as unusable:
        raise forms.ValidationError({"key_file": str(unusable)}) from None


@admin.register(Credential)
class CredentialAdmin(AnyModelAdmin):
    """Takes secrets in clear, stores them encrypted, tells how they stand."""

    form = CredentialForm
    owner_lookup = "owner"
    change_list_template = "admin/responses_api/credential/change_list.html"
    change_form_template = "admin/responses_api/credential/change_form.html"
    list_display = (
        "name",
        "kind",
        "owner",
        "is_default",
        "state",
        "expires",
        "renewed_at",
        "last_used_at",
        "upstream_refused_at",
    )
    list_select_related = ("owner",)
    list_filter = ("kind", "is_default", "owner")
    search_fields = ("name", "owner__username")
    ordering = ("-created_at",)
    autocomplete_fields = ("owner",)
    actions = ("renew",)
    _standing = (
        "How it stands",
        {
            "fields": (
                "state",
                "expires",
                "renewed_at",
                "renewal_error",
                "refused_at",
                "retry_at",
                "last_used_at",
                "upstream_refused_at",
                "upstream_refusal",
                "created_at",
            )
        },
    )

    def get_fieldsets(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        """What can be entered for this kind, and how it stands."""
        whose = ("name", "owner", "is_default", "quota_project")
        if obj is None:
            secret: tuple[str, ...] = ("kind", "new_secret", "key_file", "expires_at")
        elif obj.kind == Kind.SERVICE_ACCOUNT:
            secret = ("kind", "key_file")
        elif obj.kind == Kind.OAUTH:
            secret = ("kind",)
        else:
            secret = ("kind", "new_secret", "expires_at")
        parts = [("Account", {"fields": whose}), ("Secret", {"fields": secret})]
        return parts if obj is None else [*parts, self._standing]

    def get_readonly_fields(self, request: HttpRequest, obj: Credential | None = None) -> tuple[str, ...]:
        """What only the gateway writes; the kind, once it is stored."""
        standing = tuple(self._standing[1]["fields"])
        return standing if obj is None else ("kind", *standing)

    def save_model(self, request: HttpRequest, obj: Credential, form: CredentialForm, change: bool) -> None:
        """Encrypt a secret that was entered; keep the stored one, as it is by now, otherwise."""
        entered = tuple(name for name in form.changed_data if name not in ("new_secret", "key_file"))
        if form.secret is not None:
            # A service account's first token is had with its first use.
            expires_at = timezone.now() if obj.kind == Kind.SERVICE_ACCOUNT else obj.expires_at
            put_secret(obj, form.secret, expires_at)
            entered += SECRET_FIELDS
        if change:
            obj.save(update_fields=set(entered))
        else:
            obj.save()

    def get_urls(self) -> list[URLPattern]:
        """The pages of the sign-in, before those of the credentials."""
        sign_in = self.admin_site.admin_view(SignInPage.as_view(model_admin=self))
        back = self.admin_site.admin_view(SignInBack.as_view(model_admin=self))
        return [
            path("sign-in/", sign_in, name="responses_api_credential_sign_in"),
            path("sign-in/back/", back, name="responses_api_credential_sign_in_back"),
            path("<int:pk>/sign-in/", sign_in, name="responses_api_credential_sign_in_again"),
            *super().get_urls(),
        ]

    @admin.display
    def state(self, credential: Credential) -> SafeString:
        """Whether it can be used."""
        state = state_of(credential)
        look = _LOOKS.get(state, "danger")
        return render_to_string("unfold/helpers/label.html", {"type": look, "text": state.value})

    @admin.display(ordering="expires_at")
    def expires(self, credential: Credential) -> str:
        """How long the key or token lasts yet."""
        if credential.expires_at is None:
            return "never"
        if credential.expires_at <= timezone.now():
            return "has run out"
        return f"in {timeuntil(credential.expires_at)}"

    @admin.action(description="Renew access tokens of selected credentials now", permissions=["change"])
    def renew(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """Ask for new tokens, also where a pause was to be kept."""
        renewable = queryset.filter(renewable=True)
        renewable.update(retry_at=None)
        for credential in renewable:
            number = credential.token_number
            renew_now(credential.pk, number + 1)
            credential.refresh_from_db()
            if credential.token_number > number:
                self.message_user(request, f"{credential} has a new access token.", messages.SUCCESS)
            else:
                why = credential.renewal_error or "another process is at it."
                self.message_user(request, f"{credential} was not renewed: {why}", messages.ERROR)
        if hand_set := queryset.filter(renewable=False).count():
            self.message_user(request, f"{hand_set} credential(s) cannot be renewed.", messages.WARNING)
