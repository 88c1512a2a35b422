"""What the chunks of one answer say, in generation events. Pure.

The middle of the path from bytes to events: chunks in, events out, and at the end what only
the whole answer can tell: its sources, its token counts, and whether it is complete.
"""

from collections.abc import Sequence

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartIgnored,
    UpstreamFailed,
)
from responses_api.gemini.answer_parts import PartReader
from responses_api.gemini.attachments import decode_grounding, decode_logprobs, decode_url_context
from responses_api.gemini.chunks import Candidate, Chunk, Content, Part, UsageMetadata, decode_part
from responses_api.gemini.early_signatures import EarlySignatures, signs_beginnings
from responses_api.gemini.errors import STREAM_ENDED_EARLY, protocol_failure
from responses_api.gemini.finish import finished, finished_empty
from responses_api.gemini.grounding import GroundingNotes, PartKind, WrittenParts
from responses_api.gemini.logprobs import LogprobWalk, Tokens
from responses_api.gemini.usage import usage_reported

_ENDED_EARLY = "The upstream's answer ended before the model said that it was done."


class Answer:
    """One answer, chunk by chunk."""

    def __init__(self) -> None:
        self._started = False
        self._parts = PartReader()
        self._early_signatures: EarlySignatures | None = None
        self._written = WrittenParts()
        self._has_content = False
        self._ignored: list[str] = []
        self._logprobs: LogprobWalk | None = None
        self._grounding = GroundingNotes()
        self._usage: UsageMetadata | None = None
        self._finish: Candidate | None = None
        self._continuation: str | None = None

    def chunk(self, chunk: Chunk) -> list[GenerationEvent]:
        """The events of one chunk, in order.

        Raises:
            UnreadableChunk: a part of it is not of the protocol's shape.
        """
        events: list[GenerationEvent] = []
        if not self._started:
            self._started = True
            if signs_beginnings(chunk.model_version):
                self._early_signatures = EarlySignatures()
            events.append(AnswerStarted(model_version=chunk.model_version, upstream_id=chunk.response_id))
        if chunk.usage_metadata is not None:
            self._usage = chunk.usage_metadata
        candidate = chunk.candidate()
        if candidate is not None:
            events += self._candidate(candidate)
        return events

    def usage_events(self) -> list[GenerationEvent]:
        """The last running total, if there was one."""
        return [] if self._usage is None else [usage_reported(self._usage)]

    def closing_events(self) -> list[GenerationEvent]:
        """What comes directly before the terminal event: what is held back, the sources, the usage."""
        held = [] if self._early_signatures is None else self._early_signatures.release()
        grounded = self._grounding.grounded(self._written)
        return [*held, *([] if grounded is None else [grounded]), *self.usage_events()]

    def ending(self) -> Finished | UpstreamFailed:
        """What the end of the body means.

        A body without a finish reason is worth another try: the connection was lost, or the
        upstream was.
        """
        if self._finish is None or not self._finish.finish_reason:
            return protocol_failure(STREAM_ENDED_EARLY, _ENDED_EARLY, remedy="repeat")
        reason = self._finish.finish_reason
        terminal = finished(reason, self._finish.finish_message, continuation=self._continuation)
        if terminal.outcome == "completed" and not self._has_content:
            return finished_empty(reason, self._ignored)
        return terminal

    def _candidate(self, candidate: Candidate) -> list[GenerationEvent]:
        events = [] if candidate.content is None else self._content(candidate, candidate.content)
        if candidate.finish_reason:
            self._finish = candidate
        # A token stands for all that came up to it: going on from one with more behind it would repeat that.
        if candidate.continuation_token or events:
            self._continuation = candidate.continuation_token
        if candidate.grounding_metadata and (metadata := decode_grounding(candidate.grounding_metadata)):
            self._grounding.add(metadata)
        if candidate.url_context_metadata and (opened := decode_url_context(candidate.url_context_metadata)):
            self._grounding.pages = opened.url_metadata or self._grounding.pages
        return events

    def _content(self, candidate: Candidate, content: Content) -> list[GenerationEvent]:
        parts = [decode_part(raw) for raw in content.parts]
        shares = self._shares(candidate, parts)
        events: list[GenerationEvent] = []
        for place, part in enumerate(parts):
            self._written.add(_kind(part), part.text or "")
            events += self._parts.events(part, content.parts[place], shares[place] if shares else ())
        for event in events:
            if isinstance(event, PartIgnored):
                self._ignored.append(event.kind)
            else:
                self._has_content = True
        return events if self._early_signatures is None else self._early_signatures.settle(events)

    def _shares(self, candidate: Candidate, parts: Sequence[Part]) -> Sequence[Tokens]:
        """The tokens of each part; empty where no log probabilities have come at all."""
        if self._logprobs is None:
            if not candidate.logprobs_result:
                return ()
            self._logprobs = LogprobWalk()
        pieces = [(_kind(part) == "text", part.text or "") for part in parts if _kind(part) != "other"]
        shares = iter(self._logprobs.share(decode_logprobs(candidate.logprobs_result), pieces))
        return [next(shares) if _kind(part) != "other" else () for part in parts]


def _kind(part: Part) -> PartKind:
    if not part.text or part.function_call is not None:
        return "other"
    return "thought" if part.thought else "text"
