"""Signing in to an upstream account from the admin: to the authorization server, and back."""

from typing import TYPE_CHECKING, Any

import msgspec
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from responses_api.access import sign_in
from responses_api.access.encryption import SecretUnreadable, decrypt, encrypt
from responses_api.access.oauth_client import OAuthClient, SignInFailed, client_of_installation, read_client
from responses_api.access.sign_in import PendingSignIn
from responses_api.access.stored_secrets import SECRET_FIELDS, OAuthSecret, put_secret, unseal
from responses_api.models import Credential

if TYPE_CHECKING:
    from responses_api.admin.credentials import CredentialAdmin

_SESSION_KEY = "credential_sign_in"
_LARGEST_CLIENT_FILE = 64 * 1024
_LIST = "admin:responses_api_credential_changelist"


class _Begun(msgspec.Struct, frozen=True):
    """A sign-in that is under way in a browser: encrypted in its session, since it holds secrets."""

    pending: PendingSignIn
    credential_id: int | None
    """Which one gets the tokens; None for a new one with the members below."""
    name: str = ""
    owner_id: int | None = None
    is_default: bool = False
    quota_project: str = ""


class SignInForm(forms.Form):
    """What a new account is to be, and the client to sign in with."""

    name = forms.CharField(max_length=100)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        empty_label="nobody: for everybody's requests",
        help_text="Only requests of this user are made with the account.",
    )
    is_default = forms.BooleanField(
        required=False,
        label="Default",
        help_text="Used by keys and users that have no credential of their own.",
    )
    quota_project = forms.CharField(
        max_length=100, required=False, help_text="The Google Cloud project that pays for its calls."
    )
    scopes = forms.CharField(
        help_text="What to ask for, separated by blanks.", widget=forms.Textarea(attrs={"rows": 2})
    )
    client = forms.FileField(
        required=False,
        label="Your client_secret.json",
        help_text="Of your own OAuth client, from Google's console. Stored encrypted, never shown.",
    )

    def clean_client(self) -> OAuthClient:
        """The client in the file, else that of the installation.

        Raises:
            ValidationError: there is none, or it cannot be used.
        """
        file = self.cleaned_data["client"]
        try:
            if file is None:
                client = client_of_installation()
                if client is None:
                    raise SignInFailed("Without OAUTH_CLIENT_FILE in the settings, a client is needed here.")
                return client
            if file.size > _LARGEST_CLIENT_FILE:
                raise SignInFailed("The file is too large for a client_secret.json.")
            return read_client(file.read())
        except SignInFailed as failed:
            raise forms.ValidationError(str(failed)) from None

    def clean(self) -> dict[str, Any]:
        """The rules of the credential that is to be made, before anybody signs in for it.

        Raises:
            ValidationError: it could not be stored.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            _blank(cleaned).full_clean(exclude=["kind", "secret"])
        return cleaned


def _blank(cleaned: dict[str, Any]) -> Credential:
    fields = ("name", "owner", "is_default", "quota_project")
    return Credential(**{name: cleaned[name] for name in fields})


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignInPage(View):
    """Asks what is needed, then sends the browser to the authorization server."""

    model_admin: "CredentialAdmin | None" = None

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The form; for an account that exists only what will happen."""
        credential = self._credential(pk)
        initial = {"scopes": " ".join(settings.OAUTH_SCOPES)}
        return self._page(credential, SignInForm(initial=initial) if credential is None else None)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Off to the authorization server."""
        credential = self._credential(pk)
        if credential is not None:
            return self._again(credential)
        form = SignInForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(None, form)
        cleaned = form.cleaned_data
        owner: User | None = cleaned["owner"]
        return self._leave(
            cleaned["client"],
            tuple(cleaned["scopes"].split()),
            credential_id=None,
            name=cleaned["name"],
            owner_id=owner.pk if owner is not None else None,
            is_default=cleaned["is_default"],
            quota_project=cleaned["quota_project"],
        )

    def _again(self, credential: Credential) -> HttpResponse:
        try:
            secret = unseal(credential)
        except SecretUnreadable as unreadable:
            messages.error(self.request, str(unreadable))
            return redirect("admin:responses_api_credential_change", credential.pk)
        if not isinstance(secret, OAuthSecret):
            raise PermissionDenied
        client = OAuthClient(secret.client_id, secret.client_secret, secret.auth_uri, secret.token_uri)
        return self._leave(client, secret.scopes, credential_id=credential.pk)

    def _leave(self, client: OAuthClient, scopes: tuple[str, ...], **begun: Any) -> HttpResponse:
        url, pending = sign_in.begin(client, scopes, _way_back(self.request))
        kept = encrypt(msgspec.json.encode(_Begun(pending=pending, **begun)))
        self.request.session[_SESSION_KEY] = kept.decode("ascii")
        return HttpResponseRedirect(url)

    def _credential(self, pk: int | None) -> Credential | None:
        """The account to sign in to again; None for a new one."""
        assert self.model_admin is not None
        if pk is None:
            if not self.model_admin.has_add_permission(self.request):
                raise PermissionDenied
            return None
        credential: Credential = get_object_or_404(self.model_admin.get_queryset(self.request), pk=pk)
        if not self.model_admin.has_change_permission(self.request, credential):
            raise PermissionDenied
        return credential

    def _page(self, credential: Credential | None, form: SignInForm | None) -> HttpResponse:
        assert self.model_admin is not None
        context = {
            **self.model_admin.admin_site.each_context(self.request),
            "title": "Sign in with Google",
            "opts": Credential._meta,
            "credential": credential,
            "form": form,
            "way_back": _way_back(self.request),
        }
        return TemplateResponse(self.request, "admin/responses_api/credential/sign_in.html", context)


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SignInBack(View):
    """Where the authorization server sends the browser back to: stores the tokens."""

    model_admin: "CredentialAdmin | None" = None

    def get(self, request: HttpRequest) -> HttpResponse:
        """Exchange the code; each sign-in comes back once."""
        kept = request.session.pop(_SESSION_KEY, None)
        if kept is None:
            messages.error(request, "No sign-in was under way in this browser. Please begin it again.")
            return redirect(_LIST)
        try:
            begun = msgspec.json.decode(decrypt(kept.encode()), type=_Begun)
            signed_in = sign_in.finish(begun.pending, request.META.get("QUERY_STRING", ""))
        except (SignInFailed, SecretUnreadable) as failed:
            messages.error(request, f"The sign-in failed. {failed}")
            return redirect(_LIST)
        credential = self._stored(begun, signed_in)
        if credential is None:
            messages.error(request, "The credential has been deleted meanwhile.")
            return redirect(_LIST)
        messages.success(request, f"{credential} is signed in.")
        return redirect("admin:responses_api_credential_change", credential.pk)

    def _stored(self, begun: _Begun, signed_in: sign_in.SignedIn) -> Credential | None:
        assert self.model_admin is not None
        if begun.credential_id is not None:
            rows = self.model_admin.get_queryset(self.request)
            credential: Credential | None = rows.filter(pk=begun.credential_id).first()
            if credential is None or not self.model_admin.has_change_permission(self.request, credential):
                return None
            put_secret(credential, signed_in.secret, signed_in.expires_at)
            credential.save(update_fields=SECRET_FIELDS)
            self.model_admin.log_change(self.request, credential, "Signed in again.")
            return credential
        if not self.model_admin.has_add_permission(self.request):
            raise PermissionDenied
        credential = Credential(
            name=begun.name,
            owner_id=begun.owner_id,
            is_default=begun.is_default,
            quota_project=begun.quota_project,
        )
        put_secret(credential, signed_in.secret, signed_in.expires_at)
        credential.save()
        self.model_admin.log_addition(self.request, credential, "Signed in.")
        return credential


def _way_back(request: HttpRequest) -> str:
    """The address that has to be registered with the client as one to come back to."""
    return request.build_absolute_uri(reverse("admin:responses_api_credential_sign_in_back"))
