"""Webhooks: endpoints whose secrets are shown once, and what became of each report."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from responses_api.access.encryption import encrypt
from responses_api.admin import filters
from responses_api.admin.confirming import confirmed
from responses_api.admin.keyset import KeysetAdmin
from responses_api.admin.records import AnyModelAdmin, pretty_json
from responses_api.admin.widgets import TextInput, Ticks
from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.remote_files.remote_urls import UrlRefused
from responses_api.webhooks.reports import EVENTS, checked_endpoint, new_secret, rules_from_settings
from responses_api.webhooks.webhook_deliveries import send_again

if TYPE_CHECKING:
    EndpointModelForm = forms.ModelForm[WebhookEndpoint]
else:
    EndpointModelForm = forms.ModelForm


class EndpointForm(EndpointModelForm):
    """An endpoint: where to, and what about."""

    events = forms.MultipleChoiceField(
        choices=[(event, event) for event in EVENTS], initial=EVENTS, widget=Ticks
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("owner", "api_key", "url", "events", "all_responses", "enabled")
        widgets = {"url": TextInput}

    def clean_url(self) -> str:
        """The same rules as when a report is sent; only the host's addresses are looked up then.

        Raises:
            ValidationError: nothing would be sent there.
        """
        url: str = self.cleaned_data["url"]
        try:
            checked_endpoint(url, rules_from_settings())
        except UrlRefused as refused:
            raise forms.ValidationError(
                f"Nothing can be sent to this URL: {refused}. WEBHOOK_ALLOWED_HOSTS makes exceptions."
            ) from None
        return url

    def clean(self) -> dict[str, Any]:
        """An API key makes responses of its owner only.

        Raises:
            ValidationError: the key is somebody else's.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        owner, key = cleaned.get("owner"), cleaned.get("api_key")
        if owner is not None and key is not None and key.owner_id != owner.pk:
            raise forms.ValidationError({"api_key": "This API key belongs to another user."})
        return cleaned


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(AnyModelAdmin):
    """Makes endpoints, shows each secret once, makes new ones."""

    owner_lookup = "owner"
    form = EndpointForm
    list_display = ("url", "owner", "api_key", "all_responses", "enabled", "reports", "created_at")
    list_select_related = ("owner", "api_key")
    list_filter = ("enabled", "all_responses", "owner")
    search_fields = ("url", "owner__username")
    ordering = ("-created_at",)
    show_full_result_count = False
    autocomplete_fields = ("owner", "api_key")
    fields = ("owner", "api_key", "url", "events", "all_responses", "enabled")
    actions = ("renew_secret",)

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        """A new endpoint gets its secret here; it is shown on the next page and never again."""
        if not change:
            self._give_secret(request, obj)
        super().save_model(request, obj, form, change)

    @admin.display
    def reports(self, endpoint: WebhookEndpoint) -> SafeString:
        """A link to its deliveries."""
        deliveries = reverse("admin:responses_api_webhookdelivery_changelist")
        return format_html('<a href="{}?endpoint__id__exact={}">deliveries</a>', deliveries, endpoint.pk)

    @admin.action(description="Make new secrets for selected endpoints", permissions=["change"])
    @confirmed(
        "From now on reports are signed with new secrets. Receivers refuse them until they know theirs."
    )
    def renew_secret(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """From now on reports are signed with a new secret; the old one is gone."""
        for endpoint in queryset:
            self._give_secret(request, endpoint)
            endpoint.save(update_fields=["secret"])

    def _give_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> None:
        plain = new_secret()
        endpoint.secret = encrypt(plain)
        shown = format_html(
            "The signing secret of {}, shown only this once: <code>{}</code>", endpoint, plain
        )
        self.message_user(request, shown, messages.WARNING)


class EventFilter(filters.EqualityFilter):
    """By what is reported."""

    title = "event"
    parameter_name = "event"
    column = "event"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[str, str]]:
        """All there are."""
        return [(event, event) for event in EVENTS]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(KeysetAdmin):
    """List and page of the reports, and another try for those that failed."""

    keyset = ("created_at", "id")
    owner_lookup = "endpoint__owner"
    list_display = (
        "id",
        "created_at",
        "endpoint",
        "event",
        "response",
        "state",
        "attempts",
        "last_status",
        "last_error",
        "next_attempt_at",
    )
    list_select_related = ("endpoint",)
    list_filter = (
        ("delivered_at", admin.EmptyFieldListFilter),
        ("next_attempt_at", admin.EmptyFieldListFilter),
        EventFilter,
        "endpoint",
    )
    search_fields = ("=id",)
    search_help_text = "The whole id of a delivery."
    fields = (
        "id",
        "endpoint",
        "event",
        "payload_shown",
        "created_at",
        "state",
        "attempts",
        "last_status",
        "last_error",
        "next_attempt_at",
        "delivered_at",
    )
    readonly_fields = ("payload_shown", "state")
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """With the endpoint, in the same query."""
        return super().get_queryset(request).select_related("endpoint")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Who could change deliveries, if they could be changed."""
        return request.user.has_perm("responses_api.change_webhookdelivery")

    @admin.display
    def state(self, delivery: WebhookDelivery) -> str:
        """What has become of it."""
        if delivery.delivered_at is not None:
            return "delivered"
        if delivery.next_attempt_at is None:
            return "given up"
        return "pending" if delivery.attempts == 0 else "trying"

    @admin.display
    def response(self, delivery: WebhookDelivery) -> str:
        """The response that it reports on."""
        return str(delivery.payload["data"]["id"])

    @admin.display(description="payload")
    def payload_shown(self, delivery: WebhookDelivery) -> SafeString:
        """The body, as JSON."""
        return pretty_json(delivery.payload)

    @admin.action(description="Send selected deliveries again", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """They are due now, whatever has become of them."""
        count = send_again(queryset.values_list("pk", flat=True))
        self.message_user(request, f"{count} delivery(s) sent again.", messages.SUCCESS)
