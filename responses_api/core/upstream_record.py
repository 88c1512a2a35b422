"""What the upstream told about one response, beside what the client is shown.

Kept for the next turn (signatures, call ids), for the bill (usage) and for the trace
(everything that found no place in the response).
"""

from dataclasses import replace

from responses_api.core.conversation import ConversationItem, UpstreamFacts, WireItem
from responses_api.core.generation_events import AnswerStarted, ToolCall, UsageReported
from responses_api.core.token_usage import total_usage


class UpstreamRecord:
    """The record of one exchange, which holds one answer, or more after follow-up calls.

    Attributes:
        items: Finished items in order, with what the upstream attached to each.
        model_version: The model that answers, as the upstream names it.
        upstream_id: The upstream's id of its latest answer.
        dropped: Calls beyond what the request allowed.
        ignored_parts: Upstream names of what had no place in the response.
    """

    def __init__(self, response_id: str) -> None:
        self._response_id = response_id
        self._answer = 0
        self._answer_begins_at = 0
        self._usage_by_answer: dict[int, UsageReported] = {}
        self.items: list[ConversationItem] = []
        self.model_version: str | None = None
        self.upstream_id: str | None = None
        self.dropped: list[ToolCall] = []
        self.ignored_parts: list[str] = []

    def begin_answer(self, event: AnswerStarted) -> None:
        """Another answer begins; what it does not name stays known from the one before."""
        self._answer += 1
        self._answer_begins_at = len(self.items)
        self.model_version = event.model_version or self.model_version
        self.upstream_id = event.upstream_id or self.upstream_id

    def report_usage(self, usage: UsageReported) -> None:
        """Take the answer's latest counts, which replace its earlier ones."""
        self._usage_by_answer[self._answer] = usage

    @property
    def usage(self) -> UsageReported | None:
        """Tokens of all answers so far; None until one was reported."""
        return total_usage(list(self._usage_by_answer.values()))

    def keep(self, wire: WireItem, signature: str | None, call_id: str | None) -> None:
        """Append a finished item. ``call_id`` is the upstream's own."""
        facts = UpstreamFacts(signature, call_id, self.model_version)
        self.items.append(ConversationItem(wire, self._response_id, facts))

    def sign_last(self, signature: str) -> None:
        """Keep a signature that came while no item was open.

        It belongs to the last item where that can carry one, and else to an empty text
        part: an assistant message without content, which is in no output. Items of
        earlier answers are out of reach, since a signature fits no part but its own.
        """
        last = self.items[-1] if len(self.items) > self._answer_begins_at else None
        if last is None or not _may_be_signed(last):
            self.keep({"type": "message", "role": "assistant", "content": []}, signature, None)
            return
        self.items[-1] = replace(last, upstream=UpstreamFacts(signature, None, self.model_version))


def _may_be_signed(item: ConversationItem) -> bool:
    signed = item.upstream is not None and item.upstream.signature is not None
    return item.wire["type"] in ("message", "reasoning") and not signed
