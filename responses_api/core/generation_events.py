"""What the model did, in the order in which it did it: the *generation events*.

They are the language between the upstream side (``responses_api.gemini``, which
produces them from wire bytes) and the client side (``core.response_stream``, which
turns them into Responses API stream events). They speak neither dialect: no Gemini
field name and no Responses event name appears here.

Pure values: frozen, comparable, and encodable with msgspec (a tagged union), which is
how they travel over the channel layer. A closed union: ``match`` on it and end with
``assert_never``.

One answer is: any number of deltas, signatures and tool calls, then exactly one of
``Finished`` and ``UpstreamFailed``, as the last event, with at most one
``UsageReported`` directly before it.
"""

from typing import Literal

import msgspec


class _Event(msgspec.Struct, frozen=True, tag=True, tag_field="event", omit_defaults=True):
    """Base of all events; the class name is the tag on the wire."""


class AnswerStarted(_Event, frozen=True):
    """The upstream accepted the request and sent its first chunk."""

    model_version: str | None = None
    """The model that really answers, as the upstream names it."""
    upstream_id: str | None = None
    """The upstream's own id of this answer, for support requests and the trace."""


class ThoughtDelta(_Event, frozen=True):
    """A piece of the model's thought summary. Never empty."""

    text: str


class TextDelta(_Event, frozen=True):
    """A piece of visible answer text. Never empty."""

    text: str


class PartSigned(_Event, frozen=True):
    """The part whose deltas came just before carries this thought signature.

    Ends that part: what follows is another part even if it is of the same kind.
    With no delta before it, it is the signature of an empty text part.
    """

    signature: str


class ToolCall(_Event, frozen=True):
    """The model wants a function called. Always whole, never a fragment."""

    name: str
    arguments: str
    """JSON text of an object, compact."""
    upstream_call_id: str | None = None
    """The upstream's id of the call; results are matched by it. May repeat between turns."""
    signature: str | None = None


class PartIgnored(_Event, frozen=True):
    """The model produced something that has no place in the response yet."""

    kind: str
    """The upstream's name of it, for the trace."""


class UsageReported(_Event, frozen=True):
    """Token counts of this answer as the upstream counts them. Cumulative: replaces earlier counts."""

    input_tokens: int = 0
    """All input, cached and tool-use tokens included."""
    cached_tokens: int = 0
    """Part of ``input_tokens``."""
    output_tokens: int = 0
    """All output, reasoning included."""
    reasoning_tokens: int = 0
    """Part of ``output_tokens``."""


type FinishOutcome = Literal["completed", "max_output_tokens", "content_filter", "failed"]


class Finished(_Event, frozen=True):
    """The model stopped, and said why. Final."""

    outcome: FinishOutcome
    raw_reason: str
    """The upstream's own value, kept for the trace."""
    message: str | None = None
    code: str = "server_error"
    """Responses API error code, read only when ``outcome`` is ``failed``."""


class UpstreamFailed(_Event, frozen=True):
    """The upstream refused, broke off or talked nonsense. Final.

    Already in the Responses API's terms (``gemini.errors`` translates), so that nobody
    downstream needs to know the upstream's vocabulary.
    """

    http_status: int
    """Status of the answer to the client, as far as its headers have not been sent."""
    type: str
    code: str
    message: str
    param: str | None = None
    retry_after: float | None = None
    """Seconds."""
    upstream_status: str = ""
    """The upstream's canonical status or our name of the fault, for the trace."""


type GenerationEvent = (
    AnswerStarted
    | ThoughtDelta
    | TextDelta
    | PartSigned
    | ToolCall
    | PartIgnored
    | UsageReported
    | Finished
    | UpstreamFailed
)
