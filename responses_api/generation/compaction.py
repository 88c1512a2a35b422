"""Makes a conversation fit its model: drops its beginning, or plans a summary in place of it.

Tokens are estimated first; the upstream is asked to count only where the estimate comes near the
limit. Where it does not count, the estimate has to do: whether the request is too long after all
is for the upstream to say.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from responses_api.access.callers import Caller
from responses_api.core.compaction import CompactionPlan, before_last_words, summary_request
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import GatewayError
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.models import Generation, ModelProfile
from responses_api.gemini.overlay import build_overlay
from responses_api.gemini.token_estimate import estimate_tokens
from responses_api.gemini.truncation import without_oldest
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.token_counts import count_tokens

logger = logging.getLogger("zg.compaction")

_WORTH_COUNTING = 0.6
"""Share of a limit from which on an estimate is not trusted."""
_DEFAULT_THRESHOLD = 0.8
"""Share of the model's room from which on a conversation is compacted."""
_MARGIN = 1.1
"""How much more is dropped than has to go."""
_ROUNDS = 5
"""How often more is dropped before what is left is sent as it is."""
_SUMMARY_ROOM = 0.95
"""Share of the model's room that the request for a summary may take."""


async def fitted(
    request: CreateRequest, caller: Caller, profile: ModelProfile, conversation: Conversation
) -> Conversation:
    """``conversation`` as ``request`` wants it kept within the model's limits.

    Args:
        request: its ``truncation``, ``context_management`` and compaction trigger are followed.
        caller: whose upstream account counts the tokens.
        profile: the model.
        conversation: as it was loaded.

    Raises:
        InvalidRequest: it cannot be translated for this model.
    """
    room = input_room(request, profile)
    if request.asks_for_compaction:
        return await _planned(request, caller, profile, conversation, None)
    threshold = _threshold(request, room)
    at = before_last_words(conversation.shown)
    if threshold is not None and _can_be_summed_up(conversation.shown[:at]):
        scale = _Scale(request, caller, profile, conversation.files)
        counted, _ = await scale.weigh(conversation.shown, threshold)
        if counted > threshold:
            return await _planned(request, caller, profile, conversation, at)
    if request.truncation == "auto":
        scale = _Scale(request, caller, profile, conversation.files)
        shown = await _shortened(scale, conversation.shown, room)
        if gone := len(conversation.shown) - len(shown):
            note = f"truncation=auto: {gone} items at the beginning of the conversation are left out"
            return replace(conversation, shown=tuple(shown), adaptations=(note,))
    return conversation


def input_room(request: CreateRequest, profile: ModelProfile) -> int:
    """Tokens of input that the model takes; what one window shares with the output is kept free."""
    if profile.generation is not Generation.G4:
        return profile.context_limit
    output = request.max_output_tokens or profile.output_limit
    return profile.context_limit - min(output, profile.context_limit // 2)


def summarising(request: CreateRequest) -> CreateRequest:
    """The request for a summary of the conversation that ``request`` is about.

    Instructions and tools stay, so that the upstream's cache of the conversation holds; the
    tools may not be called. What shapes the answer is the answer's.
    """
    text = request.text.model_copy(update={"format": None}) if request.text is not None else None
    changes = {
        "text": text,
        "tool_choice": "none",
        "max_output_tokens": None,
        "top_logprobs": None,
        "include": (),
        "stop": (),
        "presence_penalty": None,
        "frequency_penalty": None,
    }
    return request.model_copy(update=changes)


async def _planned(
    request: CreateRequest,
    caller: Caller,
    profile: ModelProfile,
    conversation: Conversation,
    at: int | None,
) -> Conversation:
    """``conversation`` with the plan to sum it up; its oldest items are left out if that does not fit."""
    asking = summarising(request)
    room = int(input_room(asking, profile) * _SUMMARY_ROOM)
    scale = _Scale(asking, caller, profile, conversation.files)
    items = await _shortened(scale, [*conversation.shown, summary_request()], room)
    notes = ["the conversation was summed up before the answer"] if at is not None else []
    if gone := len(conversation.shown) + 1 - len(items):
        notes.append(f"the summary does not know the {gone} oldest items, which do not fit")
    plan = CompactionPlan(tuple(items), at)
    return replace(conversation, compaction=plan, adaptations=tuple(notes))


def _threshold(request: CreateRequest, room: int) -> int | None:
    given = [rule.compact_threshold or int(room * _DEFAULT_THRESHOLD) for rule in request.context_management]
    return min(given, default=None)


def _can_be_summed_up(items: Sequence[ConversationItem]) -> bool:
    """Whether the model said anything there; a single long request gets no shorter by a summary."""
    return any(item.wire["type"] != "message" or item.wire["role"] == "assistant" for item in items)


class _Scale:
    """Weighs what a request would send."""

    def __init__(
        self,
        request: CreateRequest,
        caller: Caller,
        profile: ModelProfile,
        files: Mapping[str, FetchedFile],
    ) -> None:
        self._request = request
        self._caller = caller
        self._profile = profile
        self._files = files

    async def weigh(self, items: Sequence[ConversationItem], limit: int) -> tuple[int, int]:
        """Tokens of the request with ``items``, as precisely as ``limit`` demands; and the estimate.

        Raises:
            InvalidRequest: it cannot be translated.
        """
        overlay = build_overlay(self._request, items, self._profile, self._files)
        estimate = estimate_tokens(overlay.body)
        if estimate <= limit * _WORTH_COUNTING:
            return estimate, estimate
        try:
            return await count_tokens(overlay, self._caller.credential_ref), estimate
        except GatewayError as fault:
            logger.warning("tokens are estimated, the upstream did not count: %s", fault.message)
            return estimate, estimate


async def _shortened(
    scale: _Scale, items: Sequence[ConversationItem], room: int
) -> Sequence[ConversationItem]:
    """``items``, as many of the latest as fit into ``room`` tokens; more where no more can go."""
    for _ in range(_ROUNDS):
        counted, estimate = await scale.weigh(items, room)
        if counted <= room:
            break
        surplus = int((counted - room) * _MARGIN * estimate / max(counted, 1)) + 1
        fewer = without_oldest(items, surplus)
        if len(fewer) == len(items):
            break
        items = fewer
    return items
