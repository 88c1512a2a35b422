"""What is kept in PostgreSQL."""

from responses_api.models.access import ApiKey, Credential
from responses_api.models.catalogue import ServedModel
from responses_api.models.conversations import Conversation, ConversationEntry
from responses_api.models.idempotency import IdempotentRequest
from responses_api.models.overlays import LargeOverlay
from responses_api.models.prompts import PromptTemplate, PromptVersion
from responses_api.models.responses import Item, ItemSide, Response, ResponseEvents
from responses_api.models.traces import Outcome, Trace, Usage, UsageSource
from responses_api.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Conversation",
    "ConversationEntry",
    "Credential",
    "IdempotentRequest",
    "Item",
    "ItemSide",
    "LargeOverlay",
    "Outcome",
    "PromptTemplate",
    "PromptVersion",
    "Response",
    "ResponseEvents",
    "ServedModel",
    "Trace",
    "Usage",
    "UsageSource",
    "WebhookDelivery",
    "WebhookEndpoint",
]
