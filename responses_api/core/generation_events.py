"""What the model did, in the order in which it did it: the *generation events*.

They are the language between the upstream side (``responses_api.gemini``, which
produces them from wire bytes) and the client side (``core.response_stream``, which
turns them into Responses API stream events). They speak neither dialect: no Gemini
field name and no Responses event name appears here.

Pure values: frozen, comparable, and encodable with msgspec (a tagged union), which is
how they travel over the channel layer. A closed union: ``match`` on it and end with
``assert_never``.

One answer is: any number of deltas, signatures, calls, hosted steps and images, then
exactly one of ``Finished`` and ``UpstreamFailed``, as the last event, with at most one
``UsageReported`` directly before it.

*Hosted* tools are those that the upstream runs itself (search, code). A step of one has a
``part``: what the upstream sent, verbatim and opaque to everybody but the upstream side,
because it has to go back unchanged on the next turn.
"""

from typing import Any, Literal

import msgspec


class _Event(msgspec.Struct, frozen=True, tag=True, tag_field="event", omit_defaults=True):
    """Base of all events; the class name is the tag on the wire."""


class AnswerStarted(_Event, frozen=True):
    """The upstream accepted the request and sent its first chunk."""

    model_version: str | None = None
    """The model that really answers, as the upstream names it."""
    upstream_id: str | None = None
    """The upstream's own id of this answer, for support requests and the trace."""


class AnswerContinued(_Event, frozen=True):
    """A further upstream call goes on exactly where the one before had to stop.

    Takes the place of ``AnswerStarted``: what was being written is still being written.
    """

    model_version: str | None = None
    upstream_id: str | None = None


class ThoughtDelta(_Event, frozen=True):
    """A piece of the model's thought summary. Never empty."""

    text: str


class TokenLogprob(msgspec.Struct, frozen=True, array_like=True):
    """How likely one token of the text was, and what else was likely in its place."""

    token: str
    logprob: float
    """Natural logarithm of the probability."""
    top: tuple[tuple[str, float], ...] = ()
    """Most likely tokens at this place with their log probabilities, best first."""


class TextDelta(_Event, frozen=True):
    """A piece of visible answer text. Never empty."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    """Of the tokens of this piece, where they were asked for and the upstream gave them."""


type PartKind = Literal["text", "thought"]


class PartSigned(_Event, frozen=True):
    """The part whose deltas came just before carries this thought signature.

    Ends that part: what follows is another part even if it is of the same kind.
    """

    signature: str
    empty: PartKind | None = None
    """The kind of the part that carries it, if that one is empty. It is then the end of the
    part before, if that is of the same kind and unsigned, and else a part of its own."""


class ToolCall(_Event, frozen=True):
    """The model wants a function called. Always whole, never a fragment."""

    name: str
    arguments: str
    """JSON text of an object, compact."""
    upstream_call_id: str | None = None
    """The upstream's id of the call; results are matched by it. May repeat between turns."""
    signature: str | None = None


type HostedTool = Literal["web_search", "open_page"]


class HostedToolCalled(_Event, frozen=True):
    """The upstream begins to run a hosted tool: a web search, or the reading of web pages."""

    call: str
    """Names this run within the answer; never empty."""
    tool: HostedTool
    part: dict[str, Any]
    queries: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


class HostedToolAnswered(_Event, frozen=True):
    """That run of a hosted tool is over."""

    call: str
    part: dict[str, Any]
    succeeded: bool = True


class WebSource(msgspec.Struct, frozen=True, omit_defaults=True):
    """A web page that the answer rests on."""

    url: str
    title: str = ""


class Citation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A span of the answer that a source supports."""

    start: int
    """Index of its first character (code point) in the visible text of this answer, all its
    ``TextDelta`` joined."""
    end: int
    """Index after its last character."""
    url: str
    title: str = ""


class Grounded(_Event, frozen=True):
    """What the answer's text rests on. Comes late, normally with the end of the text."""

    queries: tuple[str, ...] = ()
    """Searches that were made; those of ``HostedToolCalled`` may be among them."""
    sources: tuple[WebSource, ...] = ()
    citations: tuple[Citation, ...] = ()


class CodeWritten(_Event, frozen=True):
    """The model wrote a program, which the upstream runs."""

    code: str
    part: dict[str, Any]


class CodeRan(_Event, frozen=True):
    """The program of the last ``CodeWritten`` ended."""

    output: str
    """What it printed, or the error."""
    part: dict[str, Any]
    succeeded: bool = True


class ImageMade(_Event, frozen=True):
    """The model drew a picture."""

    media_type: str
    data: str
    """Base64."""
    signature: str | None = None


class ContextCompacted(_Event, frozen=True):
    """What was said so far is summed up. The gateway's own word: the summary was the model's answer.

    The answer that comes after it, if one does, goes on from the summary.
    """

    encrypted_content: str
    """The summary, sealed."""
    length: int
    """Characters of the summary."""


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


type Remedy = Literal["repeat", "drop_signatures", "refresh_credential"]
"""What another upstream call could do better, as long as the client has been told nothing: the
same once more, the same without thought signatures, which the upstream refused, or the same
with a new access token in place of one that it does not take any more."""

type FinishOutcome = Literal["completed", "max_output_tokens", "content_filter", "failed"]


class Finished(_Event, frozen=True):
    """The model stopped, and said why. Final."""

    outcome: FinishOutcome
    raw_reason: str
    """The upstream's own value, kept for the trace."""
    message: str | None = None
    code: str = "server_error"
    """Responses API error code, read only when ``outcome`` is ``failed``."""
    continuation: str | None = None
    """Token with which the same request, sent again, is answered from here on. Given when the
    model had to stop at the limit of one upstream call; ``outcome`` says what the end means
    for who does not go on."""
    remedy: Remedy | None = None


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
    remedy: Remedy | None = None


type GenerationEvent = (
    AnswerStarted
    | AnswerContinued
    | ThoughtDelta
    | TextDelta
    | PartSigned
    | ToolCall
    | HostedToolCalled
    | HostedToolAnswered
    | Grounded
    | CodeWritten
    | CodeRan
    | ImageMade
    | ContextCompacted
    | PartIgnored
    | UsageReported
    | Finished
    | UpstreamFailed
)
