"""What is kept in PostgreSQL."""

from responses_api.models.access import ApiKey
from responses_api.models.captures import Capture
from responses_api.models.catalogue import ServedModel
from responses_api.models.conversations import Conversation, ConversationEntry
from responses_api.models.credentials import Credential
from responses_api.models.gateways import Gateway
from responses_api.models.idempotency import IdempotentRequest
from responses_api.models.limits import LimitHold, LimitMeter, LimitSpent, UserLimits
from responses_api.models.overlays import LargeOverlay
from responses_api.models.prompts import PromptTemplate, PromptVersion
from responses_api.models.responses import Item, ItemSide, Response, ResponseEvents
from responses_api.models.rollups import Detail, Grain, Rollup
from responses_api.models.traces import Outcome, Trace, TraceKind, Usage, UsageSource
from responses_api.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Capture",
    "Conversation",
    "ConversationEntry",
    "Credential",
    "Detail",
    "Gateway",
    "Grain",
    "IdempotentRequest",
    "Item",
    "ItemSide",
    "LargeOverlay",
    "LimitHold",
    "LimitMeter",
    "LimitSpent",
    "Outcome",
    "PromptTemplate",
    "PromptVersion",
    "Response",
    "ResponseEvents",
    "Rollup",
    "ServedModel",
    "Trace",
    "TraceKind",
    "Usage",
    "UsageSource",
    "UserLimits",
    "WebhookDelivery",
    "WebhookEndpoint",
]
