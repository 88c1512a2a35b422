"""The operator's pages, in Django's admin: keys and accounts to hand out, records to read."""

from django.contrib import admin

from responses_api.admin import dashboard
from responses_api.admin.access import ApiKeyAdmin
from responses_api.admin.audit import AuditLogAdmin
from responses_api.admin.catalogue import ServedModelAdmin
from responses_api.admin.conversations import ConversationAdmin
from responses_api.admin.credentials import CredentialAdmin
from responses_api.admin.limits import UserLimitsAdmin
from responses_api.admin.prompts import PromptTemplateAdmin
from responses_api.admin.responses import ResponseAdmin
from responses_api.admin.traces import TraceAdmin
from responses_api.admin.usage import UsageAdmin
from responses_api.admin.users import PersonAdmin, RoleAdmin
from responses_api.admin.webhooks import WebhookDeliveryAdmin, WebhookEndpointAdmin

admin.site.site_header = "Gateway"
admin.site.site_title = "Gateway"
admin.site.index_title = "Dashboard"
admin.site.index_template = dashboard.TEMPLATE

__all__ = [
    "ApiKeyAdmin",
    "AuditLogAdmin",
    "ConversationAdmin",
    "CredentialAdmin",
    "PersonAdmin",
    "PromptTemplateAdmin",
    "ResponseAdmin",
    "RoleAdmin",
    "ServedModelAdmin",
    "TraceAdmin",
    "UsageAdmin",
    "UserLimitsAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
