"""Where a response's answer comes from, and the one place that chooses."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from django.conf import settings

from responses_api.core.client_tools import ClientTool
from responses_api.core.create_request import CreateRequest
from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.core.text_only import check_text_only
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.gemini.models import ModelProfile
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.followed_answer import FollowedAnswer
from responses_api.generation.intercepted_answer import InterceptedAnswer
from responses_api.models import UsageSource


class AnswerSource(Protocol):
    """One exchange: what is asked, and the generation events that answer it.

    Begun once, read to its terminal event or stopped, and closed.
    """

    @property
    def usage_source(self) -> UsageSource:
        """Who counts the tokens that its events report."""

    @property
    def adaptations(self) -> tuple[str, ...]:
        """What was dropped or approximated, for people."""

    @property
    def client_tools(self) -> Mapping[str, ClientTool]:
        """The client's tools by the name under which the model calls them."""

    @property
    def upstream_model(self) -> str:
        """The model, as the upstream names it."""

    @property
    def sent_bytes(self) -> int:
        """Size of what was sent last, for estimates."""

    @property
    def cascade_id(self) -> str:
        """The language server's conversation; empty until there is one."""

    @property
    def turns(self) -> int:
        """Model calls so far."""

    @property
    def gate_wait_ms(self) -> float | None:
        """How long the gate was closed, in milliseconds; None without a gate, or before it opens."""

    @property
    def remedies(self) -> list[str]:
        """What was done to get an answer, for people; grows."""

    @property
    def in_flight(self) -> bool:
        """Whether the model may still be writing."""

    async def begin(self, opening: Awaitable[None], capture: Callable[[int], CaptureOrder] | None) -> None:
        """Ask the model, once ``opening``, the writing of the trace, is done.

        Args:
            opening: writes the trace.
            capture: makes the order to keep the content of an upstream call, by its number; None
                where none is kept.

        Raises:
            GatewayError: it could not be asked.
        """

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """What arrived; empty after ``patience`` seconds of silence, or when woken."""

    def hides(self, event: GenerationEvent) -> bool:
        """Whether ``event``, which ``stop`` gave, is not for the response."""

    def wake(self) -> None:
        """Let the present or next ``next_events`` return at once."""

    def fail(self, failure: UpstreamFailed) -> None:
        """End it from our side, with ``failure`` as its last event."""

    async def stop(self, patience: float) -> list[GenerationEvent]:
        """Stop the model; what arrives until then, or until ``patience`` seconds of silence."""

    def abandon(self) -> None:
        """Stop the model and wait for nothing."""

    async def close(self) -> None:
        """Nothing more is wanted."""


def check_servable(request: CreateRequest) -> None:
    """See that ``request`` can be served, whatever was said before; nothing has been loaded yet.

    Raises:
        InvalidRequest: it asks for what the source cannot carry.
    """
    if not settings.INTERCEPTOR_ENABLED:
        check_text_only(request)


def answer_source(
    request: CreateRequest, conversation: Conversation, profile: ModelProfile, credential_ref: str
) -> AnswerSource:
    """The source for a response; nothing has been asked yet.

    Args:
        request: what the client asked for.
        conversation: what the model is to answer.
        profile: the model.
        credential_ref: the upstream account.

    Raises:
        GatewayError: the request cannot be served.
    """
    source = InterceptedAnswer if settings.INTERCEPTOR_ENABLED else FollowedAnswer
    return source(request, conversation, profile, credential_ref)
