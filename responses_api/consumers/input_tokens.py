"""``POST /v1/responses/input_tokens``: how many tokens of input a request would have."""

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.access.limits.rules import Amount, only_requests
from responses_api.catalogue import current_catalogue
from responses_api.consumers.client_requests import adaptation_headers, allow_only_post, decoded
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.create_request import CreateRequest
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.generation.conversation_loading import load_conversation
from responses_api.generation.requests import understand
from responses_api.generation.token_counts import count_tokens

_NOT_OF_A_RESPONSE = frozenset({"personality"})


class InputTokensConsumer(OwnedTaskConsumer):
    """Counts what the same body would send upstream as a request for a response."""

    async def respond(self, body: bytes) -> None:
        """Authenticate, validate, translate, have it counted."""
        allow_only_post(self.scope["method"], "/v1/responses/input_tokens")
        caller = await self.authenticate()
        document = decoded(body)
        if isinstance(document, dict):
            document = {name: value for name, value in document.items() if name not in _NOT_OF_A_RESPONSE}
        request = await understand(caller, document)
        self.admission = Admission(only_requests(caller.allowances), self.marks.request_id)
        await self.admission.reserve(Amount())
        overlay = await _overlay(request, caller)
        tokens = await count_tokens(overlay, caller.credential_ref)
        answer = {"object": "response.input_tokens", "input_tokens": tokens}
        await self.send_json(200, answer, adaptation_headers(overlay.adaptations))


async def _overlay(request: CreateRequest, caller: Caller) -> Overlay:
    profile = (await current_catalogue()).restricted_to(caller.models).resolve(request.model)
    conversation = await load_conversation(caller.owner_id, request)
    return build_overlay(request, conversation.shown, profile, conversation.files)
