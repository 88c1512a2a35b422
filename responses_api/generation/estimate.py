"""What a response may come to, before it is made: what its caller's limits are asked for."""

from django.conf import settings

from responses_api.access.limits.rules import NANODOLLARS, Amount
from responses_api.core.create_request import CreateRequest
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.token_estimate import estimate_tokens
from responses_api.generation.conversation_loading import Conversation

_TOKENS_PER_FILE = 1_120
"""As ``gemini.token_estimate`` counts a picture; what it cannot see of a remote file is its size."""
_BYTES_PER_FILE_TOKEN = 75


def estimated(request: CreateRequest, profile: ModelProfile, conversation: Conversation) -> Amount:
    """Tokens of input by the length of what is sent, and as many of output as are asked for.

    Where a request sets no limit for its output, ``ASSUMED_OUTPUT_TOKENS`` are expected.
    """
    said = [item.wire for item in conversation.shown]
    files = sum(
        _TOKENS_PER_FILE + len(file.data) // _BYTES_PER_FILE_TOKEN for file in conversation.files.values()
    )
    tokens_in = estimate_tokens([request.instructions, said, request.tools]) + files
    tokens_out = min(request.max_output_tokens or settings.ASSUMED_OUTPUT_TOKENS, profile.output_limit)
    dollars = profile.prices.cost(tokens_in, 0, tokens_out) if profile.prices else 0
    return Amount(tokens_in + tokens_out, int(dollars * NANODOLLARS))
