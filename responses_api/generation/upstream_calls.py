"""The upstream calls that one response takes, as one stream of events.

Mostly it is one call. There are more where the language server calls again after an answer
that was only thoughts, where the model had to stop at the limit of a call and goes on from
there, and where the upstream's refusal may be helped while the client has been told nothing. Where the
conversation is to be summed up first, the first call gets the summary and the next the answer.
A further call is asked for like the first: the marker is said to the language server once
more, and its claim is answered with the overlay of that call.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from enum import Enum

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeWritten,
    ContextCompacted,
    Finished,
    GenerationEvent,
    HostedToolCalled,
    ImageMade,
    PartSigned,
    Remedy,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.exchanges.connect_protocol import LanguageServerFault
from responses_api.exchanges.exchange import Exchange, OverlayContent
from responses_api.generation.outcomes import ONLY_THOUGHTS

logger = logging.getLogger("zg.generation")

FOLLOW_UP_TIMEOUT = 5.0
"""Seconds that a response which only thought waits for the language server's next call."""
MAX_CONTINUATIONS = 32
"""Calls that one answer may go on over: two million tokens at today's limit of one call."""

type Compact = Callable[[str], Awaitable[tuple[ContextCompacted, OverlayContent | None]]]
"""Takes the summary; gives what the client is told of it, and the overlay of the call for the
answer, if there is to be one."""

_ANSWERS = (TextDelta, ToolCall, ImageMade, HostedToolCalled, CodeWritten)
_NO_SUMMARY = Finished("failed", raw_reason="STOP", message="The model wrote no summary. Please try again.")
_NOT_CLAIMED = UpstreamFailed(
    http_status=502,
    type="server_error",
    code="mitm_timeout",
    message="The interceptor saw no request for the answer after the summary in time.",
)
_TOLD = (*_ANSWERS, ThoughtDelta, PartSigned)


class _Standing(Enum):
    """How the call at hand relates to the one before."""

    FIRST = "first"
    CONTINUES = "continues"
    REPEATS = "repeats"


class UpstreamCalls:
    """Reads one exchange to its last word, making further calls on the way.

    Args:
        exchange: Claimed once already.
        say_marker: Makes the language server call again.
        overlay_for: The overlay of a further call: with this continuation token, or changed
            by this remedy; None where the remedy is not to be had.
        gate_timeout: Seconds that a further call may take to be claimed.
        compact: The first answer is a summary for this.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        say_marker: Callable[[], Awaitable[None]],
        overlay_for: Callable[[str | None, Remedy | None], Awaitable[OverlayContent | None]],
        gate_timeout: float,
        compact: Compact | None = None,
    ) -> None:
        self._exchange = exchange
        self._say_marker = say_marker
        self._overlay_for = overlay_for
        self._gate_timeout = gate_timeout
        self._compact = compact
        self._summary: list[str] = []
        self.remedies: list[str] = []
        """What was done to get an answer, for people."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._standing = _Standing.FIRST
        self._told = False
        self._answered = False
        self._thought = False
        self._continuations = 0
        self._remedies: set[Remedy] = set()

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """What arrived, as ``Exchange.next_events``; the terminal event only once no further call helps."""
        deadline = time.monotonic() + patience
        while True:
            arrived = await self._exchange.next_events(max(0.0, deadline - time.monotonic()))
            passed: list[GenerationEvent] = []
            for event in arrived:
                passed += await (self._of_summary(event) if self._compact else self._of_answer(event))
            if passed or not arrived:
                return passed

    def hides(self, event: GenerationEvent) -> bool:
        """Whether ``event``, read past this object, is of a summary and not for the response."""
        return self._compact is not None and not is_silent(event)

    async def _of_answer(self, event: GenerationEvent) -> list[GenerationEvent]:
        """``event`` as the response is to see it; nothing of the end of a call that another one follows."""
        match event:
            case AnswerStarted() if self._standing is _Standing.CONTINUES:
                return [AnswerContinued(event.model_version, event.upstream_id)]
            case Finished() | UpstreamFailed():
                end = await self._at_the_end(event)
                return [] if end is None else [end]
            case _:
                self._told = self._told or isinstance(event, _TOLD)
                self._note(event)
                return [event]

    async def _of_summary(self, event: GenerationEvent) -> list[GenerationEvent]:
        """The summary is collected, and nothing of it passed on; its call counts like any other."""
        match event:
            case AnswerStarted() | UsageReported():
                return await self._of_answer(event)
            case Finished() | UpstreamFailed():
                end = await self._at_the_end(event)
                return [] if end is None else await self._go_on_from_summary(end)
            case TextDelta():
                self._summary.append(event.text)
        self._note(event)
        return []

    def _note(self, event: GenerationEvent) -> None:
        self._answered = self._answered or isinstance(event, _ANSWERS)
        self._thought = self._thought or isinstance(event, ThoughtDelta)

    async def _go_on_from_summary(self, end: GenerationEvent) -> list[GenerationEvent]:
        summary = "".join(self._summary).strip()
        usable = isinstance(end, Finished) and end.outcome in ("completed", "max_output_tokens")
        if self._compact is None or not usable or not summary:
            return [_NO_SUMMARY if usable else end]
        told, overlay = await self._compact(summary)
        self._compact = None
        if overlay is None:
            return [told, Finished("completed", raw_reason="STOP")]
        self._begin_anew()
        return [told] if await self._call_again(overlay) else [told, _NOT_CLAIMED]

    async def _at_the_end(self, event: Finished | UpstreamFailed) -> GenerationEvent | None:
        if isinstance(event, Finished):
            if event.continuation is not None and self._continuations < MAX_CONTINUATIONS:
                self._continuations += 1
                return None if await self._goes_on(event.continuation) else event
            if event.outcome == "completed" and not self._answered:
                return None if self._thought and await self._follow_up_comes() else ONLY_THOUGHTS
        if event.remedy is not None and not self._told and event.remedy not in self._remedies:
            self._remedies.add(event.remedy)
            return None if await self._is_helped(event.remedy) else event
        return event

    async def _goes_on(self, token: str) -> bool:
        self._standing = _Standing.CONTINUES
        overlay = await self._overlay_for(token, None)
        return overlay is not None and await self._call_again(overlay)

    async def _is_helped(self, remedy: Remedy) -> bool:
        overlay = await self._overlay_for(None, remedy)
        if overlay is None:
            return False
        match remedy:
            case "repeat":
                self.remedies.append("the upstream's answer was unusable: it was asked again")
            case "drop_signatures":
                self.remedies.append("the upstream refused a thought signature: it was asked again without")
            case "refresh_credential":
                self.remedies.append(
                    "the upstream refused the access token: it was asked again with a new one"
                )
        self._standing = _Standing.REPEATS
        self._summary.clear()
        return await self._call_again(overlay)

    async def _follow_up_comes(self) -> bool:
        """The model wrote nothing: whether the language server calls again for the rest by itself."""
        self._exchange.expect_call()
        return await self._exchange.wait_for_claim(FOLLOW_UP_TIMEOUT)

    async def _call_again(self, overlay: OverlayContent) -> bool:
        self._exchange.expect_call(overlay)
        try:
            async with asyncio.timeout(self._gate_timeout):
                await self._say_marker()
                return await self._exchange.wait_for_claim(self._gate_timeout)
        except (LanguageServerFault, TimeoutError) as fault:
            logger.warning("a further call was not made: %s", fault)
            return False


def is_silent(event: GenerationEvent) -> bool:
    """Whether an event tells the client nothing."""
    return isinstance(event, AnswerStarted | UsageReported)
