"""The request's ``context_management``: what the gateway may do with a conversation that gets long."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from responses_api.core.text_format import OPTIONS


class CompactionRule(BaseModel):
    """An entry of type ``compaction``: summarise the conversation before it is answered."""

    model_config = OPTIONS
    type: Literal["compaction"]
    compact_threshold: Annotated[int, Field(ge=1000)] | None = None
    """Tokens of input from which on it is done; None: shortly before the model's limit."""
