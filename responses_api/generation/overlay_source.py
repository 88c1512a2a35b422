"""The overlays of one response: its translation, and what each of its upstream calls is answered with."""

from dataclasses import replace
from typing import Any

import msgspec

from responses_api.access.credentials import renewed_ref
from responses_api.core.create_request import CreateRequest
from responses_api.core.generation_events import Remedy
from responses_api.exchanges.exchange import OverlayContent
from responses_api.exchanges.overlays import delete_large_overlay, needs_row, save_large_overlay
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.overlay import Overlay, build_overlay, continued
from responses_api.generation.conversation_loading import Conversation
from responses_api.runtime import database
from responses_api.runtime.identifiers import new_id


class OverlaySource:
    """Makes overlays; ``discard`` drops the rows of those too large for the channel layer.

    Args:
        request: what the client asked for.
        conversation: what the model is to answer.
        profile: the model.
        credential_ref: the upstream account.

    Raises:
        InvalidRequest: the request cannot be translated for this model.
    """

    compact: None = None
    """Its first answer is no summary; see ``CompactingSource``."""

    def __init__(
        self, request: CreateRequest, conversation: Conversation, profile: ModelProfile, credential_ref: str
    ) -> None:
        self._request = request
        self._conversation = conversation
        self._profile = profile
        self._credential_ref = credential_ref
        self._rows: list[str] = []
        self.overlay = self._translate()
        """As it is now; without the signatures once they were refused."""
        self.latest_bytes = 0
        """Size of the body that was sent last."""

    async def first(self) -> OverlayContent:
        """For the first call."""
        return await self._content(self.overlay.body)

    async def further(self, token: str | None, remedy: Remedy | None) -> OverlayContent | None:
        """For one more call: going on with this continuation token, or changed by this remedy.

        None where there is no such remedy: an API key of the upstream, or a token that was set
        by hand, has no newer one.
        """
        if remedy == "refresh_credential":
            renewed = renewed_ref(self._credential_ref)
            if renewed is None:
                return None
            self._credential_ref = renewed
        if remedy == "drop_signatures":
            self.overlay = self._translate(signatures=False)
        body = self.overlay.body
        return await self._content(body if token is None else continued(body, token))

    async def discard(self) -> None:
        """Drop what was kept for interceptors."""
        for row in self._rows:
            await database.run(delete_large_overlay, row)

    def _translate(self, *, signatures: bool = True) -> Overlay:
        conversation = self._conversation
        overlay = build_overlay(
            self._request, conversation.shown, self._profile, conversation.files, signatures=signatures
        )
        return replace(overlay, adaptations=(*conversation.adaptations, *overlay.adaptations))

    async def _content(self, document: dict[str, Any]) -> OverlayContent:
        body = msgspec.json.encode(document)
        self.latest_bytes = len(body)
        row = ""
        if needs_row(body):
            row = new_id("overlay")
            self._rows.append(row)
            await database.run(save_large_overlay, row, body)
            body = b""
        return OverlayContent(self._credential_ref, self.overlay.model, body, row)
