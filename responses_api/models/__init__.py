"""What is kept in PostgreSQL."""

from responses_api.models.access import ApiKey, Credential
from responses_api.models.overlays import LargeOverlay
from responses_api.models.responses import Item, ItemSide, Response
from responses_api.models.traces import Outcome, Trace, Usage, UsageSource

__all__ = [
    "ApiKey",
    "Credential",
    "Item",
    "ItemSide",
    "LargeOverlay",
    "Outcome",
    "Response",
    "Trace",
    "Usage",
    "UsageSource",
]
