"""How exchanges ended, as roll-ups count it."""

from responses_api.models import Outcome

COUNTED = (
    Outcome.COMPLETED,
    Outcome.TOOL_CALL,
    Outcome.INCOMPLETE,
    Outcome.UPSTREAM_ERROR,
    Outcome.MITM_TIMEOUT,
    Outcome.TIMEOUT,
    Outcome.CANCELLED,
    Outcome.CLIENT_DISCONNECT,
    Outcome.FAILED,
)
"""The order of the counts in a row. It is stored: add at the end, and rebuild the roll-ups."""

ERRORS = (Outcome.UPSTREAM_ERROR, Outcome.MITM_TIMEOUT, Outcome.TIMEOUT, Outcome.FAILED)
"""Those that count as errors: not what the client ended, nor an answer that was cut short."""
