"""The model's answer without an interceptor: the real text goes in, and the cascade is followed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from django.conf import settings

from responses_api.access import credentials
from responses_api.core.client_tools import ClientTool
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import AuthenticationFailed, InvalidRequest
from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.core.text_only import as_one_text
from responses_api.exchanges import cascades
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.exchanges.followed_cascade import FollowedCascade
from responses_api.exchanges.language_server import current_client
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.thinking import BudgetControl
from responses_api.generation.conversation_loading import Conversation
from responses_api.models import UsageSource
from responses_api.runtime.identifiers import new_cascade_id
from responses_api.runtime.tasks import spawn


class FollowedAnswer:
    """One exchange through the language server alone; an ``AnswerSource``.

    Args:
        request: what the client asked for; ``check_text_only`` has let it pass.
        conversation: what the model is to answer.
        profile: the model.
        credential_ref: the upstream account, which has to be the language server's own.

    Raises:
        InvalidRequest: what was said before holds something that text cannot carry.
        AuthenticationFailed: it would have to be made with another account.
    """

    def __init__(
        self, request: CreateRequest, conversation: Conversation, profile: ModelProfile, credential_ref: str
    ) -> None:
        if credential_ref != credentials.LANGUAGE_SERVER:
            raise AuthenticationFailed(
                "This gateway runs without its interceptor: every call is made with the language server's "
                "own account, and the upstream credential of this API key cannot be used.",
                type="authentication_error",
                code="credential_unavailable",
            )
        history = "conversation" if request.conversation is not None else "previous_response_id"
        self._text, left_out = as_one_text(request.instructions, conversation.shown, param=history)
        self._thoughts = request.reasoning is not None and request.reasoning.summary is not None
        self._thinking_budget = thinking_budget(request, profile)
        self._model = language_server_model(profile)
        self._cascade: FollowedCascade | None = None
        self.adaptations = (*conversation.adaptations, *left_out)
        self.usage_source = UsageSource.TRAJECTORY
        self.gate_wait_ms: float | None = None
        self.client_tools: Mapping[str, ClientTool] = {}
        self.upstream_model = profile.upstream_name
        self.remedies: list[str] = []

    @property
    def sent_bytes(self) -> int:
        """Size of what was sent."""
        return len(self._text.encode())

    @property
    def cascade_id(self) -> str:
        """The language server's conversation; empty until there is one."""
        return self._cascade.cascade_id if self._cascade is not None else ""

    @property
    def turns(self) -> int:
        """Model calls so far."""
        return self._cascade.turns if self._cascade is not None else 0

    @property
    def in_flight(self) -> bool:
        """Whether the model may still be writing."""
        return self._cascade is not None and self._cascade.in_flight

    async def begin(self, opening: Awaitable[None], capture: Callable[[int], CaptureOrder] | None) -> None:
        """Start the cascade, follow it, and send the text; there is no upstream call to be captured."""
        client = current_client()
        cascade_id, _ = await asyncio.gather(client.start_cascade(new_cascade_id()), opening)
        self._cascade = FollowedCascade(
            cascade_id, thoughts=self._thoughts, start_patience=settings.GATE_TIMEOUT
        )
        self._cascade.begin()
        spawn(cascades.annotate(cascade_id), name="annotate cascade")
        await client.send_message(cascade_id, self._text, self._model, self._thinking_budget)

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """What arrived; empty after ``patience`` seconds of silence, or when woken."""
        assert self._cascade is not None
        return await self._cascade.next_events(patience)

    def hides(self, event: GenerationEvent) -> bool:
        """Nothing: all that is read is the answer."""
        return False

    def wake(self) -> None:
        """Let the present or next ``next_events`` return at once."""
        if self._cascade is not None:
            self._cascade.wake()

    def fail(self, failure: UpstreamFailed) -> None:
        """End it from our side, with ``failure`` as its last event."""
        if self._cascade is not None:
            self._cascade.fail(failure)

    async def stop(self, patience: float) -> list[GenerationEvent]:
        """Stop the run; what it has brought until then."""
        return await self._cascade.stop(patience) if self._cascade is not None else []

    def abandon(self) -> None:
        """Stop the run and wait for nothing."""
        if self._cascade is not None:
            self._cascade.abandon()

    async def close(self) -> None:
        """Nothing more is wanted."""
        if self._cascade is not None:
            self._cascade.close()


def language_server_model(profile: ModelProfile) -> str:
    """The language server's name of a model.

    Raises:
        InvalidRequest: the settings name some models and not this one.
    """
    names: Mapping[str, str] = settings.LANGUAGE_SERVER_MODELS
    named = profile.language_server_model or names.get(profile.name) or names.get(profile.upstream_name)
    if named:
        return named
    if not names:
        return profile.upstream_name
    raise InvalidRequest(
        f"The language server has no model {profile.name}. It has: {', '.join(sorted(names))}.",
        param="model",
        code="model_not_found",
    )


def thinking_budget(request: CreateRequest, profile: ModelProfile) -> int | None:
    """Tokens that the model may think, where the request says how hard it shall think.

    Raises:
        InvalidRequest: that cannot be said in tokens for this model.
    """
    effort = request.reasoning.effort if request.reasoning is not None else None
    if effort is None:
        return None
    if isinstance(profile.thinking, BudgetControl):
        return profile.thinking.budgets[effort]
    raise InvalidRequest(
        f"This gateway runs without its interceptor and cannot tell {profile.name} how hard to think: "
        "leave 'reasoning.effort' out.",
        param="reasoning.effort",
        code="unsupported_parameter",
    )
