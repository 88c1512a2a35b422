"""The operator's pages, in Django's admin: keys and accounts to hand out, records to read."""

from django.contrib import admin

from responses_api.admin.access import ApiKeyAdmin, CredentialAdmin
from responses_api.admin.catalogue import ServedModelAdmin
from responses_api.admin.conversations import ConversationAdmin
from responses_api.admin.prompts import PromptTemplateAdmin
from responses_api.admin.responses import ResponseAdmin
from responses_api.admin.traces import TraceAdmin, UsageAdmin
from responses_api.admin.webhooks import WebhookDeliveryAdmin, WebhookEndpointAdmin

admin.site.site_header = "Gateway"
admin.site.site_title = "Gateway"
admin.site.index_title = "Operation"

__all__ = [
    "ApiKeyAdmin",
    "ConversationAdmin",
    "CredentialAdmin",
    "PromptTemplateAdmin",
    "ResponseAdmin",
    "ServedModelAdmin",
    "TraceAdmin",
    "UsageAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
