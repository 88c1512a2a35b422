"""The overlays of a response that sums its conversation up: before the answer, or instead of one."""

from dataclasses import replace

from responses_api.core.compaction import CompactionPlan, SealedSummary, compacted
from responses_api.core.create_request import CreateRequest
from responses_api.core.generation_events import ContextCompacted, Remedy
from responses_api.exchanges.exchange import OverlayContent
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.overlay import Overlay
from responses_api.generation.compaction import summarising
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.overlay_source import OverlaySource
from responses_api.seals import compaction_seal

type AnyOverlaySource = OverlaySource | CompactingSource


def overlay_source(
    request: CreateRequest, conversation: Conversation, profile: ModelProfile, credential_ref: str
) -> AnyOverlaySource:
    """The source for a response; the arguments are those of ``OverlaySource``.

    Raises:
        InvalidRequest: the request cannot be translated for this model.
    """
    if conversation.compaction is None:
        return OverlaySource(request, conversation, profile, credential_ref)
    return CompactingSource(request, conversation, profile, credential_ref, conversation.compaction)


class CompactingSource:
    """Like ``OverlaySource``: the first calls are for the summary, those after ``compact`` for the answer."""

    def __init__(
        self,
        request: CreateRequest,
        conversation: Conversation,
        profile: ModelProfile,
        credential_ref: str,
        plan: CompactionPlan,
    ) -> None:
        self._request = request
        self._conversation = conversation
        self._profile = profile
        self._credential_ref = credential_ref
        self._plan = plan
        asked = replace(conversation, shown=plan.items)
        self._summary = OverlaySource(summarising(request), asked, profile, credential_ref)
        # What cannot be answered is to be refused now, and not after the summary.
        self._answer = None if plan.at is None else self._answering(plan.at, "")
        self._current = self._summary

    @property
    def overlay(self) -> Overlay:
        """The answer's; where none follows, that of the summary."""
        return (self._answer or self._summary).overlay

    @property
    def latest_bytes(self) -> int:
        """Size of the body that was sent last."""
        return self._current.latest_bytes

    async def first(self) -> OverlayContent:
        """For the first call."""
        return await self._summary.first()

    async def further(self, token: str | None, remedy: Remedy | None) -> OverlayContent | None:
        """For one more call; see ``OverlaySource.further``."""
        return await self._current.further(token, remedy)

    async def compact(self, summary: str) -> tuple[ContextCompacted, OverlayContent | None]:
        """What the client is told of ``summary``, and the answer's first call; None if there is no answer."""
        at = self._plan.at
        # A client that asked for nothing but the summary keeps the user's messages beside it.
        sealed = compaction_seal.seal(SealedSummary(summary, keeps_messages=at is None))
        told = ContextCompacted(sealed, len(summary))
        if at is None:
            return told, None
        self._current = self._answer = self._answering(at, summary)
        return told, await self._current.first()

    async def discard(self) -> None:
        """Drop what was kept for interceptors."""
        await self._summary.discard()
        if self._answer is not None:
            await self._answer.discard()

    def _answering(self, at: int, summary: str) -> OverlaySource:
        shown = compacted(self._conversation.shown, at, SealedSummary(summary))
        conversation = replace(self._conversation, shown=tuple(shown))
        return OverlaySource(self._request, conversation, self._profile, self._credential_ref)
