"""The operator's pages, in Django's admin: keys and accounts to hand out, records to read."""

from django.contrib import admin

from responses_api.admin.access import ApiKeyAdmin, CredentialAdmin
from responses_api.admin.responses import ResponseAdmin
from responses_api.admin.traces import TraceAdmin, UsageAdmin

admin.site.site_header = "Gateway"
admin.site.site_title = "Gateway"
admin.site.index_title = "Operation"

__all__ = ["ApiKeyAdmin", "CredentialAdmin", "ResponseAdmin", "TraceAdmin", "UsageAdmin"]
