"""What the upstream told about one response, beside what the client is shown.

Kept for the next turn (signatures, call ids, hosted steps), for the bill (usage) and for
the trace (everything that found no place in the response).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from responses_api.core.conversation import ConversationItem, UpstreamFacts, WireItem
from responses_api.core.generation_events import AnswerContinued, AnswerStarted, ToolCall, UsageReported
from responses_api.core.token_usage import total_usage


class UpstreamRecord:
    """The record of one exchange, which holds one answer, or more after follow-up calls.

    Attributes:
        items: Finished items in order, with what the upstream attached to each.
        model_version: The model that answers, as the upstream names it; None if it does not.
        upstream_id: The upstream's id of its latest answer.
        dropped: Calls beyond what the request allowed.
        ignored_parts: Upstream names of what had no place in the response.
    """

    def __init__(self, response_id: str, asked_model: str | None = None) -> None:
        """Begin.

        Args:
            response_id: Of the response.
            asked_model: The upstream's name of the model that the request is for.
        """
        self._response_id = response_id
        self._asked_model = asked_model
        self._answer = 0
        self._usage_by_answer: dict[int, UsageReported] = {}
        self._unanswered: dict[str, int] = {}
        self.items: list[ConversationItem] = []
        self.model_version: str | None = None
        self.upstream_id: str | None = None
        self.dropped: list[ToolCall] = []
        self.ignored_parts: list[str] = []

    def begin_answer(self, event: AnswerStarted | AnswerContinued) -> None:
        """Another answer begins; what it does not name stays known from the one before."""
        self._answer += 1
        self._unanswered.clear()
        self.model_version = event.model_version or self.model_version
        self.upstream_id = event.upstream_id or self.upstream_id

    @property
    def signing_model(self) -> str | None:
        """The model that signs what comes now: the one that answers, or was asked if that is not said."""
        return self.model_version or self._asked_model

    def report_usage(self, usage: UsageReported) -> None:
        """Take the answer's latest counts, which replace its earlier ones."""
        self._usage_by_answer[self._answer] = usage

    @property
    def usage(self) -> UsageReported | None:
        """Tokens of all answers so far; None until one was reported."""
        return total_usage(list(self._usage_by_answer.values()))

    def keep(
        self,
        wire: WireItem,
        signature: str | None = None,
        call_id: str | None = None,
        parts: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Append a finished item. ``call_id`` is the upstream's own."""
        facts = UpstreamFacts(signature, call_id, self.signing_model, tuple(parts))
        self.items.append(ConversationItem(wire, self._response_id, facts))

    def await_answer(self, run: str) -> None:
        """The last item shows a hosted step whose answer has not come; it may still come late."""
        self._unanswered[run] = len(self.items) - 1

    def keep_late_answer(self, run: str, part: Mapping[str, Any]) -> str | None:
        """Add the answer to a hosted step that is over for the client.

        Returns:
            The id of its item; None if no step of this answer waits for it.
        """
        index = self._unanswered.pop(run, None)
        if index is None:
            return None
        item = self.items[index]
        facts = item.upstream or UpstreamFacts()
        self.items[index] = replace(item, upstream=replace(facts, parts=(*facts.parts, part)))
        item_id: str = item.wire["id"]
        return item_id

    def keep_empty(self, signature: str) -> None:
        """Append a signed empty part: an assistant message without content, which is in no output."""
        self.keep({"type": "message", "role": "assistant", "content": []}, signature)
